"""CPU seconds that samplers need to reach what Optuna's default finds, replayed from a table.

    python -m benchmarks.replay --searches 40

Every search proposes architectures of the grid in ``replay_table.py`` one after the other and is
told what their training came to; the table says so, with its CPU seconds, and the seconds of
proposing are added. HV2 is that of the best validation accuracies so far. The target of each
paired search is what Optuna's default sampler (TPE) has after its last trial. Then a search of
1,000 trials by each sampler, to see how its time grows; the grid has 300 points, so many are
replicates. And a check: trainings of the table are done again and compared.

The surrogate's settings were compared on this table, too (NOTES.md), in searches with numbers
below 200; those here are others.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context

import numpy as np
import optuna
import pandas as pd
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from tqdm import tqdm

from benchmarks import replay_table
from benchmarks.command import at_least, results_file, write_results
from benchmarks.contestant import host_line
from benchmarks.ours import host
from mnist_tradeoff.analysis.hv2 import MNIST_SCALE, hv2
from mnist_tradeoff.architecture.costs import exact_cost
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.search.sampler import SurrogateSampler
from mnist_tradeoff.system.signals import run_to_exit

RESULTS = results_file("replay")
# What the others may have more than the default, to reach what it found.
PATIENCE = 4
CHECKED = 6
FIRST_NUMBER = 1_000
SHOWN = 120
OURS = "ours"
SPACE = replay_table.GridSpace()
SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "Optuna's default (TPE)": lambda seed: TPESampler(seed=seed),
    "random": lambda seed: RandomSampler(seed=seed),
    "NSGA-II": lambda seed: NSGAIISampler(seed=seed),
    OURS: lambda seed: SurrogateSampler(
        *(seed, SPACE, MNIST, partial(exact_cost, name="num_params", task=MNIST)),
        *(MNIST_SCALE.worst_num_params, MNIST_SCALE),
    ),
}
DEFAULT = next(iter(SAMPLERS))


def search(sampler: BaseSampler, trainings: pd.DataFrame, trials: int, target: float = 2) -> dict:
    """Replay one search until it has the target.

    Args:
        trainings: of one seed, by architecture.

    Returns:
        hv2 and CPU seconds after every trial; proposing: the seconds of these that are no training.
    """
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
    points: list[tuple[int, float]] = []
    found: dict[str, list[float]] = {"hv2": [], "cpu_seconds": [], "proposing": []}
    training = proposing = 0.0
    while len(points) < trials and max(found["hv2"], default=0) < target:
        started = time.process_time()
        trial = study.ask()
        architecture = SPACE.suggest(trial).architecture
        proposing += time.process_time() - started
        row = trainings.loc[str(architecture)]
        num_params = exact_cost(architecture, "num_params", MNIST)
        rung = {"epochs": replay_table.EPOCHS, "val_accuracy": row.val_accuracy}
        for name, value in (
            *(("architecture", str(architecture)), ("rungs", [rung])),
            ("costs", {"num_params": num_params}),
        ):
            trial.set_user_attr(name, value)
        study.tell(trial, [row.val_accuracy, num_params])
        training += row.cpu_seconds
        points.append((num_params, row.val_accuracy))
        params, accuracies = np.array(list(dict.fromkeys(points))).T
        found["hv2"].append(hv2(params, accuracies, MNIST_SCALE))
        found["cpu_seconds"].append(training + proposing)
        found["proposing"].append(proposing)
    return found


def thinned(found: dict) -> dict[str, list]:
    """A long search at some of its trials, evenly on a logarithmic axis."""
    trials = np.unique(np.geomspace(1, len(found["hv2"]), SHOWN).round().astype(int))
    kept = {name: [values[i - 1] for i in trials] for name, values in found.items()}
    return {"trials": trials.tolist(), **kept}


def trainings_of(seed: int) -> pd.DataFrame:
    """The table's trainings with one seed, by architecture."""
    trainings = replay_table.load()
    return trainings[trainings.seed == seed].set_index("architecture")


def pair(number: int, trials: int) -> dict:
    """One search by each sampler; the target, and the CPU seconds of each until it has it."""
    trainings = trainings_of(replay_table.SEEDS[number % len(replay_table.SEEDS)])
    default = search(SAMPLERS[DEFAULT](number), trainings, trials)
    target = default["hv2"][-1]
    searches = {DEFAULT: default}
    for name in list(SAMPLERS)[1:]:
        searches[name] = search(SAMPLERS[name](number), trainings, PATIENCE * trials, target)
    return {
        "target": target,
        "seconds": {name: seconds_to(target, one) for name, one in searches.items()},
        "spent": {name: one["cpu_seconds"][-1] for name, one in searches.items()},
        "trials": {name: len(one["hv2"]) for name, one in searches.items()},
    }


def seconds_to(target: float, found: dict) -> float | None:
    """CPU seconds until a search has a hypervolume, or None."""
    pairs = zip(found["cpu_seconds"], found["hv2"], strict=True)
    return next((seconds for seconds, volume in pairs if volume >= target), None)


def ratios(results: dict) -> dict[str, list[float]]:
    """CPU seconds to the target over those of ours, a number a pair, by sampler.

    A sampler that missed the target counts with all it spent, which is less than it needs; where
    ours missed it, the ratio is 0. Pairs in which both missed it say nothing.
    """
    found: dict[str, list[float]] = {}
    for one in results["pairs"]:
        ours = one["seconds"][OURS]
        for name, seconds in one["seconds"].items():
            if name != OURS and not (seconds is None and ours is None):
                needed = one["spent"][name] if seconds is None else seconds
                found.setdefault(name, []).append(0.0 if ours is None else needed / ours)
    return found


def check() -> dict:
    """Train some of the table again, each in a process with one thread."""
    trainings = replay_table.load()
    pairs = list(zip(trainings.architecture, trainings.seed, strict=True))
    jobs = random.Random(0).sample(pairs, CHECKED)
    with get_context("spawn").Pool(1, replay_table.use_one_thread) as pool:
        rows = pool.map(replay_table.train_one, jobs)
    kept = trainings.set_index(["architecture", "seed"]).loc[jobs]
    accuracies = np.array([row["val_accuracy"] for row in rows])
    seconds = np.array([row["cpu_seconds"] for row in rows])
    return {
        "trainings": CHECKED,
        "max_accuracy_difference": float(abs(accuracies - kept.val_accuracy).max()),
        "cpu_seconds_ratio": float(np.median(seconds / kept.cpu_seconds)),
    }


def markdown(results: dict) -> str:
    """A row a sampler, the check, and the host."""
    pairs, checked = results["pairs"], results["check"]
    rows = []
    for name in SAMPLERS:
        seconds = [one["seconds"][name] for one in pairs]
        reached = [value for value in seconds if value is not None]
        paired = ratios(results).get(name)
        rows.append(
            (
                name,
                f"{statistics.median(one['trials'][name] for one in pairs):.0f}",
                f"{len(reached)} of {len(pairs)}",
                _median(reached, ".0f") if reached else "–",
                _median(paired, ".1f") if paired else "–",
            )
        )
    head = (
        *("sampler", "trials (median)", "target reached", "CPU seconds to it, median (range)"),
        "times those of ours, median of pairs (range)",
    )
    targets = [one["target"] for one in pairs]
    return "\n".join(
        [
            table(head, rows),
            "",
            f"{len(pairs)} paired searches; target: HV2 of the default after {results['trials']} "
            f"trials, {min(targets):.3f} to {max(targets):.3f}; the others had {PATIENCE} times as "
            f"many. Check: {checked['trainings']} trainings of the table done again differ by at "
            f"most {100 * checked['max_accuracy_difference']:.2f} points of accuracy and took "
            f"{checked['cpu_seconds_ratio']:.2f} times the CPU seconds. "
            f"{host_line(results['host'])}",
        ]
    )


def _median(values: list[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def main() -> None:
    """Replay all searches, and keep what they came to."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.replay", description="samplers compared on a table of trainings"
    )
    parser.add_argument("--searches", type=at_least(1), default=40)
    parser.add_argument("--trials", type=at_least(1), default=60)
    parser.add_argument("--long", type=at_least(1), default=1_000)
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    checked = check()
    numbers = range(FIRST_NUMBER, FIRST_NUMBER + arguments.searches)
    pairs = [
        pair(number, arguments.trials) for number in tqdm(numbers, desc="searches", disable=None)
    ]
    trainings = trainings_of(replay_table.SEEDS[0])
    grown = {
        name: thinned(search(make(0), trainings, arguments.long))
        for name, make in tqdm(SAMPLERS.items(), desc="long searches", disable=None)
    }
    results = {
        "host": host(),
        "trials": arguments.trials,
        "pairs": pairs,
        "check": checked,
        "grown": grown,
    }
    write_results(RESULTS, results)
    print(markdown(results))


if __name__ == "__main__":
    run_to_exit(main)
