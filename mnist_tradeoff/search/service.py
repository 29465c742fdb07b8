"""The storage as a whole: its studies, its clock, and how to serve it to other machines."""

import tempfile
from pathlib import Path

import optuna

from mnist_tradeoff.search.identity import IDENTITY
from mnist_tradeoff.search.storage import (
    StudyError,
    experimental,
    is_new,
    open_storage,
    storage_address,
    study_errors,
)
from mnist_tradeoff.system.redaction import redact

MAX_CLOCK_SECONDS = 60


def study_names(folder: Path) -> list[str]:
    """Studies of this project in the storage.

    Raises:
        StudyError: the storage cannot be used.
    """
    if is_new(folder):
        return []
    with study_errors():
        storage = open_storage(folder).optuna
        summaries = optuna.get_all_study_summaries(storage)
    return [summary.study_name for summary in summaries if IDENTITY in summary.user_attrs]


def describe_storage(folder: Path) -> str:
    """The storage's address, without its password, and its studies.

    Raises:
        StudyError: it cannot be used, or its clock is another than this machine's: beats would
            be misread.
    """
    with study_errors():
        _require_writable(storage_address(folder))
    names = study_names(folder)
    if is_new(folder):
        return f"{storage_address(folder)}, to be made by the first search"
    with study_errors():
        ahead = open_storage(folder).seconds_ahead()
    if abs(ahead) > MAX_CLOCK_SECONDS:
        raise StudyError(
            f"the storage's clock is {ahead:+.0f} seconds from this machine's: set both by NTP"
        )
    return f"{redact(storage_address(folder))}, studies: {', '.join(names) or 'none'}"


def _require_writable(address: str) -> None:
    """Refuse a journal that cannot be written, or whose locks cannot be made beside it.

    Raises:
        OSError: it is so.
    """
    if "://" not in address:
        path = Path(address).expanduser().absolute()
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        if path.exists():
            path.open("ab").close()


def serve(folder: Path, host: str, port: int) -> None:
    """Serve the storage over Optuna's gRPC proxy until a signal comes.

    Raises:
        StudyError: the storage cannot be used.
    """
    with study_errors(), experimental():
        storage = open_storage(folder).optuna
        optuna.storages.run_grpc_proxy_server(storage, host=host, port=port)
