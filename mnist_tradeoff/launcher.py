"""Notices that the `mlflow run` above this process was killed, to end as well.

MLflow starts an entry point through a shell and does not take it along when it is killed: the
training would go on for nobody, and its run would stay RUNNING.
"""

import os
from collections.abc import Callable

import psutil

RUN_VARIABLE = "MLFLOW_RUN_ID"
# What may stand between `mlflow run` and this process.
SHELLS = ("bash", "sh", "conda", "uv")


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
