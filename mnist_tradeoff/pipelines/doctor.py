"""``doctor``: what is wrong with environment, data or stores, and what to do.

It closes the runs and gives back the trials whose processes are dead, as every start does. Rooms
are imported where they are used: the first check tells what is not installed.
"""

import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.system.plain import visible
from mnist_tradeoff.system.signals import ERRORS

REQUIREMENTS = Path(__file__).parents[2] / "requirements.txt"
# What the project itself imports; the rest follows from it.
PACKAGES = ("tensorflow", "keras", "mlflow", "optuna", "numpy", "pandas", "ai-edge-litert")
FREE_BYTES = 2 * 10**9


def run_doctor(source: DataConfig) -> None:
    """Check everything, one line each.

    Raises:
        ValueError: some checks failed; their lines say how.
    """
    checks: dict[str, Callable[[], str]] = {
        "versions": check_versions,
        "disk": check_disk,
        "data": lambda: check_data(source),
        "tracking store": check_tracking,
        "study storage": check_storage,
    }
    wrong = 0
    for name, check in checks.items():
        try:
            state, text = "ok", check()
        except ERRORS as error:
            state, text = "WRONG", " ".join(str(error).split())
            wrong += 1
        first, *more = text.splitlines()
        print(
            f"{state:<6}{name:<16}{first}", *(f"      {visible(line)}" for line in more), sep="\n"
        )
        sys.stdout.flush()
    if wrong:
        raise ValueError(f"{wrong} of {len(checks)} checks failed: see above")


def check_versions() -> str:
    """The versions that are installed, if they are those of requirements.txt."""
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.]+)", REQUIREMENTS.read_text(), re.MULTILINE))
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "missing"
    others = [f"{name} {v}, not {pinned[name]}" for name, v in found.items() if v != pinned[name]]
    if others:
        raise ValueError(f"{'; '.join(others)}: run 'pip install -r requirements.txt'")
    python = ".".join(map(str, sys.version_info[:3]))
    return f"Python {python}, " + ", ".join(f"{name} {v}" for name, v in found.items())


def check_disk() -> str:
    """Free space here, if it is enough for a study."""
    free = shutil.disk_usage(Path.cwd()).free
    text = f"{free / 1e9:.1f} GB free here"
    if free < FREE_BYTES:
        raise OSError(f"{text}: make room, a study needs {FREE_BYTES / 1e9:.0f}")
    return text


def check_data(source: DataConfig) -> str:
    """Which set would be used, if it is the one that was asked for, and what is in it.

    A folder ``dataset_NAME`` beside the store has its figure and its tables.
    """
    from mnist_tradeoff.data.sets import load_configured
    from mnist_tradeoff.pipelines.dataset import show
    from mnist_tradeoff.tracking.store import store_folder

    dataset = load_configured(source)
    if dataset.fallback_reason:
        raise ValueError(f"not MNIST but the digits demo would be used: {dataset.fallback_reason}")
    first = f"{dataset.name}, {len(dataset.train.labels):,} training images, {dataset.digest}"
    return "\n".join([first, *show(dataset, store_folder())])


def check_tracking() -> str:
    """The store's address, if a run with a file can be written."""
    os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"  # an answer now, not in minutes
    os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = "10"
    from mnist_tradeoff.tracking.runs import log_contents, tracked_run
    from mnist_tradeoff.tracking.store import address, prepare_store

    closed = prepare_store()
    with tracked_run("doctor", {}, {"role": "doctor"}):
        log_contents({"doctor.txt": "a file can be written\n"})
    return f"{address()}, a run and a file written, {closed} abandoned runs closed"


def check_storage() -> str:
    """The storage's address and its studies, if its clock agrees with this machine's.

    Trials that do not count are told on lines of their own.
    """
    from mnist_tradeoff.search.service import describe_storage
    from mnist_tradeoff.tracking.store import store_folder

    text = describe_storage(store_folder())
    return f"{text}, {give_back_trials()} abandoned trials given back"


def give_back_trials() -> int:
    """Let the trials of dead processes wait again, in all studies; how many there were.

    Raises:
        ValueError: the storage cannot be used.
    """
    from mnist_tradeoff.report import terminal
    from mnist_tradeoff.search.service import study_names
    from mnist_tradeoff.search.study import Study
    from mnist_tradeoff.tracking.store import store_folder

    folder = store_folder()
    studies = [Study.load(name, folder) for name in study_names(folder)]
    for study in studies:
        terminal.tell_foreign(study.config.study, study.foreign())
    return sum(study.release_abandoned() for study in studies)


def reap() -> None:
    """Close the runs and give back the trials whose processes are dead, and say how many.

    Raises:
        ValueError, OSError: a store cannot be used.
    """
    from mnist_tradeoff.tracking.store import prepare_store

    closed = prepare_store()
    print(f"{closed} runs closed, {give_back_trials()} trials given back")
