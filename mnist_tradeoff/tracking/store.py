"""What a run leaves in MLflow: the only file that imports it."""

import dataclasses
import http.client
import logging
import os
import platform
import re
import shlex
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import mlflow
import numpy as np
from filelock import FileLock
from matplotlib.figure import Figure
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.numpy_dataset import NumpyDataset, from_numpy
from mlflow.entities import Run, RunStatus
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.architecture.costs import Complexity
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.system.advisory_lock import advisory_lock
from mnist_tradeoff.system.processes import RUN_VARIABLE, beating, is_dead, this_owner
from mnist_tradeoff.system.redaction import redact
from mnist_tradeoff.training.backend import THREADS, cpu_name, tf
from mnist_tradeoff.training.fingerprint import code_version
from mnist_tradeoff.training.loop import Epoch, FinalResult

SQLITE = "sqlite:///"
URI_VARIABLE = "MLFLOW_TRACKING_URI"
SERVER_TIMEOUT_SECONDS = 5
LOCK_SECONDS = 120
PROJECT_FOLDER = Path(__file__).parents[2]
PREDICTIONS_FILE = "test_predictions.npy"
CURVE_METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")
# SQLAlchemy puts this line before some of its messages.
AUTOFLUSH = "(raised as a result of"
DIGITS_NOTE = " (digits demo, not MNIST)"
PARENT_TAG = "mlflow.parentRunId"
BEAT_TAG = "last_alive"
MODEL_REQUIREMENTS = ("mlflow", "tensorflow", "keras", "numpy")

# A file at a time is read back here: a bar for each would only flicker.
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# A line with the address of every run that ends; ours is said once.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# MLflow and Alembic tell of every table they create.
for _name in ("mlflow", "alembic"):
    logging.getLogger(_name).setLevel(logging.WARNING)
# Of inserts that PostgreSQL refuses because they are there already, and MLflow then leaves out.
logging.getLogger("psycopg").setLevel(logging.ERROR)
# It prints the traceback of every database error; ours is one line.
logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)


class TrackingError(OSError):
    """The tracking store cannot be used; one line, without a password."""


def prepare_store() -> int:
    """Choose the store and make sure it can be used, before any work is spent on a run.

    The store is ``MLFLOW_TRACKING_URI``, or ``mlflow.db`` in the current folder. What processes
    left RUNNING when they were killed is marked KILLED.

    Returns:
        how many runs were marked.

    Raises:
        TrackingError: a server that does not answer, or a database that cannot be opened.
    """
    mlflow.set_tracking_uri(
        os.environ.get(URI_VARIABLE) or f"{SQLITE}{Path('mlflow.db').absolute()}"
    )
    uri = mlflow.get_tracking_uri()
    scheme = urlsplit(uri).scheme
    if scheme in ("http", "https"):
        _require_server(uri)
    elif scheme.partition("+")[0] in ("postgresql", "mysql"):
        _require_database(uri)
    with tracking_errors(), _first_touch_lock(uri):
        mlflow.search_experiments(max_results=1)
    with tracking_errors():
        return _close_abandoned_runs()


def _close_abandoned_runs() -> int:
    client, closed = mlflow.MlflowClient(), 0
    for run in mlflow.search_runs(
        search_all_experiments=True,
        filter_string="attributes.status = 'RUNNING' and tags.owner LIKE '%/%/%'",
        output_format="list",
    ):
        assert isinstance(run, Run)
        beat = run.data.tags.get(BEAT_TAG)
        if is_dead(run.data.tags["owner"], float(beat) if beat else None):
            client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.KILLED))
            closed += 1
    return closed


def prepare_experiment(artifact_location: str) -> None:
    """Create the experiment that ``MLFLOW_EXPERIMENT_NAME`` names, unless it is there.

    Args:
        artifact_location: where its files go; empty: wherever the store puts them.

    Raises:
        TrackingError: it is there with another location, or the store failed.
    """
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "Default")
    with tracking_errors():
        found = mlflow.get_experiment_by_name(name)
        if found is None:
            with suppress(MlflowException):  # another process has just made it
                mlflow.create_experiment(name, artifact_location or None)
            found = mlflow.get_experiment_by_name(name)
        assert found is not None
    if artifact_location and found.artifact_location.rstrip("/") != artifact_location.rstrip("/"):
        raise TrackingError(
            f"experiment '{name}' keeps its files in '{redact(found.artifact_location)}', and that "
            "cannot be changed: choose another experiment with MLFLOW_EXPERIMENT_NAME"
        )


def _require_server(uri: str) -> None:
    """Ask once, because MLflow itself would retry for minutes."""
    without_credentials = re.sub(r"//.*@", "//", uri).rstrip("/")
    try:
        urllib.request.urlopen(
            f"{without_credentials}/health", timeout=SERVER_TIMEOUT_SECONDS
        ).close()
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise TrackingError(
                f"the tracking server {redact(uri)} is out of order ({error}): "
                f"try again later, or unset {URI_VARIABLE}"
            ) from None
        # It answers; whether we may use it, the first real request will tell.
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(getattr(error, "reason", None), ssl.SSLError):
            return  # It answers; MLflow's own settings say which certificates are trusted.
        raise TrackingError(
            f"the tracking server {redact(uri)} does not answer "
            f"({getattr(error, 'reason', error)}): start it, or unset {URI_VARIABLE}"
        ) from None


def _require_database(uri: str) -> None:
    """Connect once, because MLflow itself would retry for minutes."""
    try:
        engine = create_engine(uri, connect_args={"connect_timeout": SERVER_TIMEOUT_SECONDS})
        engine.connect().close()
        engine.dispose()
    except (SQLAlchemyError, ImportError, ValueError) as error:
        first_line = redact(str(error).strip().partition("\n")[0])
        raise TrackingError(
            f"the tracking database {redact(uri)} cannot be used ({first_line}): "
            f"start it, or unset {URI_VARIABLE}"
        ) from None


@contextmanager
def _first_touch_lock(uri: str) -> Iterator[None]:
    """One process at a time: several that create the tables of a fresh database break it."""
    if urlsplit(uri).scheme.partition("+")[0] == "postgresql":
        engine = create_engine(uri, poolclass=NullPool)
        with tracking_errors(), advisory_lock(engine, "tracking", LOCK_SECONDS):
            yield
        return
    if not uri.startswith(SQLITE):
        yield
        return
    path = sqlite_path(uri)
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_SECONDS)
    try:
        lock.acquire()
    except OSError as error:
        raise TrackingError(
            f"'{path}' cannot be written ({error}): "
            f"change to a folder of your own, or set {URI_VARIABLE}"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def tracking_errors() -> Iterator[None]:
    """Errors of MLflow and its store as a TrackingError."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, ImportError) as error:
        lines = [line for line in str(error).splitlines() if not line.startswith(AUTOFLUSH)]
        raise TrackingError(f"tracking failed: {redact(lines[0] if lines else '')}") from None


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


def store_folder() -> Path:
    """Where the user stands: the folder of the SQLite store, or else the current one."""
    uri = mlflow.get_tracking_uri()
    return sqlite_path(uri).parent if uri.startswith(SQLITE) else Path.cwd()


def sqlite_path(uri: str) -> Path:
    """File of an address ``sqlite:///PATH``, which `mlflow run` percent-encodes."""
    return Path(unquote(uri.removeprefix(SQLITE))).absolute()


def address() -> str:
    """The store's address, without its password."""
    return redact(mlflow.get_tracking_uri())


def how_to_look(run_id: str) -> str:
    """Two lines for the terminal: the run and how to open it in MLflow's own pages."""
    uri = address()
    is_server = urlsplit(uri).scheme in ("http", "https")
    # Named even where it is the default: an old ./mlruns folder would go before ./mlflow.db.
    shown = shlex.quote(uri) if uri == mlflow.get_tracking_uri() else f'"${URI_VARIABLE}"'
    look = uri if is_server else f"mlflow ui --backend-store-uri {shown}"
    return f"  {'run':<14}{run_id}\n  {'look at it':<14}{look}"


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

    A run on the digits demo says so in its name.
    """
    mlflow.log_input(mlflow_dataset(dataset), context="training")
    mlflow.set_tag("dataset", dataset.name)
    run = mlflow.active_run()
    assert run is not None
    name = run.info.run_name or ""
    if dataset.name == "digits" and DIGITS_NOTE not in name:
        mlflow.set_tag("mlflow.runName", name + DIGITS_NOTE)


def log_fingerprint(fingerprint: str) -> None:
    """Tags by which a later run finds this result instead of training it again."""
    mlflow.set_tags({"fingerprint": fingerprint, "code_version": code_version()})


def log_complexity(complexity: Complexity) -> None:
    """Metrics num_params, macs and peak_activation_bytes."""
    mlflow.log_metrics(dataclasses.asdict(complexity))


def log_epoch(epoch: Epoch) -> None:
    """One point of the learning curve, at step = epoch."""
    values = dataclasses.asdict(epoch)
    mlflow.log_metrics(values, step=values.pop("epoch"))


def log_result(result: FinalResult, dataset: Dataset, curve: Figure) -> None:
    """Final metrics, the model with its signature, test predictions, and the learning curve.

    val_loss and val_accuracy are the last epoch's and stand there already.
    """
    mlflow.log_metrics(
        {
            "train_seconds": result.train_seconds,
            "test_loss": result.test.loss,
            "test_accuracy": result.test.accuracy,
        }
    )
    mlflow.set_tag("precision", result.precision)
    example = dataset.val.images[:1]
    # Here, because it imports TensorFlow, and backend must have done that first, quietly.
    from mlflow.tensorflow import log_model

    log_model(
        result.model,
        name="model",
        signature=infer_signature(example, result.model(example).numpy()),
        # Named here, because MLflow would run the model in another process to find them out.
        pip_requirements=[f"{package}=={version(package)}" for package in MODEL_REQUIREMENTS],
    )
    _log_predictions(result.test.predictions)
    mlflow.log_figure(curve, "learning_curve.png")


def _log_predictions(predictions: np.ndarray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PREDICTIONS_FILE
        np.save(path, predictions.astype(np.uint8))
        mlflow.log_artifact(str(path))


def log_report(texts: Mapping[str, str], figures: Mapping[str, Figure]) -> None:
    """Texts and figures as artifacts of the active run, by file name."""
    for name, text in texts.items():
        mlflow.log_text(text, name)
    for name, figure in figures.items():
        mlflow.log_figure(figure, name)


def log_metrics(values: Mapping[str, float]) -> None:
    """Numbers as metrics of the active run; what MLflow refuses in a name is left out of it."""
    mlflow.log_metrics({re.sub(r"[^\w\-./ ]", "", name): value for name, value in values.items()})


def log_files(paths: Iterable[Path]) -> None:
    """Files as artifacts of the active run, by their names."""
    for path in paths:
        mlflow.log_artifact(str(path))


def finished_trainings(
    roles: Collection[str], fingerprints: Collection[str]
) -> dict[str, Training]:
    """The experiment's finished trainings of some roles that have one of the fingerprints, by it.

    Of several with one fingerprint it is the oldest; one whose files are gone or damaged is left
    out.
    """
    active = mlflow.active_run()
    assert active is not None
    runs = mlflow.search_runs(
        [active.info.experiment_id],
        filter_string="attributes.status = 'FINISHED' and tags.fingerprint != ''",
        order_by=["attributes.start_time DESC"],
        output_format="list",
    )
    assert isinstance(runs, list)
    found = {}
    for run in runs:
        fingerprint = run.data.tags.get("fingerprint")
        if fingerprint in fingerprints and run.data.tags["role"] in roles:
            with suppress(TrackingError):
                found[fingerprint] = read_training(run.info.run_id)
    return found


def adopt(run_id: str) -> None:
    """Make a finished run a child of the active one, unless its own parent finished too."""
    client = mlflow.MlflowClient()
    active = mlflow.active_run()
    assert active is not None
    parent_id = client.get_run(run_id).data.tags.get(PARENT_TAG)
    if parent_id is None or client.get_run(parent_id).info.status in ("FAILED", "KILLED"):
        client.set_tag(run_id, PARENT_TAG, active.info.run_id)


def read_training(run_id: str) -> Training:
    """A finished training as its run tells it, with its learning curve and test predictions.

    Raises:
        TrackingError: the run, or the file of its predictions, is gone or damaged.
    """
    client = mlflow.MlflowClient()
    with tracking_errors(), tempfile.TemporaryDirectory() as folder:
        run = client.get_run(run_id)
        predictions = _read_predictions(client.download_artifacts(run_id, PREDICTIONS_FILE, folder))
        curves = {
            name: tuple(metric.value for metric in client.get_metric_history(run_id, name))
            for name in CURVE_METRICS
        }
    return Training(
        model=run.data.params["model"],
        seed=int(run.data.params["seed"]),
        run_id=run_id,
        metrics={**run.data.metrics},
        curves=curves,
        predictions=predictions,
    )


def _read_predictions(path: str) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise TrackingError(f"'{path}' is damaged: {error}") from None
