"""What a study's seconds go into, and what two workers gain over one.

    python -m benchmarks.study_throughput --trials 60 --rounds 2

Two tables. *Share outside training*: a real study of so many trials with two workers; outside is
all that is not inside a call of ``train`` (start-up of the processes, sampling, storage,
tracking). *Workers*: the ten first trials of a study of two costs at one epoch (three references
and TPE's random ones, the same whoever runs them), by one worker of two threads and by two of one,
taking turns; seconds from the command's start to its end without the final trainings.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from benchmarks.command import at_least, own_store, results_file, write_results
from benchmarks.contestant import host_line
from benchmarks.ours import host
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.system.processes import exit_with_parent
from mnist_tradeoff.system.signals import run_to_exit

RESULTS = results_file("study_throughput")
SECONDS_FILE = "train_seconds.jsonl"
SAME_TRIALS = 10


def timed_work(
    config: SearchConfig, data_identity: str, task: Task, folder: Path, training, val
) -> None:
    """A worker process of the search that also writes down its seconds inside ``train``."""
    from mnist_tradeoff.pipelines.study import work
    from mnist_tradeoff.search import trials as search

    train, seconds = search.train, []

    def timed(*arguments):
        started = time.monotonic()
        result = train(*arguments)
        seconds.append(time.monotonic() - started)
        return result

    search.train = timed
    work(config, data_identity, task, folder, training, val)
    with (folder / SECONDS_FILE).open("a") as file:
        file.write(f"{json.dumps(sum(seconds))}\n")


def search_only(config: SearchConfig, target: Callable[..., None]) -> None:
    """The search without its final trainings, in this process and its workers.

    Args:
        target: what a worker process does, see ``pipelines.study.work``.
    """
    from mnist_tradeoff.data import sets
    from mnist_tradeoff.pipelines.study import search_trials
    from mnist_tradeoff.search.study import Study
    from mnist_tradeoff.tracking import store as tracking
    from mnist_tradeoff.tracking import study_runs as study_tracking

    tracking.prepare_store()
    dataset = sets.load(config.dataset)
    folder = tracking.store_folder()
    study = Study(config, dataset.identity, dataset.task, folder)
    with study_tracking.study_run({}, study) as run_id:
        log = study_tracking.TrialLog(run_id, config, dataset, lambda: study.lock("log"))
        search_trials(study, dataset, folder, log, lambda: None, target)


def measure(trials: int, epochs: int, workers: int, cost: str) -> dict:
    """Wall seconds of a real study from the start of its command, and those inside ``train``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        sizes = [str(number) for number in (trials, epochs, workers)]
        command = [sys.executable, "-m", "benchmarks.study_throughput", "--only", *sizes, cost]
        started = time.monotonic()
        found = subprocess.run(
            command, env=own_store(path), check=False, stderr=subprocess.PIPE, text=True
        )
        wall = time.monotonic() - started
        if found.returncode:
            raise SystemExit(f"{found.stderr}error: the search did not end well, see above")
        lines = (path / SECONDS_FILE).read_text().splitlines()
    return {
        "trials": trials,
        "epochs": epochs,
        "workers": workers,
        "wall_seconds": wall,
        "train_seconds": sum(map(json.loads, lines)),
    }


def markdown(results: dict) -> str:
    """Both tables and the host."""
    shares, turns = [], []
    for study in results["studies"]:
        inside = study["train_seconds"] / study["workers"] / study["wall_seconds"]
        sizes = [str(study[name]) for name in ("trials", "epochs", "workers")]
        shares.append([*sizes, f"{study['wall_seconds']:.0f}", f"{1 - inside:.1%}"])
    names = {1: "one of two threads", 2: "two of one thread"}
    medians = {}
    for workers, name in names.items():
        seconds = [r["wall_seconds"] for r in results["turns"] if r["workers"] == workers]
        medians[workers] = statistics.median(seconds)
        spread = f"{medians[workers]:.0f} ({min(seconds):.0f}–{max(seconds):.0f})"
        turns.append([name, spread, f"{3600 * SAME_TRIALS / medians[workers]:.0f}"])
    gain = medians[1] / medians[2]
    header = ["trials", "epochs", "workers", "seconds", "outside training"]
    lines = [
        table(header, shares, left=0),
        "",
        table(["workers", "seconds, median (range)", "trials an hour"], turns),
        "",
        f"Two workers: {gain:.2f} times the trials an hour. {host_line(results['host'])}",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="what a study's seconds go into")
    parser.add_argument("--trials", type=at_least(1), default=60)
    parser.add_argument("--rounds", type=at_least(1), default=2)
    parser.add_argument("--only", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        exit_with_parent()
        trials, epochs, workers = map(int, arguments.only[:3])
        cost = arguments.only[3]
        search_only(
            SearchConfig(trials=trials, epochs=epochs, workers=workers, cost=cost, dataset="mnist"),
            timed_work,
        )
        return
    turns = [(SAME_TRIALS, 1, workers, "num_params,macs") for workers in (1, 2)]
    plan = [*turns * arguments.rounds]
    plan.append((arguments.trials, SearchConfig().epochs, 2, "num_params"))
    measured = [measure(*sizes) for sizes in tqdm(plan, disable=None)]
    results = {"host": host(), "turns": measured[:-1], "studies": measured[-1:]}
    write_results(RESULTS, results)
    print(markdown(results))


if __name__ == "__main__":
    run_to_exit(main)
