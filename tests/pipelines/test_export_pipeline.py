"""Export of a study's finals as its users run it."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from mnist_tradeoff.analysis.trainings import Training, told_apart_by_recipe
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data import sets
from mnist_tradeoff.device import litert, onnx
from mnist_tradeoff.pipelines.export import _architecture
from mnist_tradeoff.system.plain import plural
from mnist_tradeoff.training.backend import keras
from tests.browser import free_port, wait_for
from tests.commands import environment, execute, mlflow_run, runs_in

pytestmark = pytest.mark.slow

EXPORT = [sys.executable, "-m", "experiments.export"]


@pytest.fixture(scope="module")
def exported(finished_search, stripes):
    folder, _ = finished_search
    done = mlflow_run(folder, "tolerance=0.2", f"dataset={stripes}", entry="export")
    assert done.returncode == 0, done.stderr
    return folder, done


def finals(folder) -> list:
    return [run for run in runs_in(folder) if run.data.tags.get("role") == "final"]


def test_every_final_has_its_files_and_costs(exported):
    folder, done = exported
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    for run in finals(folder):
        files = {
            file.path: file.file_size for file in client.list_artifacts(run.info.run_id, "export")
        }
        assert set(files) == {
            *("export/model.tflite", "export/model_int8.tflite", "export/model_int8.h"),
            "export/model.onnx",
        }
        metrics = run.data.metrics
        assert metrics["size_bytes"] == files["export/model.tflite"]
        assert metrics["int8_size_bytes"] == files["export/model_int8.tflite"]
        assert metrics["onnx_size_bytes"] == files["export/model.onnx"]
        assert metrics["onnx_test_accuracy"] == pytest.approx(metrics["test_accuracy"], abs=0.01)
        assert metrics["litert_test_accuracy"] == pytest.approx(metrics["test_accuracy"], abs=0.01)
        assert metrics["latency_us_p5"] <= metrics["latency_us"] <= metrics["latency_us_p95"]
        assert metrics["keras_predict_us"] > metrics["compiled_call_us"] > metrics["latency_us"]
    assert f"{len(finals(folder))}/{len(finals(folder))} " in done.stderr
    for noise in ("XNNPACK", "Saved artifact", "Traceback", "Warning"):
        assert noise not in done.stderr + done.stdout


def test_an_exported_file_scores_what_its_run_says(exported, stripes):
    folder, _ = exported
    test = sets.load(str(stripes)).test
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    run = finals(folder)[0]

    def read(file: str) -> bytes:
        path = client.download_artifacts(run.info.run_id, f"export/{file}", str(folder))
        return Path(path).read_bytes()

    for file, classify, metric in (
        ("model.tflite", litert.classify, "litert_test_accuracy"),
        ("model_int8.tflite", litert.classify, "int8_test_accuracy"),
        ("model.onnx", onnx.classify, "onnx_test_accuracy"),
    ):
        classes = classify(read(file), test.images)
        assert (classes == test.labels).mean() == run.data.metrics[metric]
    array = read("model_int8.h").decode().partition("= {")[2].partition("}")[0]
    assert bytes(int(x, 16) for x in array.split(",") if x.strip()) == read("model_int8.tflite")


def test_the_header_compiles(exported):
    folder, _ = exported
    header = next(folder.rglob("model_int8.h"))
    program = f'#include "{header}"\nint main(void) {{ return model_int8[4] == 0x54 ? 0 : 1; }}\n'
    (folder / "main.c").write_text(program)
    command = ["cc", "-Wall", "-Werror", "-o", folder / "main", folder / "main.c"]
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        pytest.skip("no C compiler")
    assert subprocess.run([folder / "main"], check=False).returncode == 0


def test_tables_and_figures_are_logged(exported):
    folder, done = exported
    parent = [run for run in runs_in(folder) if run.data.tags["role"] == "export"][-1]
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    files = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert files == {"costs.md", "costs.csv", "figures"}
    assert "Exported, float32 / int8" in done.stdout
    own = [line for line in done.stdout.splitlines() if str(folder.parent) not in line]
    assert max(map(len, own)) <= 80
    path = client.download_artifacts(parent.info.run_id, "costs.csv", str(folder))
    assert len(pd.read_csv(path)) == len(finals(folder))


def test_a_study_that_does_not_exist_or_is_of_other_data_is_one_line(finished_search, stripes):
    folder, _ = finished_search
    for arguments, message in (
        (["--study", "none"], "there is no study 'none' here"),
        (["--dataset", "digits"], "is one of 'stripes', not of 'digits'"),
        (["--tolerance", "2"], "tolerance must be 0 to 1, not 2.0"),
    ):
        done = execute(folder, [*EXPORT, "--dataset", str(stripes), *arguments])
        assert done.returncode != 0
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_a_model_that_is_named_with_its_recipe_is_exported_by_its_architecture():
    trainings = [
        Training("cnn_v1", 0, "r", {}, architecture="16C3-P2-32C3-P2", epochs=epochs)
        for epochs in (1, 3)
    ]
    for one in told_apart_by_recipe(trainings):
        assert one.model == f"cnn_v1, {plural(one.epochs, 'epoch')}"
        architecture = _architecture(one, keras.Sequential(), MNIST)
        assert str(architecture) == one.architecture


def test_one_training_is_exported_by_its_run(exported, stripes):
    folder, _ = exported
    (run, *_) = finals(folder)
    (trial, *_) = [run for run in runs_in(folder) if run.data.tags.get("role") == "trial"]
    command = [*EXPORT, "--tolerance", "1", "--dataset", str(stripes), "--run_id"]
    done = execute(folder, [*command, run.info.run_id])
    assert done.returncode == 0, done.stderr
    assert "1/1 " in done.stderr
    assert "finished before" not in done.stderr  # that was with another tolerance
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("model*.tflite")}
    again = execute(folder, [*command, run.info.run_id])
    assert "seed 0: finished before, and is reused: " in again.stderr
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("model*.tflite")} == before
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    client.delete_run(run.info.run_id)
    done = execute(folder, [*command, run.info.run_id])
    client.restore_run(run.info.run_id)
    assert done.returncode == 1
    assert f"mlflow runs restore --run-id {run.info.run_id}" in done.stderr.splitlines()[-1]
    done = execute(folder, [*command, trial.info.run_id])
    assert done.returncode == 1
    assert "is no suite, no study and no finished training" in done.stderr.splitlines()[-1]


def test_a_damaged_model_fails_its_export_and_not_the_others(exported, stripes):
    folder, _ = exported
    model = sorted(folder.rglob("model.keras"))[0]
    content = model.read_bytes()
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 255  # in the middle of the weights: a wrong checksum
    model.write_bytes(damaged)
    done = execute(folder, [*EXPORT, "--tolerance", "1", "--dataset", str(stripes)])
    model.write_bytes(content)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    count = len(finals(folder))
    assert last.startswith(f"error: 1 of {count} exports failed and are missing in the table (")
    assert "is missing or damaged (" in last
    assert str(folder) not in last
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def champion(exported, stripes):
    """A recommendation in the store of the exported study, and what its command printed."""
    folder, _ = exported
    done = mlflow_run(
        folder, "max_params=15000", "min_accuracy=0.5", f"dataset={stripes}", entry="recommend"
    )
    assert done.returncode == 0, done.stderr
    return folder, done


def registered(folder) -> list[tuple[str, str | None]]:
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db", f"sqlite:///{folder}/mlflow.db")
    versions = client.search_model_versions("name = 'mnist_tradeoff'")
    return [(version.version, version.description) for version in versions]


def test_the_champion_is_registered_with_its_card_and_files(champion):
    folder, done = champion
    ((version, card),) = registered(folder)
    assert card is not None
    assert "take this" in card
    assert "num_params ≤ 15,000, min_accuracy ≥ 0.5" in card
    assert "models:/mnist_tradeoff@champion (version 1)" in done.stdout
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db", f"sqlite:///{folder}/mlflow.db")
    champion = client.get_model_version_by_alias("mnist_tradeoff", "champion")
    assert champion.version == version
    (run,) = [run for run in finals(folder) if run.info.run_id == champion.run_id]
    assert run.data.metrics["num_params"] <= 15_000
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    files = {file.path for file in client.list_artifacts(run.info.run_id, "export")}
    assert {"export/model.tflite", "export/model_int8.h", "export/model_card.md"} <= files


WITHOUT_TENSORFLOW = """
import sys
from pathlib import Path
from tests.factories import arrays_of
from mnist_tradeoff.device.litert import classify
test = arrays_of(Path(sys.argv[2]))
classes = classify(Path(sys.argv[1]).read_bytes(), test.test_images)
assert "tensorflow" not in sys.modules
print((classes == test.test_labels).mean())
"""


def test_a_fresh_process_without_tensorflow_scores_what_the_registry_says(champion, stripes):
    folder, _ = champion
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db", f"sqlite:///{folder}/mlflow.db")
    run_id = client.get_model_version_by_alias("mnist_tradeoff", "champion").run_id
    assert run_id is not None
    metrics = client.get_run(run_id).data.metrics
    for file, metric in (
        ("model.tflite", "litert_test_accuracy"),
        ("model_int8.tflite", "int8_test_accuracy"),
    ):
        path = client.download_artifacts(run_id, f"export/{file}", str(folder))
        command = [sys.executable, "-c", WITHOUT_TENSORFLOW, path, str(stripes)]
        output = subprocess.check_output(command, env=environment(folder), text=True)
        assert float(output) == metrics[metric]


def test_a_budget_that_nothing_meets_is_one_line_and_leaves_the_registry_alone(champion, stripes):
    folder, _ = champion
    before = registered(folder)
    command = [sys.executable, "-m", "experiments.recommend", "--dataset", str(stripes)]
    for budget, message in (
        (["--max_params", "10"], "no model keeps num_params ≤ 10: only num_params is in the way"),
        (["--max_params", "-1"], "max_params must be 0 or more, not -1"),
        (["--min_accuracy", "2"], "min_accuracy must be 0 to 1, not 2.0"),
        (["--study", "none"], "there is no study 'none' here"),
        (["--study", "a'b"], "study must be a name of at most 100 letters"),
    ):
        done = execute(folder, [*command, *budget])
        assert done.returncode != 0
        assert len([line for line in done.stderr.splitlines() if message in line]) == 1
        assert "Traceback" not in done.stderr
    assert registered(folder) == before


@pytest.fixture(scope="module")
def served(champion):
    """Address of MLflow's real model server over the champion."""
    folder, _ = champion
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve"]
    command += ["-m", "models:/mnist_tradeoff@champion", "--env-manager", "local"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**environment(folder), "PYTHONPATH": ""},  # a model needs nothing of this project
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/ping")
            yield f"http://127.0.0.1:{port}/invocations"
        finally:
            os.killpg(server.pid, 15)


def ask(address: str, inputs: Any) -> tuple[int, Any]:
    """Status and answer of a request with these inputs."""
    body = json.dumps({"inputs": inputs}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)["predictions"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["message"]


def test_the_champion_answers_over_http_and_refuses_nonsense_in_one_line(served, stripes):
    test = sets.load(str(stripes)).test
    images = test.images[:50].astype(int)
    for inputs, line in (
        (images / 255, "multiply these by 255"),
        (images / 78 - 0.42, "values must be 0 to 255"),
        (-images, "values must be 0 to 255"),
        (np.full((1, 28, 28), np.nan), "a value is NaN"),
        (images[:, 1:], "the images must be (n, 28, 28), not (50, 27, 28)"),
        (images[0], "put the one image into a list"),
        (np.zeros(100_000), "100,000 images at once: send at most 10,000"),
    ):
        status, answer = ask(served, inputs.tolist())
        assert (status, "\n" in answer) == (400, False)
        assert line in answer
    status, answer = ask(served, images.tolist())
    logits = np.array(answer)
    assert (status, logits.shape) == (200, (50, 10))
    assert (logits.argmax(axis=1) == test.labels[:50]).mean() > 0.4
