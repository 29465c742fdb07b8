"""CPU seconds that samplers need to reach what Optuna's default finds, replayed from a table.

    python -m benchmarks.replay --searches 40

Every search proposes architectures of the grid in ``replay_table.py`` one after the other and is
told what their training came to; the table says so, with its CPU seconds, and the seconds of
proposing are added. HV2 is that of the best validation accuracies so far. The target of each
paired search is what Optuna's default sampler (TPE) has after its last trial. Then a search of
1,000 trials by each sampler, to see how its time grows. And a check: trainings of the table are
done again and must come out the same.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from tqdm import tqdm

from benchmarks import replay_table
from benchmarks.contestant import host_line
from benchmarks.ours import host
from mnist_tradeoff.config import exact_cost
from mnist_tradeoff.pareto import WORST_LOG_NUM_PARAMS, hv2
from mnist_tradeoff.sampler import SurrogateSampler

RESULTS = Path(__file__).parent / "results" / "replay.json"
# What the others may have more than the default, to reach what it found.
PATIENCE = 4
CHECKED = 6
OURS = "ours"
SPACE = replay_table.GridSpace()
SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "Optuna's default (TPE)": lambda seed: TPESampler(seed=seed),
    "random": lambda seed: RandomSampler(seed=seed),
    "NSGA-II": lambda seed: NSGAIISampler(seed=seed),
    OURS: lambda seed: SurrogateSampler(
        seed, SPACE, partial(exact_cost, cost="num_params"), 10**WORST_LOG_NUM_PARAMS
    ),
}
DEFAULT = next(iter(SAMPLERS))


def search(sampler: BaseSampler, table: pd.DataFrame, trials: int, target: float = 2) -> dict:
    """Replay one search until it has the target.

    Args:
        table: by architecture, the trainings of one seed.

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
        architecture = SPACE.suggest(trial)
        proposing += time.process_time() - started
        row = table.loc[str(architecture)]
        num_params = exact_cost(architecture, "num_params")
        rung = {"epochs": replay_table.EPOCHS, "val_accuracy": row.val_accuracy}
        for name, value in (
            *(("architecture", str(architecture)), ("rungs", [rung])),
            ("costs", {"num_params": num_params}),
        ):
            trial.set_user_attr(name, value)
        study.tell(trial, [row.val_accuracy, num_params])
        training += row.cpu_seconds
        points.append((num_params, row.val_accuracy))
        found["hv2"].append(hv2(*np.array(list(dict.fromkeys(points))).T))
        found["cpu_seconds"].append(training + proposing)
        found["proposing"].append(proposing)
    return found


def trainings_of(seed: int) -> pd.DataFrame:
    """The table's trainings with one seed, by architecture."""
    table = replay_table.load()
    return table[table.seed == seed].set_index("architecture")


def pair(number: int, trials: int) -> dict:
    """One search by each sampler; the target, and the CPU seconds of each until it has it."""
    table = trainings_of(replay_table.SEEDS[number % len(replay_table.SEEDS)])
    default = search(SAMPLERS[DEFAULT](number), table, trials)
    target = default["hv2"][-1]
    searches = {DEFAULT: default}
    for name in list(SAMPLERS)[1:]:
        searches[name] = search(SAMPLERS[name](number), table, PATIENCE * trials, target)
    return {
        "target": target,
        "seconds": {name: seconds_to(target, one) for name, one in searches.items()},
        "trials": {name: len(one["hv2"]) for name, one in searches.items()},
    }


def seconds_to(target: float, found: dict) -> float | None:
    """CPU seconds until a search has a hypervolume, or None."""
    pairs = zip(found["cpu_seconds"], found["hv2"], strict=True)
    return next((seconds for seconds, volume in pairs if volume >= target), None)


def check() -> dict:
    """Train some of the table again, each in a process with one thread."""
    table = replay_table.load()
    jobs = random.Random(0).sample(list(zip(table.architecture, table.seed, strict=True)), CHECKED)
    with get_context("spawn").Pool(1, replay_table.use_one_thread) as pool:
        rows = pool.map(replay_table.train_one, jobs)
    kept = table.set_index(["architecture", "seed"]).loc[jobs]
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
    lines = [
        "| sampler | trials (median) | CPU seconds to the target, median (range) "
        "| times those of ours, median of pairs |",
        "|---|--:|--:|--:|",
    ]
    for name in SAMPLERS:
        seconds = [one["seconds"][name] for one in pairs]
        reached = [value for value in seconds if value is not None]
        ratios = [one["seconds"][name] / one["seconds"][OURS] for one in pairs if _both(one, name)]
        cells = [
            f"{statistics.median(reached):.0f} ({min(reached):.0f}–{max(reached):.0f})"
            if reached
            else "–",
            f"{statistics.median(ratios):.1f}×" if ratios else "–",
        ]
        missed = f"; not reached in {len(seconds) - len(reached)}" if None in seconds else ""
        count = statistics.median(one["trials"][name] for one in pairs)
        lines.append(f"| {name} | {count:.0f} | {cells[0]}{missed} | {cells[1]} |")
    targets = [one["target"] for one in pairs]
    return "\n".join(
        [
            *lines,
            "",
            f"{len(pairs)} paired searches; target: HV2 of the default after {results['trials']} "
            f"trials, {min(targets):.3f} to {max(targets):.3f}; the others had {PATIENCE} times as "
            f"many. Check: {checked['trainings']} trainings of the table done again differ by at "
            f"most {100 * checked['max_accuracy_difference']:.2f} points of accuracy and took "
            f"{checked['cpu_seconds_ratio']:.2f} times the CPU seconds. "
            f"{host_line(results['host'])}",
        ]
    )


def _both(one: dict, name: str) -> bool:
    return one["seconds"][name] is not None and one["seconds"][OURS] is not None


def main() -> None:
    """Replay all searches, and keep what they came to."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.replay", description="samplers compared on a table of trainings"
    )
    parser.add_argument("--searches", type=int, default=40)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--long", type=int, default=1_000)
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    numbers = tqdm(range(arguments.searches), desc="searches", disable=None)
    pairs = [pair(number, arguments.trials) for number in numbers]
    table = trainings_of(replay_table.SEEDS[0])
    grown = {
        name: search(make(0), table, arguments.long)
        for name, make in tqdm(SAMPLERS.items(), desc="long searches", disable=None)
    }
    results = {
        "host": host(),
        "trials": arguments.trials,
        "pairs": pairs,
        "check": check(),
        "grown": grown,
    }
    RESULTS.write_text(f"{json.dumps(results)}\n")
    print(markdown(results))


if __name__ == "__main__":
    main()
