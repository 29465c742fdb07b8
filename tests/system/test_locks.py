"""Locks of files and of PostgreSQL: waited for without an end, their holder is named."""

import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from sqlalchemy import NullPool, create_engine

from mnist_tradeoff.system import advisory_lock, locks
from tests.factories import ROOT

OF_FILE = """
import sys, time
from pathlib import Path
from mnist_tradeoff.system.locks import file_lock
lock = file_lock(Path(sys.argv[1]))
"""
OF_POSTGRESQL = """
import sys, time
from sqlalchemy import create_engine
from mnist_tradeoff.system.advisory_lock import advisory_lock
lock = advisory_lock(create_engine(sys.argv[1]), "s.take")
"""
HOLD = """
with lock:
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def holder(program: str, argument: str):
    command = [sys.executable, "-c", program + HOLD, argument]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.stdout.close()
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["file", "postgresql"])
def lock(request, tmp_path, monkeypatch):
    """A function that makes a lock, and what holds it elsewhere."""
    monkeypatch.setattr(locks, "NOTICE_SECONDS", 1)
    monkeypatch.setattr(advisory_lock, "NOTICE_SECONDS", 1)
    if request.param == "file":
        path = tmp_path / "s.take.lock"
        return lambda: locks.file_lock(path), lambda: holder(OF_FILE, str(path))
    address = request.getfixturevalue("postgres").create()
    engine = create_engine(address, poolclass=NullPool)
    return (
        lambda: advisory_lock.advisory_lock(engine, "s.take"),
        lambda: holder(OF_POSTGRESQL, address),
    )


def test_who_waits_hears_who_holds_the_lock_and_goes_on_when_that_one_dies(
    lock, monkeypatch, capsys
):
    make, held_elsewhere = lock
    with held_elsewhere() as process:

        def kill(purpose: str, name: str) -> None:
            tell(purpose, name)
            process.send_signal(signal.SIGKILL)

        tell = locks.tell_waiting
        for module in (locks, advisory_lock):
            monkeypatch.setattr(module, "tell_waiting", kill)
        with make():
            pass
    line = capsys.readouterr().err
    assert line.startswith("waiting for the lock 's.take")
    assert f"which process {process.pid} on " in line
    assert line.count("\n") == 1


def test_a_lock_that_is_free_says_nothing(lock, capsys):
    make, _ = lock
    for _ in range(2):
        with make():
            pass
    assert capsys.readouterr().err == ""
