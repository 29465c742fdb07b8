"""A lock on a file: one process of this machine at a time; whoever waits hears who holds it."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

# After so long a line names the holder; it is waited for without an end.
NOTICE_SECONDS = 10


def this_process() -> str:
    """How people find the process that runs this."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def tell_waiting(purpose: str, holder: str) -> None:
    """A line on stderr: what is waited for, and who holds it."""
    print(f"waiting for the lock '{purpose}', which {holder} holds", file=sys.stderr, flush=True)


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """A lock that a killed process gives back at once; the file is made, and stays.

    Raises:
        OSError: the file cannot be written.
    """
    lock = FileLock(path)
    acquire(lock)
    try:
        yield
    finally:
        lock.release()


def acquire(lock: BaseFileLock) -> None:
    """Wait for a lock without an end, and leave in its file who has it now."""
    path = Path(lock.lock_file)
    try:
        lock.acquire(timeout=NOTICE_SECONDS)
    except Timeout:
        tell_waiting(path.name, _holder(path))
        lock.acquire(timeout=-1)
    with suppress(OSError):  # it is for people only
        path.write_text(f"{this_process()}\n")


def _holder(path: Path) -> str:
    with suppress(OSError, ValueError):
        return path.read_text().strip() or "another process"
    return "another process"
