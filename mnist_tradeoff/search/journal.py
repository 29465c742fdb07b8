"""Optuna's journal file: written under a lock, and what is no entry is told with its line."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

from filelock import FileLock
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from mnist_tradeoff.system.locks import acquire


class JournalError(OSError):
    """A line of the journal is no entry; one line that says which, and what to do."""


def open_journal(path: Path, lock: Path) -> JournalStorage:
    """The storage that a journal holds; the file is made if it is not there.

    Args:
        lock: file by which one process writes at a time.

    Raises:
        JournalError: a line of it is no entry.
    """
    backend = _Backend(path, lock)
    try:
        return JournalStorage(backend)
    except (KeyError, TypeError, ValueError, AttributeError, AssertionError, IndexError) as error:
        # An entry that can be read, and says what cannot be.
        raise backend.damage(backend.entries, f"{type(error).__name__}: {error}") from None


class _Backend(JournalFileBackend):
    def __init__(self, path: Path, lock: Path):
        write_lock: Any = _WriteLock(path, lock)
        super().__init__(str(path), write_lock)
        self.path = path
        self.entries = 0  # that were read so far, one a line

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        self.entries = log_number_from
        entries = super().read_logs(log_number_from)
        while True:
            try:
                entry = next(entries)
            except StopIteration:
                return
            except ValueError as error:  # no JSON, or not even a text
                raise self.damage(self.entries + 1, str(error)) from None
            self.entries += 1
            if not isinstance(entry, dict) or not isinstance(entry.get("op_code"), int):
                raise self.damage(self.entries, "no operation")
            yield entry

    def damage(self, line: int, why: str) -> JournalError:
        """What to raise for a line, counted from 1."""
        return JournalError(
            f"line {line} of '{self.path}' is no entry of Optuna's journal "
            f"({' '.join(why.split())}): restore the file from a copy, or remove that line"
        )


class _WriteLock:
    """A lock that a killed process gives back at once; it cuts off what a full disk left."""

    def __init__(self, journal: Path, lock: Path):
        self.journal = journal
        self.lock = FileLock(lock)

    def acquire(self) -> bool:
        acquire(self.lock)
        with self.journal.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            if size and file.read() != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
        return True

    def release(self) -> None:
        self.lock.release()
