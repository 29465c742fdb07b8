"""WHERE runs are kept: the MLflow store, made ready and its errors told in one line."""

import http.client
import logging
import os
import re
import shlex
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import mlflow
from mlflow.entities import RunStatus
from mlflow.exceptions import MlflowException
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from mnist_tradeoff.system.advisory_lock import advisory_lock
from mnist_tradeoff.system.locked_database import wait_for_locked_databases
from mnist_tradeoff.system.locks import file_lock
from mnist_tradeoff.system.plain import folded
from mnist_tradeoff.system.processes import is_dead, require_absolute
from mnist_tradeoff.system.redaction import redact
from mnist_tradeoff.tracking.sqlite import default_uri, is_sqlite, prepare_files, sqlite_path
from mnist_tradeoff.tracking.tags import BEAT, OWNER, internal, role_of

URI_VARIABLE = "MLFLOW_TRACKING_URI"
SERVER_TIMEOUT_SECONDS = 5
# What SQLite says of a file that it cannot read.
DAMAGED = ("file is not a database", "database disk image is malformed", "unsupported file format")
FULL = "database or disk is full"
# SQLAlchemy puts this line before some of its messages.
AUTOFLUSH = "(raised as a result of"
LOCAL_SERVER = "http://127.0.0.1:5000"

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
    wait_for_locked_databases()
    require_absolute(URI_VARIABLE, _relative_path)
    mlflow.set_tracking_uri(os.environ.get(URI_VARIABLE, "").strip() or default_uri())
    uri = mlflow.get_tracking_uri()
    scheme = urlsplit(uri).scheme
    if _is_server(uri):
        _require_server(uri)
    elif scheme.partition("+")[0] in ("postgresql", "mysql"):
        _require_database(uri)
    with tracking_errors(), _first_touch_lock(uri):
        if is_sqlite(uri):
            prepare_files(uri)
        mlflow.search_experiments(max_results=1)
    with tracking_errors():
        return _close_abandoned_runs()


def _relative_path(uri: str) -> str:
    """The path in the address of a store of files, if it is a relative one; else nothing."""
    url = urlsplit(uri)
    if url.scheme.partition("+")[0] == "sqlite":
        path = url.path[1:]
    elif url.scheme in ("", "file") and not url.netloc:
        path = url.path
    else:
        return ""
    return "" if Path(unquote(path)).is_absolute() or path in ("", ":memory:") else path


def _close_abandoned_runs() -> int:
    client, closed = mlflow.MlflowClient(), 0
    for tag in (OWNER, "owner"):  # older versions called it so
        runs: list[Any] = mlflow.search_runs(  # pyright: ignore[reportAssignmentType]
            search_all_experiments=True,
            filter_string=f"attributes.status = 'RUNNING' and tags.`{tag}` LIKE '%/%/%'",
            output_format="list",
        )
        for run in runs:
            if role_of(run) and is_dead(internal(run, OWNER), internal(run, BEAT)):
                with suppress(MlflowException):  # of somebody whose runs we may not change
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
        with tracking_errors(), advisory_lock(engine, "tracking"):
            yield
        return
    path = sqlite_path(uri)
    if path is None:
        yield
        return
    with ExitStack() as held:
        try:
            held.enter_context(file_lock(path.with_name(f".{path.name}.lock")))
        except OSError as error:
            raise TrackingError(
                f"'{path}' cannot be written ({error}): "
                f"change to a folder of your own, or set {URI_VARIABLE}"
            ) from None
        yield


@contextmanager
def tracking_errors() -> Iterator[None]:
    """Errors of MLflow and its store as a TrackingError."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, ImportError) as error:
        lines = [line for line in str(error).splitlines() if not line.startswith(AUTOFLUSH)]
        line = redact(lines[0] if lines else "")
        path = sqlite_path(mlflow.get_tracking_uri())
        if path and any(word in line for word in DAMAGED):
            raise TrackingError(
                f"'{path}' is damaged, or no database ({line}): restore it from a copy, or move it "
                "away and begin anew"
            ) from None
        if path and FULL in line:
            raise TrackingError(
                f"'{path}' cannot be written ({line}): make room on its disk, and start again; "
                "what was finished stays"
            ) from None
        raise TrackingError(f"tracking failed: {line}") from None


def store_folder() -> Path:
    """Where the user stands: the folder of the SQLite store, or else the current one."""
    path = sqlite_path(mlflow.get_tracking_uri())
    return path.parent if path else Path.cwd()


def address() -> str:
    """The store's address, without its password."""
    return redact(mlflow.get_tracking_uri())


def how_to_look(run_id: str) -> str:
    """Two lines for the terminal: the run and how to open it in MLflow's own pages."""
    place = folded(how_to_open(), indent=16) or address()
    return f"  {'run':<14}{run_id}\n  {'look at it':<14}{place}"


def how_to_open() -> str:
    """The command that shows the store's pages; empty where it is a server, which shows them."""
    uri = address()
    if _is_server(uri):
        return ""
    # Named even where it is the default: an old ./mlruns folder would go before ./mlflow.db.
    shown = shlex.quote(uri) if uri == mlflow.get_tracking_uri() else f'"${URI_VARIABLE}"'
    here = f"cd {shlex.quote(str(Path.cwd()))} && " if _relative_path(uri) else ""
    return f"{here}mlflow ui --backend-store-uri {shown}"


def runs_page(experiment_id: str) -> str:
    """Address of MLflow's page of a run, but for the run's id; without name and password.

    Where the store is no server, it is the one at which ``mlflow ui`` serves by default.
    """
    uri = mlflow.get_tracking_uri()
    server = re.sub(r"//.*@", "//", uri).rstrip("/") if _is_server(uri) else LOCAL_SERVER
    return f"{server}/#/experiments/{experiment_id}/runs/"


def _is_server(uri: str) -> bool:
    return urlsplit(uri).scheme in ("http", "https")
