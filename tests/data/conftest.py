"""Fixtures of the tests of images."""

import pytest

from tests.data.mirror import serving


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No variable, empty caches, and a mirror that refuses the connection."""
    monkeypatch.delenv("MNIST_TRADEOFF_DATA", raising=False)
    monkeypatch.setenv("MNIST_TRADEOFF_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def mirror(nowhere, monkeypatch):
    """A server that the downloads of this test go to, over an empty folder."""
    with serving(nowhere / "published") as found:
        monkeypatch.setenv("MNIST_TRADEOFF_MIRROR", found.address)
        yield found
