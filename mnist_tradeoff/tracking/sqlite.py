"""A store in a file: its address, and its files beside it, in a folder of whatever name.

SQLAlchemy reads an address as a URL. MLflow does so with the folder of an experiment's files, too,
and writes that folder of the first experiment into its SQL as it is.
"""

import os
from pathlib import Path
from urllib.parse import quote

import mlflow
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.file_utils import local_file_uri_to_path
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

FILE = "mlflow.db"
FILES = "mlruns"
# What a URL, or a text in SQL, would not be read back as.
MISREAD = frozenset("%\\'\"?#;:\n\r")
POOL_VARIABLE = "MLFLOW_SQLALCHEMYSTORE_POOLCLASS"


def default_uri() -> str:
    """Address of the store in the current folder.

    A relative one where the folder's name would have to be encoded: MLflow makes the folder that it
    reads in the address, as it stands there.
    """
    path = str(Path(FILE).absolute())
    return f"sqlite:///{path if not set('%?') & set(path) else FILE}"


def is_sqlite(uri: str) -> bool:
    """Whether an address is that of a file of SQLite."""
    return sqlite_path(uri) is not None


def sqlite_path(uri: str) -> Path | None:
    """The file that an address means; None where it means something else."""
    try:
        url = make_url(uri)
    except (ArgumentError, ValueError):
        return None
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(url.database or "").absolute() if is_file else None


def prepare_files(uri: str) -> None:
    """Make the first experiment, or the one to be used, where MLflow would misread its folder.

    Call it before MLflow opens the store.

    Raises:
        ValueError: MLflow itself has made it already, and would put its files elsewhere.
    """
    # A connection that is kept is asked whether it lives, outside of what waits for a locked file.
    os.environ.setdefault(POOL_VARIABLE, "NullPool")
    folder = Path.cwd()
    if not MISREAD & set(str(folder)):
        return
    root = quote(str(folder / FILES))
    SqlAlchemyStore(uri, root)  # makes the tables and the first experiment, if there are none
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "Default")
    found = mlflow.get_experiment_by_name(name)
    if found is None:
        mlflow.create_experiment(name, f"{root}/{quote(name, safe='')}")
    else:
        _require_read_back(found.artifact_location, folder)


def _require_read_back(location: str, folder: Path) -> None:
    read = Path(local_file_uri_to_path(location))
    # The first experiment's has its backslashes doubled.
    is_here = str(folder) in location.replace("\\\\", "\\")
    if is_here and folder not in read.parents:
        raise ValueError(
            f"MLflow would put the files of its runs into '{read}', not into '{folder}': work in a "
            "folder without '%' and '\\' in its name, or begin with 'python -m experiments.…' there"
        )
