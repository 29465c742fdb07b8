"""Where a study is stored: Optuna's journal file, or the database that OPTUNA_STORAGE names."""

import functools
import json
import os
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import urlsplit

import grpc
import optuna
from optuna.storages import BaseStorage, GrpcStorageProxy, RDBStorage
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
    SQLAlchemyError,
)

from mnist_tradeoff.search.journal import JournalError, open_journal
from mnist_tradeoff.system.advisory_lock import advisory_lock
from mnist_tradeoff.system.locked_database import wait_for_locked_databases
from mnist_tradeoff.system.locks import file_lock
from mnist_tradeoff.system.processes import require_absolute
from mnist_tradeoff.system.redaction import redact
from mnist_tradeoff.system.retries import patiently

STORAGE_VARIABLE = "OPTUNA_STORAGE"
JOURNAL_FILE = "optuna_journal.log"
JOURNAL_SUFFIX = ".log"
JOURNAL_START = b'{"op_code":'
CONNECT_SECONDS = 5
OUTAGE_POLL_SECONDS = 1


class StudyError(ValueError):
    """The study cannot be used; one line, without a password."""


@dataclass(frozen=True)
class Storage:
    """An Optuna storage with its locks.

    lock: by purpose, a lock that one process holds at a time: on this machine, or, in PostgreSQL,
        on any. A killed process gives it back at once; it is waited for without an end.
    has_lock: False for Optuna's gRPC proxy, which knows none.
    seconds_ahead: how far the storage's clock is ahead of this machine's.
    now: the seconds of a clock that all of the storage's processes share, as far as there is one.
    """

    optuna: BaseStorage
    lock: Callable[[str], AbstractContextManager]
    has_lock: bool = True
    seconds_ahead: Callable[[], float] = lambda: 0.0
    now: Callable[[], float] = time.time


@contextmanager
def study_errors() -> Iterator[None]:
    """Errors of the storage as a StudyError.

    Raises:
        StudyError: the storage cannot be reached, read or written.
    """
    try:
        yield
    except JournalError as error:
        raise StudyError(str(error)) from None
    except (
        *(optuna.exceptions.StorageInternalError, SQLAlchemyError, ImportError, OSError),
        *(json.JSONDecodeError, grpc.RpcError),
    ) as error:
        # SQLAlchemy's message is in the cause, where Optuna wraps it.
        message = str(error.__cause__ or "") or str(error) or type(error).__name__
        first_line = redact(message.strip().partition("\n")[0])
        raise StudyError(
            f"the study's storage {redact(os.environ.get(STORAGE_VARIABLE, JOURNAL_FILE))} "
            f"cannot be used ({first_line}): make it available, or set {STORAGE_VARIABLE}"
        ) from None


def experimental() -> warnings.catch_warnings:
    """Without Optuna's warning that a feature may change: the version is pinned here."""
    category = optuna.exceptions.ExperimentalWarning
    return warnings.catch_warnings(action="ignore", category=category)


def storage_address(folder: Path) -> str:
    """What OPTUNA_STORAGE names, or the journal file in a folder."""
    return os.environ.get(STORAGE_VARIABLE, "").strip() or str(folder / JOURNAL_FILE)


def is_new(folder: Path) -> bool:
    """Whether the storage is a journal file that is not there yet."""
    address = storage_address(folder)
    return "://" not in address and not Path(address).expanduser().exists()


def open_storage(folder: Path, wait: bool = False) -> Storage:
    """The storage; a database, or a proxy of one, is waited for if it goes away later.

    Args:
        wait: whether it is waited for now, too: it is known to be there.

    Raises:
        StudyError: it is a file, but no journal; or a database of another version of Optuna.
    """
    require_absolute(STORAGE_VARIABLE, _relative_path)
    address = storage_address(folder)
    return _retry(_open, address) if wait else _open(address)


def _relative_path(address: str) -> str:
    """The path in the address of a file, if it is a relative one; else nothing."""
    path = address
    if "://" in address:
        scheme, _, rest = address.partition("://")
        path = rest[1:] if scheme.partition("+")[0] == "sqlite" else ""
    return "" if Path(path).expanduser().is_absolute() or path in ("", ":memory:") else path


def _open(address: str) -> Storage:
    if "://" not in address:
        if redact(address) != address and not address.endswith(JOURNAL_SUFFIX):
            raise StudyError(
                f"{STORAGE_VARIABLE} ({redact(address)}) is neither a file nor an address such as "
                "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
            )
        return _open_journal(Path(address).expanduser().absolute())
    if address.startswith("grpc://"):
        return _open_proxy(address)
    scheme = urlsplit(address).scheme.partition("+")[0]
    if scheme == "postgres":
        raise StudyError("an address of PostgreSQL begins with postgresql+psycopg://")
    if scheme == "postgresql":
        return _open_postgresql(address)
    return _open_database(address)


def _open_journal(path: Path) -> Storage:
    _require_journal(path)
    return Storage(
        open_journal(path, _lock_path(path, "write")), functools.partial(_file_lock, path)
    )


def _open_proxy(address: str) -> Storage:
    url = urlsplit(address)
    with experimental():
        storage = GrpcStorageProxy(host=url.hostname or "localhost", port=url.port or 13000)
    storage.wait_server_ready(CONNECT_SECONDS)
    return Storage(_patient(storage), lambda *_: nullcontext(), has_lock=False)


def _open_database(address: str) -> Storage:
    wait_for_locked_databases()
    name = md5(address.encode()).hexdigest()
    lock = functools.partial(_file_lock, Path(gettempdir()) / f"mnist_tradeoff-{name}")
    with lock("schema"):
        return Storage(_patient(_cached(address)), lock)


def _open_postgresql(address: str) -> Storage:
    connect = {"connect_timeout": CONNECT_SECONDS}
    # A lock is held on a connection of its own, which ends with the process.
    engine = create_engine(address, pool_pre_ping=True, pool_size=1, connect_args=connect)
    lock = functools.partial(advisory_lock, engine, call=_retry)
    try:
        with engine.connect():  # a wrong address or password is told at once, and not waited for
            pass
        with lock("schema"):  # processes that create the tables at once break them
            options = {"pool_pre_ping": True, "connect_args": connect}
            storage = _cached(address, engine_kwargs=options)
    except BaseException:
        engine.dispose()
        raise
    weakref.finalize(storage, engine.dispose)
    ahead = _seconds_ahead(engine)
    return Storage(
        _patient(storage),
        lock,
        seconds_ahead=lambda: _seconds_ahead(engine),
        now=lambda: time.time() + ahead,
    )


def _cached(address: str, **options: Any) -> BaseStorage:
    storage = RDBStorage(address, skip_compatibility_check=True, **options)
    weakref.finalize(storage, storage.engine.dispose)  # a server's connections are few
    found, wanted = storage.get_current_version(), storage.get_head_version()
    if found != wanted:
        raise StudyError(
            f"the study's storage {redact(address)} cannot be used: another version of Optuna made "
            f"it (schema {found}, not {wanted}); make a new database, or see 'optuna storage "
            "upgrade'"
        )
    # As Optuna does itself. Done here, because the methods of this one are the patient ones.
    return optuna.storages.get_storage(storage)


def _seconds_ahead(engine: Engine) -> float:
    with engine.connect() as connection:
        now = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
    return float(now) - time.time()


def _patient(storage: BaseStorage) -> BaseStorage:
    """The storage, each of whose methods waits while the database cannot be reached.

    Each method is one transaction. One that was carried out, though its answer got lost, is carried
    out again: values are set again, and a trial that was begun twice is abandoned once.
    """
    for name in dir(BaseStorage):
        if not name.startswith("_") and callable(getattr(BaseStorage, name)):
            setattr(storage, name, functools.partial(_retry, getattr(storage, name)))
    return storage


def _retry(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    bound = functools.partial(call, *args, **kwargs)
    return patiently(bound, _is_outage, "the study's storage", OUTAGE_POLL_SECONDS)


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, grpc.RpcError):
        code = getattr(error, "code", lambda: None)()
        return code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN)
    if isinstance(error, ConnectionError):
        return True
    if not isinstance(error, (optuna.exceptions.StorageInternalError, SQLAlchemyError)):
        return False
    cause = error.__cause__ if not isinstance(error, SQLAlchemyError) else error
    lost = isinstance(cause, DBAPIError) and cause.connection_invalidated
    # The last one: a connection was lost in the middle of a transaction.
    return lost or isinstance(cause, (OperationalError, InterfaceError, PendingRollbackError))


def _require_journal(path: Path) -> None:
    """Refuse any other file, before something is appended to it or cut off its end."""
    if not path.exists():
        if path.suffix != JOURNAL_SUFFIX:  # a word that was to be an address, perhaps
            raise StudyError(
                f"'{path}' is no journal of Optuna's: set {STORAGE_VARIABLE} to a file that ends "
                f"in {JOURNAL_SUFFIX}, or to an address such as postgresql+psycopg://…"
            )
        return
    with path.open("rb") as file:
        head = file.read(len(JOURNAL_START))
    if not JOURNAL_START.startswith(head):
        raise StudyError(
            f"'{path}' is no journal of Optuna's: set {STORAGE_VARIABLE} to one, or to a new file"
        )


def _file_lock(path: Path, purpose: str) -> AbstractContextManager:
    return file_lock(_lock_path(path, purpose))


def _lock_path(path: Path, purpose: str) -> Path:
    return path.with_name(f".{path.name}.{purpose}.lock")
