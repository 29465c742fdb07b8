"""A store that was damaged after it had been opened."""

import shutil
import sqlite3
from pathlib import Path

import mlflow
import pytest

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.tracking.store import TrackingError
from mnist_tradeoff.tracking.study_runs import study_run
from tests.studies import CONFIG, DATA


def overwrite_table(path: Path, name: str) -> None:
    """Garbage where a table of a database begins."""
    with sqlite3.connect(path) as database:
        find = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = database.execute(find, [name]).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"x" * size)


@pytest.mark.parametrize("is_end", [True, False], ids=["search", "report"])
def test_a_study_whose_run_cannot_be_read_is_one_line(store, tmp_path, monkeypatch, is_end):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    with mlflow.start_run() as made:
        mlflow.log_param("seed", 0)
    study.parent_run_id = made.info.run_id
    path = Path(shutil.copy(store / "mlflow.db", tmp_path))
    overwrite_table(path, "params")
    mlflow.set_tracking_uri(f"sqlite:///{path}")
    with pytest.raises(TrackingError, match=rf"'{path}' is damaged"), study_run({}, study, is_end):
        pass
