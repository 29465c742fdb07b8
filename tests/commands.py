"""Entry points as their users run them: real processes on a store in a folder of the test."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import mlflow
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from tests.factories import ROOT

SEARCH = [sys.executable, "-m", "experiments.search"]
SIZE = ("--trials", "5", "--epochs", "3", "--seeds", "1")


def environment(folder: Path, **changes: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    store = f"sqlite:///{folder}/mlflow.db"
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": store, **changes}


def execute(folder: Path, command: list[str], **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(folder, **changes),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def train(folder: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return execute(folder, [sys.executable, "-m", "experiments.train", *arguments], **changes)


def mlflow_run(
    folder: Path,
    *parameters: str,
    entry: str = "main",
    manager=("--env-manager", "local"),
    **changes: str,
):
    options = [option for parameter in parameters for option in ("-P", parameter)]
    return execute(folder, ["mlflow", "run", str(ROOT), "-e", entry, *manager, *options], **changes)


def runs_in(folder: Path) -> list:
    return list(mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db").search_runs(["0"]))


def hear_ctrl_c() -> None:
    """A shell that starts the tests in the background has told them to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def search(folder, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return execute(folder, [*SEARCH, *arguments], **changes)


def of_role(folder, role: str) -> list:
    return [run for run in runs_in(folder) if run.data.tags.get("role") == role]


def trials_of(folder, study: str = "widths") -> list[optuna.trial.FrozenTrial]:
    storage = JournalStorage(JournalFileBackend(f"{folder}/optuna_journal.log"))
    return optuna.load_study(study_name=study, storage=storage).get_trials(deepcopy=False)


def start(folder, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*SEARCH, *arguments],
        cwd=folder,
        env=environment(folder),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,
        start_new_session=True,
    )


def wait_for_line(process: subprocess.Popen[str], beginning: str) -> None:
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if line.startswith(beginning):
            return
    raise AssertionError("".join(seen))
