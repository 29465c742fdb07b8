"""Which processes are alive: the `mlflow run` above this one, and the owners of other runs.

MLflow starts an entry point through a shell and does not take it along when it is killed: the
training would go on for nobody, and its run would stay RUNNING. A process that is killed itself
leaves its runs RUNNING too, for the next one to close.
"""

import hashlib
import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from mnist_tradeoff.system.host import available_cores
from mnist_tradeoff.system.redaction import redact

RUN_VARIABLE = "MLFLOW_RUN_ID"
THREADS_VARIABLE = "MNIST_TRADEOFF_THREADS"
# Workers that share the cores are given their number of threads.
THREADS = int(os.environ.get(THREADS_VARIABLE) or available_cores())
PARENT_CHECK_SECONDS = 1
# What may stand between `mlflow run` and this process.
SHELLS = ("bash", "sh", "conda", "uv")
# The start of a process is counted from the boot's, which moves when the clock is set.
CLOCK_SECONDS = 2
# A process on another host that has not been heard of for so long is taken to be dead. The hosts'
# clocks may differ by what is left when a few beats are lost.
BEAT_SECONDS = 20
SILENCE_SECONDS = 180


def watch_launcher() -> Callable[[], None]:
    """A check that raises KeyboardInterrupt once the `mlflow run` above this process is gone.

    Call this first of all: later, the launcher may be gone already, and MLflow removes its
    variable from the environment when it joins the run. Without `mlflow run` the check is empty.
    """
    if RUN_VARIABLE not in os.environ:
        return lambda: None
    launcher = _launcher()
    if launcher is None:
        return lambda: None

    def check() -> None:
        try:
            gone = not launcher.is_running() or launcher.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            gone = True
        if gone:
            raise KeyboardInterrupt

    return check


def _launcher() -> psutil.Process | None:
    parents = psutil.Process().parents()
    return next((parent for parent in parents if parent.name() not in SHELLS), None)


def launched_project() -> str:
    """The project as `mlflow run` is given it: ``.``, or its path where called elsewhere."""
    launcher = _launcher() if RUN_VARIABLE in os.environ else None
    with suppress(psutil.Error, OSError):
        if launcher and not Path(launcher.cwd()).samefile(Path.cwd()):
            return str(Path.cwd())
    return "."


def require_absolute(variable: str, relative_path: Callable[[str], str]) -> None:
    """Refuse a relative path in a variable where `mlflow run` was called in another folder.

    Args:
        relative_path: of a variable's value the path, if it is a relative one.

    Raises:
        ValueError: it is, and means another file here than there.
    """
    path = relative_path(os.environ.get(variable, "").strip())
    launcher = _launcher() if RUN_VARIABLE in os.environ else None
    with suppress(psutil.Error, OSError):
        if path and launcher and not Path(launcher.cwd()).samefile(Path.cwd()):
            raise ValueError(
                f"{variable} names the relative path '{redact(path)}', and means another file here "
                f"('{Path.cwd()}') than where 'mlflow run' was called: make it absolute"
            )


def this_owner() -> str:
    """``host/number/second of its start`` of this process: numbers alone come again."""
    return _owner(psutil.Process())


def _owner(process: psutil.Process) -> str:
    return f"{this_host()}/{process.pid}/{process.create_time():.0f}"


def this_host() -> str:
    """Digest of this machine's name and network card."""
    # With the network card's number, because many machines are called localhost.
    name = f"{socket.gethostname()} {uuid.getnode()}"
    return hashlib.md5(name.encode()).hexdigest()[:12]


def is_owner(owner: Any) -> bool:
    """Whether something is of the form that ``this_owner`` gives."""
    return isinstance(owner, str) and re.fullmatch(r"[^/\s]+/\d+/\d+", owner) is not None


def is_dead(owner: Any, beat: Any = None, now: float | None = None) -> bool:
    """Whether an owner's process has ended; one that is no owner has not.

    Args:
        owner: as ``this_owner`` gives it.
        beat: when it was last heard of, in seconds of ``time.time``. It decides about a process on
            another host; without it, or where it is no number, that one is taken to be alive.
        now: by the clock that the beat is of, if that is another one than this machine's.
    """
    if not is_owner(owner):
        return False
    match = re.fullmatch(rf"{this_host()}/(\d+)/(\d+)", owner)
    if not match:
        with suppress(TypeError, ValueError):
            return (time.time() if now is None else now) - float(beat) > SILENCE_SECONDS
        return False
    try:
        process = psutil.Process(int(match[1]))
        is_another = abs(process.create_time() - int(match[2])) > CLOCK_SECONDS
        return is_another or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@contextmanager
def beating(beat: Callable[[], object]) -> Iterator[None]:
    """Call a function from a thread every 20 seconds; an error of its own changes nothing."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(BEAT_SECONDS):
            with suppress(Exception):  # the store may be away for a while
                beat()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()


def parent_owner() -> str:
    """``this_owner`` of the process that started this one."""
    return _owner(psutil.Process(os.getppid()))


def exit_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
