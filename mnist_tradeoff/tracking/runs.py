"""A run in MLflow: begun, owned, ended as it should, and what is logged into it."""

import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.numpy_dataset import NumpyDataset, from_numpy
from mlflow.entities import Run, RunStatus

from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.system.host import cpu_name
from mnist_tradeoff.system.processes import RUN_VARIABLE, beating, is_dead, this_owner
from mnist_tradeoff.tracking.store import BEAT_TAG, SQLITE, tracking_errors
from mnist_tradeoff.training.backend import THREADS, tf

PROJECT_FOLDER = Path(__file__).parents[2]
DIGITS_NOTE = " (digits demo, not MNIST)"


@contextmanager
def tracked_run(
    name: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str],
    resumed_id: str | None = None,
) -> Iterator[str]:
    """A run with its parameters and tags: the one that ``mlflow run`` opened, or a new one.

    Inside another tracked run, it is that one's child.

    Args:
        resumed_id: go on with this run instead.

    Yields:
        the run's id. The run ends FINISHED, FAILED after an error, KILLED after Ctrl-C or SIGTERM.

    Raises:
        TrackingError: the store failed, in here or in the body.
    """
    is_new = resumed_id is None and RUN_VARIABLE not in os.environ
    status = RunStatus.FAILED
    with tracking_errors():
        try:
            nested = mlflow.active_run() is not None
            run = mlflow.start_run(resumed_id, run_name=name if is_new else None, nested=nested)
            # `mlflow run` has logged its parameters as the user spelled them, and another spelling
            # of the same value (0.001 after 1e-3) would be refused.
            mlflow.log_params({k: v for k, v in params.items() if k not in run.data.params})
            mlflow.set_tags({**tags, **_environment_tags()})
            with _owned(run):
                yield run.info.run_id
            status = RunStatus.FINISHED
        except KeyboardInterrupt:
            status = RunStatus.KILLED
            raise
        finally:
            mlflow.end_run(RunStatus.to_string(status))


@contextmanager
def _owned(run: Run) -> Iterator[None]:
    """Tags by which others know whether this process is alive.

    A run that another living process goes on with at the same time stays that one's.
    """
    owner = run.data.tags.get("owner")
    if owner and not is_dead(owner, float(run.data.tags.get(BEAT_TAG, 0))):
        yield
        return

    def beat() -> None:
        mlflow.MlflowClient().set_tag(run.info.run_id, BEAT_TAG, f"{time.time():.0f}")

    mlflow.set_tag("owner", this_owner())
    beat()
    if mlflow.get_tracking_uri().startswith(SQLITE):  # of this machine, where owners are known
        yield
    else:
        with beating(beat):
            yield


def set_tags(tags: Mapping[str, str]) -> None:
    """Tags of the active run."""
    mlflow.set_tags(dict(tags))


def rename(found: str, name: str) -> None:
    """Name the active run anew, if it still has the name that was found."""
    run = mlflow.active_run()
    assert run is not None
    if run.info.run_name == found != name:
        mlflow.set_tag("mlflow.runName", name)


def _environment_tags() -> dict[str, str]:
    """What times and weights depend on: code, host and versions."""
    return {
        "git_dirty": _git_dirty(),
        "cpu": cpu_name(),
        "threads": str(THREADS),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
    }


def _git_dirty() -> str:
    command = ["git", "-C", str(PROJECT_FOLDER), "status", "--porcelain", "--untracked-files=no"]
    try:
        status = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return str(bool(status.stdout.strip())).lower()


def mlflow_dataset(dataset: Dataset) -> NumpyDataset:
    """The training images as MLflow knows a dataset, with the digest of the whole set."""
    return from_numpy(
        dataset.train.images,
        targets=dataset.train.labels,
        source=CodeDatasetSource({"source": dataset.source}),
        name=dataset.name,
        digest=dataset.digest,
    )


def log_dataset(dataset: Dataset) -> None:
    """The training images as MLflow dataset with the digest of the whole set; tag ``dataset``.

    What was done to the set, and the names of its classes, are tags. A run on the digits demo says
    so in its name.
    """
    mlflow.log_input(mlflow_dataset(dataset), context="training")
    mlflow.set_tag("dataset", dataset.name)
    if dataset.notes:
        mlflow.set_tag("dataset_notes", "; ".join(dataset.notes))
    if dataset.class_names:
        mlflow.set_tag("classes", ", ".join(dataset.class_names))
    run = mlflow.active_run()
    assert run is not None
    name = run.info.run_name or ""
    if dataset.name == "digits" and DIGITS_NOTE not in name:
        mlflow.set_tag("mlflow.runName", name + DIGITS_NOTE)


def log_contents(contents: Mapping[str, str | bytes]) -> None:
    """Texts and pictures as artifacts of the active run, by file name."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            (Path(folder) / name).write_bytes(data)
        mlflow.log_artifacts(folder)


def log_metrics(values: Mapping[str, float]) -> None:
    """Numbers as metrics of the active run; what MLflow refuses in a name is left out of it."""
    mlflow.log_metrics({re.sub(r"[^\w\-./ ]", "", name): value for name, value in values.items()})


def log_files(paths: Iterable[Path]) -> None:
    """Files as artifacts of the active run, by their names."""
    for path in paths:
        mlflow.log_artifact(str(path))
