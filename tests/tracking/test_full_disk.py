"""A store and a journal on a real file system of a few megabytes that is full."""

import shutil
from dataclasses import replace

import mlflow
import numpy as np
import pytest

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.search.storage import StudyError, study_errors
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.system.processes import this_owner
from mnist_tradeoff.tracking.store import TrackingError, prepare_store, tracking_errors
from mnist_tradeoff.tracking.study_runs import TrialLog, study_run
from tests.services import fill, small_disk
from tests.studies import CONFIG, DATA, run


@pytest.fixture
def disk(store, tmp_path, monkeypatch):
    """A small disk where the test stands, with a store on it."""
    with small_disk(tmp_path, 8):
        shutil.copy(store / "mlflow.db", tmp_path)
        monkeypatch.chdir(tmp_path)
        for name in ("MLFLOW_TRACKING_URI", "OPTUNA_STORAGE"):
            monkeypatch.delenv(name, raising=False)
        prepare_store()
        yield tmp_path
        monkeypatch.chdir(store)


def test_a_full_store_is_one_line_and_is_written_when_there_is_room(disk):
    client = mlflow.MlflowClient()
    before = len(client.search_runs(["0"]))
    ballast = fill(disk)
    message = r"mlflow.db' cannot be written .*: make room on its disk"
    with pytest.raises(TrackingError, match=message), tracking_errors():
        client.create_run("0")
    ballast.unlink()
    client.create_run("0")
    assert len(client.search_runs(["0"])) == before + 1


def test_a_full_journal_is_one_line_and_loses_no_trial(disk):
    study = Study(CONFIG, DATA, MNIST, disk)
    run(study, 2)
    ballast = fill(disk)
    message = r"cannot be used .*No space left on device"
    with pytest.raises(StudyError, match=message), study_errors():
        run(study, 10)
    ballast.unlink()
    again = Study(CONFIG, DATA, MNIST, disk)
    before = [trial.number for trial in again.finished()]
    run(again, 2)
    numbers = [trial.number for trial in again.finished()]
    assert before == numbers[:2] == [0, 1]
    assert len(set(numbers)) == len(numbers) == 4


def test_a_full_store_is_told_once_while_the_trials_go_on(disk, capsys):
    config = replace(CONFIG, study="full_disk")  # the shared store may have others' studies
    study = Study(config, DATA, MNIST, disk)
    with study_run({}, study) as parent_id:
        pass
    images = Split(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8))
    dataset = Dataset("stripes", "1234", "x", MNIST, images, images, images)
    log = TrialLog(parent_id, config, dataset, lambda: study.lock("log"))
    run(study, 2)
    own = [replace(trial, command=this_owner()) for trial in study.finished()]
    ballast = fill(disk)
    for _ in range(3):
        log.away_until = min(log.away_until, 1.0)  # it is asked again at once
        log.write_own(own)
    assert capsys.readouterr().err.count("the trials go on, and are written later") == 1
    ballast.unlink()
    log.write_patiently(study.finished())
    assert sorted(log.run_ids) == [0, 1]
