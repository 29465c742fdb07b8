"""Memory of a training, and of a worker over many trials: is it flat?

    python -m benchmarks.training_memory --trials 100

The peak of one training of each reference at default settings, its test included, each in a process
of its own. And a real search of so many trials of one epoch by one worker, which writes down its
resident memory after each; it trains on the first 5,000 training images only, to take minutes.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
from tqdm import tqdm

from benchmarks.command import at_least, own_store, results_file, write_results
from benchmarks.contestant import host_line
from benchmarks.ours import host
from benchmarks.study_throughput import search_only
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.system.processes import exit_with_parent
from mnist_tradeoff.system.signals import run_to_exit
from mnist_tradeoff.training.recipe import TrainConfig

RESULTS = results_file("training_memory")
MEMORY_FILE = "megabytes.json"
IMAGES = 5_000
STEP = 10


def train_reference(name: str) -> None:
    """Train and test a reference in this process, and print its peak in megabytes."""
    from mnist_tradeoff.data import sets
    from mnist_tradeoff.training.loop import train_and_test

    train_and_test(REFERENCES[name].architecture, sets.load("mnist"), TrainConfig())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)


def measured_work(
    config: SearchConfig, data_identity: str, task: Task, folder: Path, training, val
) -> None:
    """A worker process of the search that also writes down its memory after each trial."""
    from mnist_tradeoff.data.dataset import Split
    from mnist_tradeoff.pipelines.study import work
    from mnist_tradeoff.search import trials as search

    run_trial, process, megabytes = search.run_trial, psutil.Process(), []

    def measured(*arguments):
        run_trial(*arguments)
        megabytes.append(process.memory_info().rss / 1e6)

    search.run_trial = measured
    few = Split(training.images[:IMAGES], training.labels[:IMAGES])
    work(config, data_identity, task, folder, few, val)
    (folder / MEMORY_FILE).write_text(json.dumps(megabytes))


def peak_of(name: str) -> float:
    """Most resident megabytes of a process that trains a reference.

    A new process starts with the peak of the one that starts it: this one must have been smaller.
    """
    return float(_run(["--train", name], os.environ))


def measure(trials: int) -> list[float]:
    """Resident megabytes of the one worker of a real study after each trial."""
    with tempfile.TemporaryDirectory() as folder:
        _run(["--search", str(trials)], own_store(Path(folder)))
        return json.loads((Path(folder) / MEMORY_FILE).read_text())


def _run(options: list[str], environment) -> str:
    command = [sys.executable, "-m", "benchmarks.training_memory", *options]
    return subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def slope(megabytes: list[float]) -> float:
    """Megabytes a trial from the tenth trial on, by least squares."""
    later = range(STEP, len(megabytes) + 1)
    return statistics.linear_regression(later, megabytes[STEP - 1 :]).slope


def markdown(results: dict) -> str:
    """Peaks of the references, memory after every tenth trial, growth, and the host."""
    megabytes = results["megabytes"]
    numbers = [1, *range(STEP, len(megabytes) + 1, STEP)]
    peaks = [[f"`{name}`", f"{peak:,.0f}"] for name, peak in results["peak_megabytes"].items()]
    trials = [[str(number), f"{megabytes[number - 1]:,.0f}"] for number in numbers]
    return "\n".join(
        [
            table(["training", "peak MB"], peaks),
            "",
            table(["trials", "resident MB"], trials, left=0),
            "",
            f"{slope(megabytes):+.2f} MB a trial from trial {STEP} on (least squares). "
            f"{host_line(results['host'])}",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="memory of trainings, and of many trials")
    parser.add_argument("--trials", type=at_least(STEP + 1), default=100)
    parser.add_argument("--train", choices=REFERENCES, help=argparse.SUPPRESS)
    parser.add_argument("--search", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train:
        train_reference(arguments.train)
        return
    if arguments.search:
        exit_with_parent()
        config = SearchConfig(trials=arguments.search, epochs=1, dataset="mnist")
        search_only(config, measured_work)
        return
    peaks = {name: peak_of(name) for name in tqdm(REFERENCES, disable=None)}
    results = {
        "peak_megabytes": peaks,
        "megabytes": measure(arguments.trials),
        "host": host(),
    }
    write_results(RESULTS, results)
    print(markdown(results))


if __name__ == "__main__":
    run_to_exit(main)
