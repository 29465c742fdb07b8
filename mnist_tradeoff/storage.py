"""Where a study is stored: Optuna's journal file, or the database that OPTUNA_STORAGE names."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import optuna
from filelock import FileLock
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.exc import SQLAlchemyError

from mnist_tradeoff.redaction import redact

STORAGE_VARIABLE = "OPTUNA_STORAGE"
JOURNAL_FILE = "optuna_journal.log"
JOURNAL_START = b'{"op_code":'
LOCK_SECONDS = 120


class StudyError(ValueError):
    """The study cannot be used; one line, without a password."""


@contextmanager
def study_errors() -> Iterator[None]:
    """Errors of the storage as a StudyError.

    Raises:
        StudyError: the storage cannot be reached, read or written.
    """
    try:
        yield
    except (
        *(optuna.exceptions.StorageInternalError, SQLAlchemyError, ImportError, OSError),
        json.JSONDecodeError,
    ) as error:
        # SQLAlchemy's message is in the cause, where Optuna wraps it.
        text = str(error.__cause__ or error) or type(error).__name__
        first_line = redact(text.strip().partition("\n")[0])
        raise StudyError(
            f"the study's storage {redact(os.environ.get(STORAGE_VARIABLE, JOURNAL_FILE))} "
            f"cannot be used ({first_line}): make it available, or set {STORAGE_VARIABLE}"
        ) from None


def open_storage(folder: Path) -> tuple[BaseStorage, FileLock]:
    """The storage, and the lock under which a trial is taken."""
    address = os.environ.get(STORAGE_VARIABLE, "").strip() or str(folder / JOURNAL_FILE)
    if "://" in address:
        name = md5(address.encode()).hexdigest()
        lock = Path(gettempdir()) / f"mnist_tradeoff-{name}.lock"
        return RDBStorage(address), FileLock(lock, timeout=LOCK_SECONDS)
    journal = Path(address).expanduser().absolute()
    _require_journal(journal)
    write_lock: Any = _JournalLock(journal)
    backend = JournalFileBackend(str(journal), write_lock)
    return JournalStorage(backend), FileLock(_lock_path(journal, "take"), timeout=LOCK_SECONDS)


def _require_journal(path: Path) -> None:
    """Refuse any other file, before something is appended to it or cut off its end."""
    if not path.exists():
        return
    with path.open("rb") as file:
        head = file.read(len(JOURNAL_START))
    if not JOURNAL_START.startswith(head):
        raise StudyError(
            f"'{path}' is no journal of Optuna's: set {STORAGE_VARIABLE} to one, or to a new file"
        )


class _JournalLock:
    """A lock that a killed process gives back at once; it also mends what a full disk cut off."""

    def __init__(self, journal: Path):
        self.journal = journal
        self.lock = FileLock(_lock_path(journal, "write"), timeout=LOCK_SECONDS)

    def acquire(self) -> bool:
        self.lock.acquire()
        with self.journal.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            if size and file.read() != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
        return True

    def release(self) -> None:
        self.lock.release()


def _lock_path(path: Path, purpose: str) -> Path:
    return path.with_name(f".{path.name}.{purpose}.lock")
