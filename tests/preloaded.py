"""Commands in processes that have the libraries already, which saves the seconds of importing them.

``mlflow run``, and commands with an environment that an interpreter reads when it starts, are
started as usual (tests/commands.py).
"""

import atexit
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

LIBRARIES = [
    "mnist_tradeoff.training.backend",
    "mlflow.store.tracking.sqlalchemy_store",
    "optuna",
    "pandas",
    "plotly",
    "scipy.stats",
    "matplotlib.figure",
]
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(LIBRARIES)
POLL_SECONDS = 0.05


def _main(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], out: str, errors: str
) -> None:
    """What ``python -m`` does with a module's name and arguments, in a session of its own."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in ((1, out), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    sys.path.insert(0, str(folder))
    sys.argv = list(arguments)
    try:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    finally:  # as an interpreter ends: multiprocessing's children do without
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()


class Command:
    """A running command, with what the tests use of ``subprocess.Popen``.

    Args:
        arguments: a module's name, then its own.
        log: for both streams; otherwise ``out`` and ``errors`` are files elsewhere.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        log: Path | None = None,
    ):
        self.arguments = arguments
        place = Path(log.parent if log else tempfile.mkdtemp(prefix="command-"))
        self.out, self.errors = (log or place / name for name in ("out", "errors"))
        self.errors.touch()
        self.process = CONTEXT.Process(
            target=_main,
            args=(arguments, folder, environment, str(self.out), str(self.errors)),
            daemon=True,  # ended with the tests
        )
        self.process.start()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Exit code, or minus the signal's number.

        Raises:
            TimeoutExpired: it still runs.
        """
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(self.arguments, timeout or 0)
        return self.process.exitcode

    def kill(self) -> None:
        self.process.kill()

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self.wait(timeout)
        return self.out.read_text() if self.out.exists() else "", self.errors.read_text()

    def lines(self) -> Iterator[str]:
        """Of the errors' stream, until the command ends."""
        seen = 0
        while True:
            has_ended = self.returncode is not None
            whole = self.errors.read_text().split("\n")[:-1]
            yield from whole[seen:]
            if has_ended:
                return
            seen = len(whole)
            self.process.join(POLL_SECONDS)

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, kind: type | None, error: object, trace: TracebackType | None) -> None:
        self.wait()
