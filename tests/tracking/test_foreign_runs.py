"""Runs of other programs on a shared store: skipped, never closed, deleted or taken for ours."""

import time
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import mlflow
import numpy as np
import pytest

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.system.processes import SILENCE_SECONDS, this_host
from mnist_tradeoff.tracking.runs import tracked_run
from mnist_tradeoff.tracking.store import TrackingError, prepare_store
from mnist_tradeoff.tracking.study_runs import TrialLog, find_run, study_run
from mnist_tradeoff.tracking.tags import PARENT_TAG, role_of
from mnist_tradeoff.tracking.trainings import finished_trainings, training_of
from tests.studies import CONFIG, DATA, run

DEAD = f"{this_host()}/1/1"
OURS_BEFORE = dict.fromkeys(("git_dirty", "cpu", "threads", "python", "tensorflow"), "x")


def foreign(tags: dict[str, str], status: str | None = None) -> str:
    client = mlflow.MlflowClient()
    run_id = client.create_run("0", tags=tags).info.run_id
    if status:
        client.set_terminated(run_id, status)
    return run_id


def trial_log(parent_id: str, study: Study) -> TrialLog:
    images = Split(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8))
    dataset = Dataset("stripes", "1234", "x", MNIST, images, images, images)
    return TrialLog(parent_id, study.config, dataset, lambda: study.lock("log"))


def status_of(run_id: str) -> str:
    return mlflow.get_run(run_id).info.status


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "tags",
    [
        {"owner": "zz/1/2", "last_alive": "x"},
        {"owner": "zz/1/2", "last_alive": "1"},
        {"owner": "a/b/c/d", "last_alive": "nan"},
        {"owner": DEAD},
        {"owner": DEAD, "role": "run"},
        {"mnist_tradeoff.owner": "//", "mnist_tradeoff.last_alive": "x"},
        {"mnist_tradeoff.role": "run", "mnist_tradeoff.owner": "z/1/2"},
    ],
)
def test_a_foreign_run_is_never_closed_and_stops_nobody(tags):
    run_id = foreign(tags)
    prepare_store()
    assert status_of(run_id) == "RUNNING"


@pytest.mark.usefixtures("store")
def test_what_the_dead_have_left_is_closed_by_the_older_names_too():
    now = f"{time.time():.0f}"
    dead = [
        {"owner": DEAD, "role": "run", **OURS_BEFORE},
        {"owner": "elsewhere/1/2", "last_alive": "1", "role": "run", **OURS_BEFORE},
        {"mnist_tradeoff.owner": DEAD, "mnist_tradeoff.role": "run"},
    ]
    alive = {"owner": "elsewhere/1/2", "last_alive": now, "role": "run", **OURS_BEFORE}
    closed, left = [foreign(tags) for tags in dead], foreign(alive)
    assert prepare_store() == len(closed)
    assert [status_of(run_id) for run_id in closed] == ["KILLED"] * len(closed)
    assert status_of(left) == "RUNNING"
    mlflow.MlflowClient().set_tag(left, "last_alive", str(time.time() - SILENCE_SECONDS - 9))
    assert prepare_store() == 1


@pytest.mark.usefixtures("store")
def test_a_foreign_run_does_not_shadow_a_study():
    with tracked_run("mine", {}, {"role": "study", "study": "mine"}) as run_id:
        pass
    foreign({"role": "study", "study": "mine"}, "FINISHED")
    found = find_run("study", "mine")
    assert found is not None
    assert found.info.run_id == run_id
    foreign({"role": "trial", "study": "new"})
    assert find_run("trial", "new") is None
    older = foreign({"role": "study", "study": "older", **OURS_BEFORE})
    found = find_run("study", "older")
    assert found is not None
    assert (found.info.run_id, role_of(found)) == (older, "study")


@pytest.mark.usefixtures("store")
def test_foreign_children_of_a_study_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    run(study, 1)
    with study_run({}, study) as parent_id:
        child = {PARENT_TAG: parent_id, "role": "trial", "study": "s"}
        children = [
            foreign(child),
            foreign({**child, "trial_number": "0"}),  # still RUNNING
            foreign({**child, "trial_number": "x", "mnist_tradeoff.role": "trial"}, "FINISHED"),
        ]
        trial_log(parent_id, study).write(study.finished())
        log = trial_log(parent_id, study)
    stages = [mlflow.get_run(run_id).info.lifecycle_stage for run_id in children]
    assert stages == ["active"] * 3
    assert set(log.run_ids) == {0}
    assert mlflow.get_run(log.run_ids[0]).data.tags["code_version"] == study.code


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("call", ["create_run", "log_batch", "set_terminated"])
def test_ctrl_c_after_any_write_leaves_no_half_of_a_trial(call, tmp_path, monkeypatch):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    study = Study(replace(CONFIG, study=call), DATA, MNIST, tmp_path)
    run(study, 1)
    with study_run({}, study) as parent_id:
        log = trial_log(parent_id, study)
        write = getattr(log.client, call)

        def interrupted(*args, **kwargs):
            write(*args, **kwargs)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(log.client, call, interrupted)
            with pytest.raises(KeyboardInterrupt):
                log.write(study.finished())
        found = mlflow.MlflowClient().search_runs(["0"], f"tags.study = '{call}'")
        trials = [one for one in found if role_of(one) == "trial"]
        assert [one.info.status for one in trials] == ["FINISHED"] * (call == "set_terminated")
        log.write(study.finished())
    assert status_of(log.run_ids[0]) == "FINISHED"


def repeated(write, arguments, _):
    """As by MLflow's client, when the answer to a request was lost."""
    write(*arguments[0], **arguments[1])


def overtaken(_, __, write_other):
    """As by another command, when the database restarts and forgets who had the lock."""
    write_other()


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("meanwhile", [repeated, overtaken])
def test_a_trial_is_one_run_whatever_happens_while_it_is_written(meanwhile, tmp_path, monkeypatch):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    study = Study(replace(CONFIG, study=meanwhile.__name__), DATA, MNIST, tmp_path)
    run(study, 1)
    with study_run({}, study) as parent_id:
        log, other = (trial_log(parent_id, study) for _ in range(2))
        other.lock = nullcontext
        write_other = partial(other.write, study.finished())
        create = log.client.create_run

        def disturbed(*args, **kwargs):
            meanwhile(create, (args, kwargs), write_other)
            return create(*args, **kwargs)

        monkeypatch.setattr(log.client, "create_run", disturbed)
        log.write(study.finished())
    (child,) = log.client.search_runs(["0"], f"tags.`{PARENT_TAG}` = '{parent_id}'")
    assert (child.info.run_id, child.info.status) == (log.run_ids[0], "FINISHED")


@pytest.mark.usefixtures("store")
def test_a_foreign_run_with_a_fingerprint_is_no_training():
    run_id = foreign({"fingerprint": "f"}, "FINISHED")
    with tracked_run("suite", {}, {"role": "suite"}):
        assert finished_trainings(["reference"], ["f"]) == {}
    with pytest.raises(TrackingError, match=f"run {run_id} is no training of this project"):
        training_of(mlflow.get_run(run_id))
