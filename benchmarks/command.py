"""What every measure's command needs: numbers that are checked, results that are whole."""

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mnist_tradeoff.system.files import write_whole

FOLDER = Path(__file__).parent
# Another folder for the numbers, those of a quick run; commands inherit it.
RESULTS_VARIABLE = "BENCHMARK_RESULTS"
# Of whoever runs the benchmark; a measure's own searches have a store of their own.
STORE_VARIABLES = ("OPTUNA_STORAGE", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME")


def at_least(minimum: int) -> Callable[[str], int]:
    """An argparse type: an integer that is not smaller."""

    def integer(text: str) -> int:
        if not text.isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"must be an integer of at least {minimum}: '{text}'")
        return int(text)

    return integer


def results_folder() -> Path:
    """Where numbers are kept: ``results``, or what the environment says."""
    return Path(os.environ.get(RESULTS_VARIABLE, FOLDER / "results"))


def results_file(module: str) -> Path:
    """The file of a measure's numbers."""
    return results_folder() / f"{module}.json"


def write_results(path: Path, results: Any) -> None:
    """Write numbers as JSON."""
    write_whole(path, f"{json.dumps(results, indent=1)}\n".encode())


def own_store(folder: Path) -> dict[str, str]:
    """The environment of this process, but with MLflow's and Optuna's stores in a folder."""
    environment = {k: v for k, v in os.environ.items() if k not in STORE_VARIABLES}
    return environment | {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
