"""Fixtures: a store that tests share, because its tables take a second to make."""

from pathlib import Path

import mlflow
import pytest

from mnist_tradeoff.tracking.store import prepare_store


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def store(store_folder, monkeypatch):
    """A SQLite store, where the test stands; other tests' runs are in it."""
    monkeypatch.chdir(store_folder)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID"):
        monkeypatch.delenv(name, raising=False)
    prepare_store()
    yield store_folder
    mlflow.set_tracking_uri("")
