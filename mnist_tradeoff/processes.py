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
from collections.abc import Callable

import psutil

RUN_VARIABLE = "MLFLOW_RUN_ID"
THREADS_VARIABLE = "MNIST_TRADEOFF_THREADS"
PARENT_CHECK_SECONDS = 1
# What may stand between `mlflow run` and this process.
SHELLS = ("bash", "sh", "conda", "uv")
# The start of a process is counted from the boot's, which moves when the clock is set.
CLOCK_SECONDS = 2


def watch_launcher() -> Callable[[], None]:
    """A check that raises KeyboardInterrupt once the `mlflow run` above this process is gone.

    Call this first of all: later, the launcher may be gone already, and MLflow removes its
    variable from the environment when it joins the run. Without `mlflow run` the check is empty.
    """
    if RUN_VARIABLE not in os.environ:
        return lambda: None
    parents = [parent for parent in psutil.Process().parents() if parent.name() not in SHELLS]
    if not parents:
        return lambda: None
    launcher = parents[0]

    def check() -> None:
        try:
            gone = not launcher.is_running() or launcher.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            gone = True
        if gone:
            raise KeyboardInterrupt

    return check


def this_owner() -> str:
    """``host/number/second of its start`` of this process: numbers alone come again."""
    process = psutil.Process()
    return f"{this_host()}/{process.pid}/{process.create_time():.0f}"


def this_host() -> str:
    """Digest of this machine's name and network card."""
    # With the network card's number, because many machines are called localhost.
    name = f"{socket.gethostname()} {uuid.getnode()}"
    return hashlib.md5(name.encode()).hexdigest()[:12]


def is_dead(owner: str) -> bool:
    """Whether an owner's process has ended; one on another host is taken to be alive."""
    match = re.fullmatch(rf"{this_host()}/(\d+)/(\d+)", owner)
    if not match:
        return False
    try:
        process = psutil.Process(int(match[1]))
        is_another = abs(process.create_time() - int(match[2])) > CLOCK_SECONDS
        return is_another or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def exit_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
