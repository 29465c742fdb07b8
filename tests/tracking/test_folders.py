"""A store in a folder of whatever name, and a relative address that means two files."""

import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from mlflow.utils.file_utils import local_file_uri_to_path
from sqlalchemy import make_url

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.tracking.runs import log_contents, tracked_run
from mnist_tradeoff.tracking.sqlite import prepare_files
from mnist_tradeoff.tracking.store import how_to_look, prepare_store, store_folder
from tests.commands import environment
from tests.factories import ROOT
from tests.studies import CONFIG, DATA


# Of the names that need a relative address there is one: MLflow keeps its stores by address.
@pytest.mark.parametrize(
    ("name", "experiment"),
    [
        ("q?x=1&uri=true per%20cent 100%", "mine"),
        ("back\\slash", None),
        ("both'\"quotes", None),
        ("a #;:x$y@z 日本\nb", "mine"),
    ],
)
def test_store_files_and_journal_lie_in_the_folder(tmp_path, monkeypatch, name, experiment):
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.chdir(folder)
    for variable in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "OPTUNA_STORAGE"):
        monkeypatch.delenv(variable, raising=False)
    if experiment:
        monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", experiment)
    prepare_store()
    with tracked_run("run", {}, {}) as run_id:
        log_contents({"a.txt": "found"})
    Study(CONFIG, DATA, MNIST, store_folder())
    pasted = how_to_look(run_id).partition("look at it")[2].replace("mlflow ui", "pwd; printf %s")
    look = subprocess.check_output(["bash", "-c", pasted], cwd=folder, text=True)
    where, uri = look.rsplit("\n--backend-store-uri", 1)
    assert folder.joinpath(make_url(uri).database or "") == Path(where) / "mlflow.db"
    client = mlflow.MlflowClient(uri)
    assert Path(client.download_artifacts(run_id, "a.txt")).read_text() == "found"
    first = local_file_uri_to_path(client.get_experiment("0").artifact_location)
    assert first == f"{folder}/mlruns/0"
    mlflow.set_tracking_uri("")
    assert list(tmp_path.iterdir()) == [folder]
    assert {"mlflow.db", "mlruns", "optuna_journal.log"} <= {one.name for one in folder.iterdir()}
    (file,) = folder.rglob("a.txt")
    assert file.is_relative_to(folder / "mlruns")


def test_a_store_whose_files_mlflow_would_put_elsewhere_is_refused(tmp_path, monkeypatch):
    """As an `mlflow run` in such a folder has made it."""
    folder = tmp_path / "per%20cent"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    uri = "sqlite:///./mlflow.db"
    mlflow.set_tracking_uri(uri)
    mlflow.search_experiments()
    with pytest.raises(ValueError, match=r"into '.*/per cent/mlruns/0', not into '.*/per%20cent'"):
        prepare_files(uri)
    mlflow.set_tracking_uri("")
    assert list(tmp_path.iterdir()) == [folder]


START = (
    "from mnist_tradeoff.system.signals import run_to_exit\n"
    "from mnist_tradeoff.search.storage import open_storage\n"
    "from mnist_tradeoff.tracking.store import prepare_store, store_folder\n"
    "run_to_exit(lambda: (prepare_store(), open_storage(store_folder())))"
)


def launched(here: Path, there: Path, **variables: str) -> str:
    """What a start in a folder writes to stderr, if its launcher stands in another one."""
    command = [sys.executable, "-c", START]
    launch = f"import subprocess; subprocess.run({command!r}, cwd={str(there)!r})"
    changes = {"MLFLOW_RUN_ID": "x", "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-c", launch], cwd=here, env=environment(here, **changes),
        capture_output=True, text=True, check=False,
    ).stderr  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MLFLOW_TRACKING_URI", "sqlite:///my.db"),
        ("MLFLOW_TRACKING_URI", "sqlite+pysqlite:///../b/my.db"),
        ("MLFLOW_TRACKING_URI", "./mlruns"),
        ("OPTUNA_STORAGE", "my.log"),
    ],
)
def test_a_relative_address_from_another_folder_is_one_line_and_no_file(tmp_path, variable, value):
    """The launcher is a process of its own that starts this one in the project's folder."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (line,) = launched(here, there, **{variable: value}).splitlines()
    assert line.startswith(f"error: {variable} names the relative path '")
    assert line.endswith("than where 'mlflow run' was called: make it absolute")
    assert not list(there.iterdir())
    assert not (here / "my.db").exists()


def test_a_relative_address_in_the_same_folder_is_as_good_as_any(tmp_path):
    assert launched(tmp_path, tmp_path, MLFLOW_TRACKING_URI="sqlite:///my.db") == ""
    assert (tmp_path / "my.db").exists()
