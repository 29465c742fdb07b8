"""The main job as its users run it: real processes, real MLflow."""

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import psutil
import pytest

from mnist_tradeoff.data import sets
from tests.commands import environment, hear_ctrl_c, mlflow_run, runs_in, train
from tests.factories import ROOT

pytestmark = pytest.mark.slow

LONG = ("cnn_v2", "200")  # would train for minutes on the small set


@pytest.fixture(scope="module")
def finished(tmp_path_factory, stripes):
    folder = tmp_path_factory.mktemp("finished")
    done = mlflow_run(
        folder, "model=8C3-P2-16C3-P2", "epochs=3", "learning_rate=1e-2", f"dataset={stripes}"
    )
    assert done.returncode == 0, done.stderr
    return folder, done


def test_run_leaves_what_the_contract_names(finished, stripes):
    folder, _ = finished
    (run,) = runs_in(folder)
    assert run.info.status == "FINISHED"
    assert run.data.params == {
        "model": "8C3-P2-16C3-P2",
        "epochs": "3",
        "batch_size": "128",
        "learning_rate": "1e-2",
        "beta_1": "0.7",
        "beta_2": "0.9",
        "seed": "0",
        "precision": "auto",
        "augment": "none",
        "dataset": str(stripes),
        "orientation": "stored",
        "resize": "0",
    }
    assert set(run.data.metrics) == {
        *("num_params", "macs", "peak_activation_bytes", "trainable_params", "train_seconds"),
        *("loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"),
    }
    assert run.data.tags["role"] == "run"
    assert run.data.tags["architecture"] == "8C3-P2-16C3-P2"
    assert run.data.tags["dataset"] == "stripes"
    (dataset_input,) = run.inputs.dataset_inputs
    assert dataset_input.dataset.name == "stripes"
    assert dataset_input.dataset.digest == sets.load(str(stripes)).digest
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    for metric in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert [m.step for m in client.get_metric_history(run.info.run_id, metric)] == [1, 2, 3]
    files = [file.path for file in client.list_artifacts(run.info.run_id)]
    assert files == [
        *("confusion_matrix.json", "confusion_matrix.png", "dataset", "learning_curve.png"),
        *("per_class_accuracy.json", "test_losses.npy", "test_predictions.npy"),
    ]
    shown = {file.path for file in client.list_artifacts(run.info.run_id, "dataset")}
    assert shown == {f"dataset/{name}" for name in ("classes.csv", "classes.png", "summary.json")}
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    table = mlflow.load_table("per_class_accuracy.json", run_ids=[run.info.run_id])
    mlflow.set_tracking_uri("")
    assert table["images"].tolist() == [20] * 10
    assert sum(table["right"]) == pytest.approx(200 * run.data.metrics["test_accuracy"])


def test_summary_has_no_documented_numbers_for_another_set(finished):
    folder, done = finished
    assert "8C3-P2-16C3-P2 on stripes, 200 test images" in done.stdout
    assert "documented" not in done.stdout
    assert runs_in(folder)[0].info.run_id in done.stdout
    assert "epoch 3/3: loss" in done.stderr
    assert "\r" not in done.stderr
    for noise in ("oneDNN", "cuda", "TF-TRT", "alembic", "WARNING", "Warning", "Traceback"):
        assert noise not in done.stderr


SCORE = """
import sys, mlflow
from mnist_tradeoff.data import sets
test = sets.load(sys.argv[2]).test
model = mlflow.pyfunc.load_model(sys.argv[1])
print((model.predict(test.images).argmax(axis=1) == test.labels).mean())
print(model.metadata.signature.to_dict())
"""


def test_logged_model_scores_the_logged_accuracy_in_a_new_process(finished, stripes):
    folder, _ = finished
    (run,) = runs_in(folder)
    command = [sys.executable, "-c", SCORE, f"runs:/{run.info.run_id}/model", str(stripes)]
    output = subprocess.check_output(command, cwd=folder, env=environment(folder), text=True)
    accuracy, signature = output.splitlines()[-2:]  # Keras prints its progress first
    assert float(accuracy) == run.data.metrics["test_accuracy"]
    inputs, outputs = (
        json.loads(ast.literal_eval(signature)[key]) for key in ("inputs", "outputs")
    )
    assert inputs == [{"type": "tensor", "tensor-spec": {"dtype": "uint8", "shape": [-1, 28, 28]}}]
    assert outputs == [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 10]}}]


def test_literal_mlflow_run_through_conda(tmp_path, stripes):
    """`mlflow run .` without a flag calls conda; a shim stands in for making the environment."""
    shims = tmp_path / "bin"
    shims.mkdir()
    (shims / "conda").write_text(
        f'#!/bin/sh\necho "conda $*" >> {tmp_path}/calls\necho \'{{"envs": []}}\'\n'
    )
    (shims / "activate").write_text("")
    for shim in shims.iterdir():
        shim.chmod(0o755)
    path = f"{shims}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = mlflow_run(
        tmp_path, "model=cnn_v1", "epochs=1", f"dataset={stripes}", manager=(), PATH=path
    )
    assert done.returncode == 0, done.stderr
    assert f"--file {ROOT}/conda.yaml" in (tmp_path / "calls").read_text()
    (run,) = runs_in(tmp_path)
    assert (run.data.metrics["num_params"], run.data.metrics["macs"]) == (12_810, 662_912)


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        (["model=lenet"], "error: unknown model 'lenet'"),
        (["color=red"], "error: unrecognized arguments: --color red"),
    ],
)
def test_bad_parameters_fail_the_run_with_one_line(tmp_path, parameters, line):
    done = mlflow_run(tmp_path, *parameters)
    assert done.returncode != 0
    ours = [text for text in done.stderr.splitlines() if "mlflow.projects" not in text]
    assert [text for text in ours if text.startswith(line)], done.stderr
    assert "Traceback" not in done.stderr
    assert [run.info.status for run in runs_in(tmp_path)] == ["FAILED"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--dataset", "."], "error: '{}' has no set of images: it holds"),
        (["--model", "nowhere.py:net"], "error: model: '{}/nowhere.py' is not a file"),
        (
            ["--dataset", "kmnist"],
            "error: kmnist: train-images-idx3-ubyte.gz could not be downloaded",
        ),
        (["--dataset", "medmnist:chestmnist"], "error: medmnist:chestmnist has several labels"),
    ],
)
def test_bad_data_and_bad_files_fail_the_run_with_one_line(tmp_path, stripes, arguments, line):
    nowhere = {"MNIST_TRADEOFF_MIRROR": "http://127.0.0.1:9", "XDG_CACHE_HOME": str(tmp_path)}
    done = train(tmp_path, "--dataset", str(stripes), *arguments, **nowhere)
    assert done.returncode == 1
    assert done.stderr.startswith(line.format(tmp_path))
    assert done.stderr.count("\n") == 1
    assert [run.info.status for run in runs_in(tmp_path)] == ["FAILED"]


def test_divergence_fails_the_run_with_one_line(tmp_path, stripes):
    done = train(tmp_path, "--dataset", str(stripes), "--learning_rate", "1e30")
    assert done.returncode == 1
    assert done.stderr.startswith("error: training diverged in epoch 1")
    assert done.stderr.count("\n") == 1
    (run,) = runs_in(tmp_path)
    assert run.info.status == "FAILED"
    assert "test_accuracy" not in run.data.metrics


def test_batches_that_do_not_fit_into_memory_are_one_line(tmp_path):
    labels = np.arange(60_000, dtype=np.uint8) % 10
    images = np.zeros((60_000, 28, 28), np.uint8)
    path = tmp_path / "black.npz"
    np.savez_compressed(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    model = "512C1-(512C1)x39"
    done = train(tmp_path, "--model", model, "--batch_size", "55000", "--dataset", str(path))
    assert done.returncode == 1, done.stderr
    *warnings, error = done.stderr.splitlines()
    assert error.startswith(f"error: a step of {model} needs 7064.8 GB with batch_size 55000")
    assert all(line.startswith("black: warning: ") for line in warnings), warnings
    assert [run.info.status for run in runs_in(tmp_path)] == ["FAILED"]


def test_digits_demo_cannot_be_missed(tmp_path):
    nowhere = {"HOME": str(tmp_path), "KERAS_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    proxies = {"https_proxy": "http://127.0.0.1:9", "MNIST_TRADEOFF_DATA": ""}
    done = train(tmp_path, "--epochs", "1", **nowhere, **proxies)
    assert done.returncode == 0, done.stderr
    assert "WARNING: THIS IS NOT MNIST" in done.stderr
    assert "cnn_v1" not in done.stdout.splitlines()[0]
    assert "documented" not in done.stdout
    (run,) = runs_in(tmp_path)
    assert run.data.tags["dataset"] == "digits"
    assert run.info.run_name == "cnn_v1 (digits demo, not MNIST)"


@pytest.fixture
def start(tmp_path):
    """Starts a long training and waits until it has logged its first epoch."""
    processes = []

    def start_and_wait(*command: str) -> tuple[subprocess.Popen, psutil.Process]:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment(tmp_path),
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hear_ctrl_c,
        )
        processes.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 1/"):
                return process, trainer_under(process)
        raise AssertionError("no training started")

    yield start_and_wait
    for process in processes:
        process.kill()
        process.communicate()


def trainer_under(process: subprocess.Popen) -> psutil.Process:
    top = psutil.Process(process.pid)
    family = [*top.children(recursive=True)[::-1], top]
    return next(member for member in family if "experiments.train" in member.cmdline())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_marks_the_run_killed(tmp_path, stripes, start, number):
    options = ["--model", LONG[0], "--epochs", LONG[1], "--dataset", str(stripes)]
    process, _ = start(sys.executable, "-m", "experiments.train", *options)
    process.send_signal(number)
    assert process.wait(timeout=30) == 128 + number
    assert [run.info.status for run in runs_in(tmp_path)] == ["KILLED"]


def test_killed_mlflow_run_leaves_nothing_running(tmp_path, stripes, start):
    parameters = [f"model={LONG[0]}", f"epochs={LONG[1]}", f"dataset={stripes}"]
    options = [option for parameter in parameters for option in ("-P", parameter)]
    process, trainer = start("mlflow", "run", str(ROOT), "--env-manager", "local", *options)
    process.kill()
    psutil.wait_procs([trainer], timeout=30)
    assert not trainer.is_running()
    assert [run.info.status for run in runs_in(tmp_path)] == ["KILLED"]


def test_keras_loads_the_artifact_in_safe_mode(finished):
    """No lambda, no pickle: the model is plain Keras."""
    folder, _ = finished
    (path,) = folder.rglob("model.keras")
    from mnist_tradeoff.training.backend import keras

    model = keras.saving.load_model(path, safe_mode=True)
    assert isinstance(model, keras.Model)
    assert model(np.zeros((1, 28, 28), np.uint8)).shape == (1, 10)
    assert json.loads(model.to_json())["config"]["name"] == model.name
