"""Entry point ``doctor``: what is wrong with environment, data or stores, and what to do.

python -m experiments.doctor
"""

import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from mnist_tradeoff.search.config import DoctorConfig
from mnist_tradeoff.system import command_line as cli

REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"
# What the project itself imports; the rest follows from it.
PACKAGES = ("tensorflow", "keras", "mlflow", "optuna", "numpy", "pandas", "ai-edge-litert")
FREE_BYTES = 2 * 10**9


def run_doctor(config: DoctorConfig) -> None:
    checks: dict[str, Callable[[], str]] = {
        "versions": check_versions,
        "disk": check_disk,
        "data": lambda: check_data(config.dataset),
        "tracking store": check_tracking,
        "study storage": check_storage,
    }
    wrong = 0
    for name, check in checks.items():
        try:
            state, text = "ok", check()
        except cli.ERRORS as error:
            state, text = "WRONG", " ".join(str(error).split())
            wrong += 1
        print(f"{state:<6}{name:<16}{text}", flush=True)
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


def check_data(name: str) -> str:
    """Which set would be used, if it is the one that was asked for."""
    from mnist_tradeoff.data import dataset as data

    dataset = data.load(name)
    if dataset.fallback_reason:
        raise ValueError(f"not MNIST but the digits demo would be used: {dataset.fallback_reason}")
    return f"{dataset.name}, {len(dataset.train.labels):,} training images, {dataset.digest}"


def check_tracking() -> str:
    """The store's address, if a run with a file can be written."""
    os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"  # an answer now, not in minutes
    os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = "10"
    from mnist_tradeoff.tracking import store as tracking

    closed = tracking.prepare_store()
    with tracking.tracked_run("doctor", {}, {"role": "doctor"}):
        tracking.log_report({"doctor.txt": "a file can be written\n"}, {})
    return f"{tracking.address()}, a run and a file written, {closed} abandoned runs closed"


def check_storage() -> str:
    """The storage's address and its studies, if its clock agrees with this machine's."""
    from mnist_tradeoff.search.study import describe_storage
    from mnist_tradeoff.tracking import store as tracking

    return describe_storage(tracking.store_folder())


if __name__ == "__main__":
    cli.run(lambda: run_doctor(cli.parse(DoctorConfig)))
