"""The suite as its users run it: real processes, real MLflow, a small set."""

import re
import subprocess
import sys
from dataclasses import replace

import mlflow
import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.data import sets
from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.pipelines.suite import children
from mnist_tradeoff.pipelines.trainings import train_all
from mnist_tradeoff.tracking.models import finals_of
from mnist_tradeoff.tracking.runs import tracked_run
from mnist_tradeoff.tracking.store import TrackingError, prepare_store
from mnist_tradeoff.training.recipe import Recipe, RunConfig
from tests.commands import environment, execute, mlflow_run, runs_in

pytestmark = pytest.mark.slow

FIGURES = (
    "val_accuracy_by_epoch",
    "val_loss_by_epoch",
    "final_accuracy",
    "accuracy_against_cost",
    "bought_by_parameters",
    "bought_by_macs",
)


def of_role(folder, role: str) -> list:
    return [run for run in runs_in(folder) if run.data.tags.get("role") == role]


def results(folder, parent_id: str) -> pd.DataFrame:
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    path = client.download_artifacts(parent_id, "results.csv", str(folder))
    # An interruption may change the clock, and who trained it.
    frame = pd.read_csv(path).query("metric != 'train_seconds'")
    return frame.drop(columns="run_id").reset_index(drop=True)


def test_one_parent_and_a_child_for_each_model_and_seed(finished_suite, stripes):
    folder, _ = finished_suite
    (parent,) = of_role(folder, "suite")
    children = of_role(folder, "reference")
    assert parent.info.status == "FINISHED"
    assert parent.data.params["seeds"] == "2"
    assert {child.info.status for child in children} == {"FINISHED"}
    assert {child.data.tags["mlflow.parentRunId"] for child in children} == {parent.info.run_id}
    assert {(c.data.params["model"], c.data.params["seed"]) for c in children} == {
        (model, seed) for model in REFERENCES for seed in ("0", "1")
    }
    for child in children:
        reference = REFERENCES[child.data.params["model"]]
        assert child.data.tags["architecture"] == str(reference.architecture)
        assert child.data.tags["dataset"] == "stripes"
        assert child.data.metrics["num_params"] == reference.documented_num_params
        assert child.data.params["dataset"] == str(stripes)


def test_parent_has_the_tables_and_the_figures(finished_suite):
    folder, done = finished_suite
    (parent,) = of_role(folder, "suite")
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    files = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert files == {"dataset", "figures", "results.csv", "results.md"}
    own = folder / "mlruns" / "0" / parent.info.run_id / "artifacts"
    for name in FIGURES:
        paths = (own / "figures" / theme / f"{name}.png" for theme in ("", "dark"))
        light, dark = (imread(path)[..., :3] for path in paths)
        assert light.shape == dark.shape
        assert light.shape[1] >= 1_200
        for picture, background in ((light, 1), (dark, 0)):
            drawn = np.any(picture != background, axis=2)
            assert not drawn[0].any()
            assert 0.02 < drawn.mean() < 0.7, name
    assert "Which differences are real" in (own / "results.md").read_text()
    assert all(name in done.stdout for name in REFERENCES)
    own = [line for line in done.stdout.splitlines() if str(folder.parent) not in line]
    assert max(map(len, own)) <= 80
    assert "experiments.search" in done.stdout or "-e search" in done.stdout
    assert parent.data.metrics["trainings"] == 8
    assert {"hv2_test", "best_test_accuracy"} <= set(parent.data.metrics)
    note = parent.data.tags["mlflow.note.content"]
    assert "figures%2Fsmall%2Faccuracy_against_cost.png" in note
    assert parent.info.run_name == "suite"
    frame = results(folder, parent.info.run_id)
    assert set(frame.columns) == {"model", "architecture", "epochs", "seed", "metric", "value"}
    assert set(frame.epochs) == {2}
    assert "test_accuracy" in set(frame.metric)
    assert "documented" not in done.stdout
    assert "8/8 cnn_v2 seed 1: val_accuracy" in done.stderr
    assert "\r" not in done.stderr


def run_suite(folder, stripes, seeds: int, epochs: int):
    size = ["--seeds", str(seeds), "--epochs", str(epochs), "--dataset", str(stripes)]
    return execute(folder, [sys.executable, "-m", "experiments.suite", *size])


def test_its_trainings_are_found_for_an_export(finished_suite, stripes):
    folder, _ = finished_suite
    suite_run = of_role(folder, "suite")[-1]
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    try:
        finals = finals_of("", [suite_run.info.run_id], sets.load(str(stripes)))
        with pytest.raises(TrackingError, match="is one of 'stripes', not of 'digits'"):
            finals_of("", [suite_run.info.run_id], sets.load("digits"))
        with pytest.raises(TrackingError, match="Run with id=none not found"):
            finals_of("", ["none"], sets.load("digits"))
    finally:
        mlflow.set_tracking_uri("")
    assert {(final.model, final.seed) for final in finals} == {
        (model, seed) for model in REFERENCES for seed in (0, 1)
    }


def test_again_trains_nothing_and_says_so(finished_suite, stripes):
    folder, _ = finished_suite
    again = run_suite(folder, stripes, seeds=2, epochs=2)
    assert again.returncode == 0, again.stderr
    assert "8 of 8 trainings were finished before, and are reused" in again.stderr
    assert "seed 0: val_accuracy" not in again.stderr
    assert len(of_role(folder, "reference")) == 8
    second, first = of_role(folder, "suite")
    pd.testing.assert_frame_equal(
        results(folder, second.info.run_id), results(folder, first.info.run_id)
    )


def test_another_setting_is_trained(finished_suite, stripes):
    folder, _ = finished_suite
    done = run_suite(folder, stripes, seeds=1, epochs=1)
    assert done.returncode == 0, done.stderr
    assert "reused" not in done.stderr
    assert len(of_role(folder, "reference")) == 12


def test_a_finished_training_whose_files_are_gone_is_trained_again(finished_suite, stripes):
    folder, _ = finished_suite
    runs = [run for run in of_role(folder, "reference") if run.data.params["epochs"] == "1"]
    gone, damaged, *_ = (folder / "mlruns" / "0" / run.info.run_id for run in runs)
    (gone / "artifacts" / "test_predictions.npy").unlink()
    file = damaged / "artifacts" / "test_predictions.npy"
    file.write_bytes(file.read_bytes()[:50])
    again = run_suite(folder, stripes, seeds=1, epochs=1)
    assert again.returncode == 0, again.stderr
    assert "2 of 4 trainings were finished before" in again.stderr
    assert len(of_role(folder, "reference")) == 14


def test_killed_and_run_again_is_as_if_undisturbed(finished_suite, tmp_path, stripes):
    undisturbed, _ = finished_suite
    command = [sys.executable, "-m", "experiments.suite"]
    command += ["--seeds", "2", "--epochs", "2", "--dataset", str(stripes)]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment(tmp_path), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("3/8"):
            break
    process.kill()
    process.communicate()
    assert "RUNNING" in {run.info.status for run in runs_in(tmp_path)}
    again = execute(tmp_path, command)
    assert again.returncode == 0, again.stderr
    assert re.search(r"^[3-7] of 8 trainings were finished before", again.stderr, re.MULTILINE)
    parents = {run.info.status: run.info.run_id for run in of_role(tmp_path, "suite")}
    assert set(parents) == {"FINISHED", "KILLED"}
    assert {run.info.status for run in runs_in(tmp_path)} == {"FINISHED", "KILLED"}
    finished_children = [
        run for run in of_role(tmp_path, "reference") if run.info.status == "FINISHED"
    ]
    assert len(finished_children) == 8
    assert {run.data.tags["mlflow.parentRunId"] for run in finished_children} == {
        parents["FINISHED"]
    }
    first = of_role(undisturbed, "suite")[-1]
    pd.testing.assert_frame_equal(
        results(tmp_path, parents["FINISHED"]), results(undisturbed, first.info.run_id)
    )


# MLflow's own; elsewhere the suite runs in a process of its own.
@pytest.mark.filterwarnings("default")
def test_a_training_that_fails_does_not_take_the_others_along(tmp_path, stripes, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    prepare_store()
    dataset = sets.load(str(stripes))
    good = RunConfig(model="ann", epochs=1, dataset=str(stripes))
    bad = replace(good, model="simple_cnn", batch_size=551)
    other = replace(good, model="cnn_v1")
    with tracked_run("suite", {}, {"role": "suite"}):
        seeds = [replace(one, seed=seed) for seed in (0, 1) for one in (good, bad)]
        trained, failures = train_all(
            *([*seeds, other], dataset, lambda: None, "reference", ["reference"]), together=2
        )
    mlflow.set_tracking_uri("")
    assert list(trained) == [good, replace(good, seed=1), other], failures
    why = "failed: batch_size must be at most the 550 training images, not 551"
    assert failures == [f"simple_cnn seed {seed} {why}" for seed in (0, 1)]
    found = {
        (run.data.params["model"], run.data.params["seed"]): run
        for run in of_role(tmp_path, "reference")
    }
    assert {key: run.info.status for key, run in found.items()} == {
        **{("ann", seed): "FINISHED" for seed in "01"},
        **{("simple_cnn", seed): "FAILED" for seed in "01"},
        ("cnn_v1", "0"): "FINISHED",
    }
    together = {key: run.data.tags.get("trained_together") for key, run in found.items()}
    assert {key for key, count in together.items() if count == "2"} == {("ann", "0"), ("ann", "1")}
    assert trained[good].metrics["test_accuracy"] > 0.5


def test_suite_whose_trainings_fail_ends_non_zero_and_names_them(tmp_path, stripes):
    done = mlflow_run(tmp_path, "seeds=1", "batch_size=551", f"dataset={stripes}", entry="suite")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert lines[0].startswith("error: 4 of 4 trainings failed")
    assert "cnn_v2 seed 0 failed: batch_size must be at most" in lines[0]
    assert "Traceback" not in done.stderr
    assert {run.info.status for run in runs_in(tmp_path)} == {"FAILED"}


def test_plan_has_every_reference_with_every_seed():
    plan = children(
        Recipe(epochs=4), list(REFERENCES), seeds=3, source=DataConfig(dataset="digits")
    )
    assert [(c.model, c.seed) for c in plan][:5] == [*((m, 0) for m in REFERENCES), ("ann", 1)]
    assert len(plan) == 12
    assert {(c.epochs, c.dataset) for c in plan} == {(4, "digits")}
