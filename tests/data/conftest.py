"""Fixtures of the tests of images."""

import pytest

from mnist_tradeoff.data import download


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No variable, empty caches, and mirrors that refuse the connection."""
    monkeypatch.delenv("MNIST_TRADEOFF_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/", "http://127.0.0.1:9/b/"))
    return tmp_path
