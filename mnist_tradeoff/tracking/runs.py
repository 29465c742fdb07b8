"""A run in MLflow: begun, owned, ended as it should, and what is logged into it."""

import os
import platform
import re
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import mlflow
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.numpy_dataset import NumpyDataset, from_numpy
from mlflow.entities import Run, RunStatus
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE
from mlflow.utils.validation import MAX_TAG_VAL_LENGTH

from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.system.host import cpu_name
from mnist_tradeoff.system.plain import shortened
from mnist_tradeoff.system.processes import (
    RUN_VARIABLE,
    THREADS,
    beating,
    is_dead,
    is_owner,
    this_owner,
)
from mnist_tradeoff.system.signals import let_go
from mnist_tradeoff.tracking.sqlite import is_sqlite
from mnist_tradeoff.tracking.store import TrackingError, tracking_errors
from mnist_tradeoff.tracking.tags import BEAT, OWNER, REQUEST, internal, marked

RUNNING = RunStatus.to_string(RunStatus.RUNNING)
PROJECT_FOLDER = Path(__file__).parents[2]
# MLflow's: predicate-noun-number, as in unruly-toad-406 (mlflow.utils.name_utils).
RANDOM_NAME = r"[a-z]+-[a-z]+-\d{1,4}"
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
    status = RunStatus.FAILED
    with tracking_errors():
        try:
            run = _start(name, tags, resumed_id)
            # `mlflow run` has logged its parameters as the user spelled them, and another spelling
            # of the same value (0.001 after 1e-3) would be refused.
            mlflow.log_params({k: v for k, v in params.items() if k not in run.data.params})
            mlflow.set_tags(_environment_tags())
            with _owned(run):
                yield run.info.run_id
            status = RunStatus.FINISHED
        except KeyboardInterrupt as error:
            status = RunStatus.KILLED
            let_go(error)
            raise
        finally:
            mlflow.end_run(RunStatus.to_string(status))


def _start(name: str, tags: Mapping[str, str], resumed_id: str | None) -> Run:
    """The run; a new one is owned from its first moment: it is closed if this process dies."""
    nested = mlflow.active_run() is not None
    if resumed_id is not None:
        return mlflow.start_run(resumed_id, nested=nested, tags=marked(tags))
    request = uuid.uuid4().hex
    own = {REQUEST: request, OWNER: this_owner(), BEAT: f"{time.time():.0f}"}
    named = None if _user_named_it() else name
    run = mlflow.start_run(run_name=named, nested=nested, tags={**marked(tags), **own})
    if not is_sqlite(mlflow.get_tracking_uri()):
        _delete_twins(run, request)
    return run


def _delete_twins(run: Run, request: str) -> None:
    """MLflow's client sends a request whose answer was lost again, and it makes a second run."""
    client = mlflow.MlflowClient()
    for twin in client.search_runs([run.info.experiment_id], f"tags.`{REQUEST}` = '{request}'"):
        if twin.info.run_id != run.info.run_id:
            client.delete_run(twin.info.run_id)


def _user_named_it() -> bool:
    """Whether `mlflow run` was given a name for the run that it opened.

    It creates the run with a random name, and writes that of ``--run-name`` over it as soon as this
    program has been started: a name that does not look random by now is the user's.
    """
    opened = os.environ.get(RUN_VARIABLE)
    name = mlflow.MlflowClient().get_run(opened).info.run_name if opened else None
    return name is not None and re.fullmatch(RANDOM_NAME, name) is None


class StatusKept:
    """The status of a run that this process goes on with, but does not end: that of a study.

    Made before the run is gone on with; ``look`` comes before it ends here, ``restore`` after.
    """

    def __init__(self, run_id: str):
        self.kept = mlflow.MlflowClient().get_run(run_id).info

    def look(self) -> None:
        """What others have made of it meanwhile counts: they ended it, or went on with it."""
        now = mlflow.MlflowClient().get_run(self.kept.run_id)
        owner = internal(now, OWNER)
        others = is_owner(owner) and owner != this_owner()
        if now.info.status != RUNNING or (others and not is_dead(owner, internal(now, BEAT) or 0)):
            self.kept = now.info

    def restore(self) -> None:
        """Give the run the status that it would have without this process."""
        client, kept = mlflow.MlflowClient(), self.kept
        if kept.status == RUNNING:
            client.update_run(kept.run_id, kept.status)
        else:
            client.set_terminated(kept.run_id, kept.status, kept.end_time)


@contextmanager
def _owned(run: Run) -> Iterator[None]:
    """Tags by which others know whether this process is alive.

    A run that another living process goes on with at the same time stays that one's. It is nobody's
    when it has ended well: this process may live on with another one.
    """
    owner = internal(run, OWNER)
    is_mine = owner == this_owner()
    if is_owner(owner) and not is_mine and not is_dead(owner, internal(run, BEAT) or 0):
        yield
        return

    def beat() -> None:
        mlflow.MlflowClient().set_tag(run.info.run_id, BEAT, f"{time.time():.0f}")

    mlflow.set_tag(OWNER, this_owner())
    beat()
    if is_sqlite(mlflow.get_tracking_uri()):  # of this machine, where owners are known
        yield
    else:
        with beating(beat):
            yield
    _release(run.info.run_id)


def _release(run_id: str) -> None:
    client = mlflow.MlflowClient()
    if internal(client.get_run(run_id), OWNER) == this_owner():
        client.delete_tag(run_id, OWNER)


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
        "tensorflow": version("tensorflow"),
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
        mlflow.set_tag("dataset_notes", shortened("; ".join(dataset.notes), MAX_TAG_VAL_LENGTH))
    if dataset.class_names:
        mlflow.set_tag("classes", shortened(", ".join(dataset.class_names), MAX_TAG_VAL_LENGTH))
    run = mlflow.active_run()
    assert run is not None
    name = run.info.run_name or ""
    if dataset.name == "digits" and DIGITS_NOTE not in name:
        mlflow.set_tag("mlflow.runName", name + DIGITS_NOTE)


@contextmanager
def artifact_errors() -> Iterator[None]:
    """What a file system refuses to the active run's artifacts, as a line that says where.

    Raises:
        OSError: with that line.
    """
    try:
        yield
    except TrackingError:
        raise
    except OSError as error:
        run = mlflow.active_run()
        assert run is not None
        place = unquote(run.info.artifact_uri or "").removeprefix("file://")
        if not place.startswith("/"):  # a server's, which says itself what is wrong
            raise
        raise OSError(
            f"the artifacts of the run cannot be written to '{place}' "
            f"({error.strerror or error}): make it a folder that you may write to, on a disk with "
            "room, and run again"
        ) from None


def log_contents(contents: Mapping[str, str | bytes]) -> None:
    """Texts and pictures as artifacts of the active run, by their paths in it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with artifact_errors():
            mlflow.log_artifacts(folder)


def log_metrics(values: Mapping[str, float]) -> None:
    """Numbers as metrics of the active run; what MLflow refuses in a name is left out of it."""
    mlflow.log_metrics({re.sub(r"[^\w\-./ ]", "", name): value for name, value in values.items()})


def log_files(paths: Iterable[Path], root: Path) -> None:
    """Files as artifacts of the active run, by their paths below a folder."""
    for path in paths:
        inside = path.parent.relative_to(root).as_posix()
        with artifact_errors():
            mlflow.log_artifact(str(path), None if inside == "." else inside)


def log_note(note: str, figure: str) -> None:
    """The description of the active run, Markdown that MLflow shows on its page.

    Args:
        figure: path of a picture among the run's artifacts, shown below the note. MLflow shows it
            as large as it is.
    """
    run = mlflow.active_run()
    assert run is not None
    query = urlencode({"path": figure, "run_uuid": run.info.run_id})
    mlflow.set_tag(MLFLOW_RUN_NOTE, f"{note}\n\n![{figure}](get-artifact?{query})")
