"""A store that was damaged after it had been opened."""

import shutil
import sqlite3

import mlflow
import pytest

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.tracking.store import TrackingError
from mnist_tradeoff.tracking.study_runs import study_run
from tests.studies import CONFIG, DATA


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("is_end", [True, False], ids=["search", "report"])
def test_a_study_whose_run_cannot_be_read_is_one_line(store, tmp_path, monkeypatch, is_end):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    path = shutil.copy(store / "mlflow.db", tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{path}")
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    study.parent_run_id = mlflow.MlflowClient().create_run("0").info.run_id
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET rootpage = 0 WHERE name = 'params'")
    with pytest.raises(TrackingError, match=rf"'{path}' is damaged"), study_run({}, study, is_end):
        pass
