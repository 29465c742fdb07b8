"""A report looks at a study: it neither ends the study's run nor holds a search back."""

import dataclasses

import mlflow
import psutil
import pytest

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.system.processes import _owner
from mnist_tradeoff.tracking.study_runs import study_run
from mnist_tradeoff.tracking.tags import OWNER
from tests.studies import CONFIG, DATA

ANOTHER = _owner(psutil.Process().parent() or psutil.Process(1))


@pytest.fixture
def study(store, tmp_path, monkeypatch):  # noqa: ARG001 (where MLflow writes)
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    # Other tests of the same store have a study of the usual name.
    config = dataclasses.replace(CONFIG, study=tmp_path.name)
    made = Study(config, DATA, MNIST, tmp_path)
    with study_run({}, made) as run_id:
        pass
    assert status_of(run_id) == ("FINISHED", None)
    return made


def status_of(run_id: str) -> tuple[str, str | None]:
    run = mlflow.get_run(run_id)
    return run.info.status, run.data.tags.get(OWNER)


def taken_by_another(run_id: str) -> None:
    client = mlflow.MlflowClient()
    client.update_run(run_id, "RUNNING")
    client.set_tag(run_id, OWNER, ANOTHER)


def ended_by_another(run_id: str) -> None:
    client = mlflow.MlflowClient()
    client.set_terminated(run_id, "FINISHED")
    client.delete_tag(run_id, OWNER)


def test_a_finished_study_stays_as_it_ended(study):
    ended = mlflow.get_run(study.parent_run_id).info.end_time
    with study_run({}, study, is_end=False) as run_id:
        assert status_of(run_id)[0] == "RUNNING"
    assert status_of(run_id) == ("FINISHED", None)
    assert mlflow.get_run(run_id).info.end_time == ended


@pytest.mark.parametrize(
    ("before", "meanwhile", "expected"),
    [
        (taken_by_another, None, ("RUNNING", ANOTHER)),
        (taken_by_another, ended_by_another, ("FINISHED", None)),
        (None, taken_by_another, ("RUNNING", ANOTHER)),
    ],
    ids=["goes on", "ends", "begins"],
)
def test_a_search_meanwhile_decides(study, before, meanwhile, expected):
    if before:
        before(study.parent_run_id)
    with study_run({}, study, is_end=False) as run_id:
        if meanwhile:
            meanwhile(run_id)
    assert status_of(run_id) == expected
