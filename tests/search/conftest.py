"""Fixtures: a folder, and with it each kind of storage that a study may be in."""

import pytest


@pytest.fixture(params=["journal", "sqlite", "postgresql"])
def folder(request, tmp_path, monkeypatch):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    if request.param == "sqlite":
        monkeypatch.setenv("OPTUNA_STORAGE", f"sqlite:///{tmp_path}/optuna.db")
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        monkeypatch.setenv("OPTUNA_STORAGE", server.create())
    return tmp_path
