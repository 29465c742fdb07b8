"""Hypervolume for the same wall seconds: ours against PyTorch's tutorial of search with Ax.

    python -m benchmarks.ax_tutorial --seeds 2 --trials 48

The setting of "Multi-Objective NAS with Ax" on MNIST: nets of two dense layers, validation accuracy
and num_params (here with biases), thresholds 0.94 and 80,000; our split, of which no test images
are read. For every seed the contestant makes its trials, and then ours searches for as many
seconds: once in the tutorial's widths, once in its own space. They take turns, each in a process of
its own; imports and data are outside the clocks, proposals inside. PyTorch is needed; where Ax is
not installed, Optuna's default sampler stands in for it.
"""

import argparse
import importlib.metadata
import importlib.util
import statistics
from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from benchmarks.command import at_least, results_file, write_results
from benchmarks.contestant import Contestant, host_line
from mnist_tradeoff.analysis.pareto import hypervolume
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.system.signals import run_to_exit

RESULTS = results_file("ax_tutorial")
WORST_ACCURACY, WORST_NUM_PARAMS = 0.94, 80_000

NAMES = {
    "ax": "the tutorial with Ax",
    "optuna": "the tutorial with Optuna's default sampler in place of Ax",
    "mlp": "ours on the same widths",
    "widths": "ours in its own space",
}
SPACES = ("mlp", "widths")
# What ours trains was chosen with seed 0 (NOTES.md).
FIRST_SEED = 1
PACKAGES = {"ax": ("torch", "ax-platform", "botorch"), "optuna": ("torch", "optuna")}


def compare(sampler: str, seeds: int, trials: int) -> dict:
    """All searches, by who made them, in the order of the seeds; the host and what ran."""
    ours = {space: Contestant("ours_search", space) for space in SPACES}
    # Once they answer they have loaded everything: nothing runs beside the tutorial.
    hosts = [contestant.ask() for contestant in ours.values()]
    tutorial = Contestant("ax_search", sampler)
    searches: dict[str, list[dict]] = {name: [] for name in (sampler, *ours)}
    for seed in tqdm(range(FIRST_SEED, FIRST_SEED + seeds), desc="searches", disable=None):
        searches[sampler].append(tutorial.ask(seed=seed, trials=trials))
        for space, contestant in ours.items():
            seconds = searches[sampler][-1]["seconds"]
            searches[space].append(contestant.ask(seed=seed, seconds=seconds))
    for contestant in (tutorial, *ours.values()):
        contestant.close()
    versions = {package: importlib.metadata.version(package) for package in PACKAGES[sampler]}
    return {"sampler": sampler, "versions": versions, "hosts": hosts, "searches": searches}


def share(search: dict) -> float:
    """The hypervolume beyond the thresholds, of its maximum (no error, no parameters)."""
    points = [[1 - one["val_accuracy"], one["num_params"]] for one in search["trials"]]
    corner = np.array([1 - WORST_ACCURACY, WORST_NUM_PARAMS])
    return float(hypervolume(np.array(points), corner) / corner.prod())


def best_accuracy(search: dict) -> float:
    """The best one that keeps the threshold of num_params."""
    kept = [one for one in search["trials"] if one["num_params"] < WORST_NUM_PARAMS]
    return max((one["val_accuracy"] for one in kept), default=0.0)


def paired_ratios(results: dict) -> dict[str, list[float]]:
    """Hypervolumes over the tutorial's of the same seed, by who searched."""
    tutorial = results["searches"][results["sampler"]]
    return {
        name: [
            share(search) / share(theirs)
            for search, theirs in zip(searches, tutorial, strict=True)
            if share(theirs)  # there is no ratio to a hypervolume of 0
        ]
        for name, searches in results["searches"].items()
    }


def ratios(results: dict) -> dict[str, float]:
    """Ours over the tutorial: medians of the paired ratios."""
    found = {name: paired_ratios(results)[name] for name in SPACES}
    against = "" if results["sampler"] == "ax" else " (Optuna in place of Ax)"
    return {
        f"{NAMES[name]}{against}": statistics.median(pairs)
        for name, pairs in found.items()
        if pairs
    }


def markdown(results: dict) -> str:
    """A row for each who searched, and the host."""
    rows = []
    for name, searches in results["searches"].items():
        pairs = paired_ratios(results)[name]
        rows.append(
            (
                NAMES[name],
                spread([len(search["trials"]) for search in searches], ".0f"),
                spread([search["seconds"] for search in searches], ".0f"),
                spread([share(search) for search in searches], ".1%"),
                spread([best_accuracy(search) for search in searches], ".2%"),
                spread(pairs, ".3f", statistics.median) if pairs else "–",
            )
        )
    head = ("search", "trials", "wall seconds", "hypervolume", "best accuracy", "ratio")
    return "\n".join([table(head, rows), "", notes(results)])


def spread(values: list, form: str, middle: Callable[[list], float] = statistics.fmean) -> str:
    """Mean, or another middle, and range."""
    return f"{middle(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def notes(results: dict) -> str:
    """What the numbers are, what ran, and the host."""
    tutorial = results["searches"][results["sampler"]]
    versions = ", ".join(f"{package} {version}" for package, version in results["versions"].items())
    threads = min(search["threads"] for search in tutorial)
    return (
        f"Means (and ranges) over {len(tutorial)} seeds; ratios of hypervolumes are "
        f"medians of pairs. The tutorial: {versions}, {threads} thread(s), the faster of one and "
        f"PyTorch's own number. {host_line(*results['hosts'])}"
    )


def is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ax_tutorial", description="our search against Ax's tutorial"
    )
    parser.add_argument("--seeds", type=at_least(1), default=2)
    parser.add_argument("--trials", type=at_least(1), default=48)
    arguments = parser.parse_args()
    if not is_installed("torch"):
        raise SystemExit(
            "error: PyTorch is not installed, which the tutorial needs: pip install torch"
        )
    sampler = "ax" if is_installed("ax") else "optuna"
    if sampler == "optuna":
        print("Ax is not installed: Optuna stands in for it (pip install ax-platform)")
    results = compare(sampler, arguments.seeds, arguments.trials)
    write_results(RESULTS, results)
    print(markdown(results))


if __name__ == "__main__":
    run_to_exit(main)
