"""Seconds from the command until a training has begun.

    python -m benchmarks.first_step

`python -m experiments.train` of one epoch: from its start to the line of that epoch, less the
seconds of the epoch's steps. The first validation is part of what is left. The store is there
already, but for the first round, which makes it.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mlflow
from tqdm import tqdm

from benchmarks.command import FOLDER, at_least, own_store, results_file, write_results
from benchmarks.contestant import host_line
from benchmarks.ours import host
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.system.signals import run_to_exit

RESULTS = results_file("first_step")
MODEL = "cnn_v1"
COMMAND = [sys.executable, "-m", "experiments.train", "--model", MODEL, "--epochs", "1"]


def until_trained(folder: Path) -> float:
    """Seconds until the command's first epoch is done.

    Raises:
        RuntimeError: it ended without.
    """
    environment = own_store(folder) | {"PYTHONPATH": str(FOLDER.parent)}
    started, found, lines = time.perf_counter(), None, []
    with subprocess.Popen(
        COMMAND,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if line.startswith("epoch 1/1") and found is None:
                found = time.perf_counter() - started
    if process.returncode or found is None:
        raise RuntimeError(f"{' '.join(COMMAND[1:])} failed: {''.join(lines)}")
    return found


def measure(rounds: int) -> list[float]:
    """Seconds until the first step, of each round."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        client = mlflow.MlflowClient(own_store(Path(name))["MLFLOW_TRACKING_URI"])
        for _ in tqdm(range(rounds + 1), disable=None):
            seconds = until_trained(Path(name))
            experiments = [one.experiment_id for one in client.search_experiments()]
            newest = client.search_runs(experiments, max_results=1)[0]
            found.append(seconds - newest.data.metrics["train_seconds"])
    return found


def markdown(results: dict) -> str:
    """Every round, and the host."""
    first, *later = (f"{seconds:.1f}" for seconds in results["seconds"])
    rows = [["new store", first], ["store exists", ", ".join(later)]]
    return "\n".join([table(["", "seconds"], rows, left=2), "", host_line(results["host"])])


def main() -> None:
    parser = argparse.ArgumentParser(description="seconds until a training has begun")
    parser.add_argument("--rounds", type=at_least(1), default=5)
    results = {"seconds": measure(parser.parse_args().rounds), "host": host()}
    write_results(RESULTS, results)
    print(markdown(results))


if __name__ == "__main__":
    run_to_exit(main)
