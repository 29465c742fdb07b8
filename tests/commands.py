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
from tests.preloaded import Command

SEARCH = [sys.executable, "-m", "experiments.search"]
# What an interpreter reads when it starts is not among them.
READ_LATER = {"OPTUNA_STORAGE", "MLFLOW_EXPERIMENT_NAME"}
SIZE = ("--trials", "5", "--epochs", "3", "--seeds", "1")


def environment(folder: Path, **changes: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    store = f"sqlite:///{folder}/mlflow.db"
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": store, **changes}


def execute(folder: Path, command: list[str], **changes: str) -> subprocess.CompletedProcess[str]:
    python, *arguments = command
    if (python, arguments[0]) == (sys.executable, "-m") and changes.keys() <= READ_LATER:
        running = Command(arguments[1:], folder, environment(folder, **changes))
        out, errors = running.communicate(timeout=300)
        return subprocess.CompletedProcess(command, running.wait(), out, errors)
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


def start(folder, *arguments: str) -> Command:
    return Command([*SEARCH[2:], *arguments], folder, environment(folder))


def wait_for_line(command: Command, beginning: str) -> None:
    seen = []
    for line in command.lines():
        seen.append(line)
        if line.startswith(beginning):
            return
    raise AssertionError("\n".join(seen))
