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
import json
import statistics
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.contestant import Contestant, host_line
from mnist_tradeoff.pareto import hypervolume

RESULTS = Path(__file__).parent / "results" / "ax_tutorial.json"
WORST_ACCURACY, WORST_NUM_PARAMS = 0.94, 80_000

NAMES = {
    "ax": "the tutorial with Ax",
    "optuna": "the tutorial with Optuna's default sampler in place of Ax",
    "mlp": "ours, the same widths",
    "widths": "ours, the whole system",
}
PACKAGES = {"ax": ("torch", "ax-platform", "botorch"), "optuna": ("torch", "optuna")}


def compare(sampler: str, seeds: int, trials: int) -> dict:
    """All searches, by who made them, in the order of the seeds; the host and what ran."""
    tutorial = Contestant("ax_search", sampler)
    ours = {space: Contestant("ours_search", space) for space in ("mlp", "widths")}
    searches: dict[str, list[dict]] = {name: [] for name in (sampler, *ours)}
    for seed in tqdm(range(seeds), desc="searches", disable=None):
        searches[sampler].append(tutorial.ask(seed=seed, trials=trials))
        for space, contestant in ours.items():
            seconds = searches[sampler][-1]["seconds"]
            searches[space].append(contestant.ask(seed=seed, seconds=seconds))
    host = ours["widths"].ask()
    for contestant in (tutorial, *ours.values()):
        contestant.close()
    versions = {package: importlib.metadata.version(package) for package in PACKAGES[sampler]}
    return {"sampler": sampler, "versions": versions, "host": host, "searches": searches}


def share(search: dict) -> float:
    """The hypervolume beyond the thresholds, of its maximum (no error, no parameters)."""
    points = [[1 - one["val_accuracy"], one["num_params"]] for one in search["trials"]]
    corner = np.array([1 - WORST_ACCURACY, WORST_NUM_PARAMS])
    return hypervolume(np.array(points), corner) / corner.prod()


def best_accuracy(search: dict) -> float:
    """The best one that keeps the threshold of num_params."""
    kept = [one for one in search["trials"] if one["num_params"] < WORST_NUM_PARAMS]
    return max((one["val_accuracy"] for one in kept), default=0.0)


def ratios(results: dict) -> dict[str, list[float]]:
    """Of each of ours: its hypervolumes over the tutorial's, in pairs; none to one of 0."""
    tutorial = results["searches"][results["sampler"]]
    return {
        name: [
            share(mine) / share(theirs)
            for mine, theirs in zip(searches, tutorial, strict=True)
            if share(theirs)
        ]
        for name, searches in results["searches"].items()
        if name != results["sampler"]
    }


def markdown(results: dict) -> str:
    """A row for each who searched, and the host."""
    found = ratios(results)
    lines = [
        "| search | trials | wall seconds | hypervolume | best accuracy | ratio of hypervolumes |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, searches in results["searches"].items():
        cells = [
            NAMES[name],
            spread([len(search["trials"]) for search in searches], ".0f"),
            spread([search["seconds"] for search in searches], ".0f"),
            spread([share(search) for search in searches], ".1%"),
            spread([best_accuracy(search) for search in searches], ".2%"),
            ratio(found.get(name, [])),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", conditions(results)])


def spread(values: list, form: str) -> str:
    """Mean and range."""
    return f"{statistics.fmean(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def ratio(ratios: list[float]) -> str:
    """Median and range; there is none to a hypervolume of 0."""
    if not ratios:
        return "–"
    return f"{statistics.median(ratios):.2f}× ({min(ratios):.2f}–{max(ratios):.2f})"


def conditions(results: dict) -> str:
    """What ran on which host."""
    found, tutorial = results["host"], results["searches"][results["sampler"]]
    versions = ", ".join(f"{package} {version}" for package, version in results["versions"].items())
    return (
        f"Means (and ranges) of {len(tutorial)} seeds; ratios are medians of pairs. {versions}; "
        f"PyTorch on {tutorial[0]['threads']} of {found['threads']} cores, the faster of one and "
        f"its default. {host_line(found)}"
    )


def is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ax_tutorial", description="our search against Ax's tutorial"
    )
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--trials", type=int, default=48)
    arguments = parser.parse_args()
    if not is_installed("torch"):
        raise SystemExit(
            "error: PyTorch is not installed, which the tutorial needs: pip install torch"
        )
    sampler = "ax" if is_installed("ax") else "optuna"
    if sampler == "optuna":
        print("Ax is not installed: Optuna stands in for it (pip install ax-platform)")
    results = compare(sampler, arguments.seeds, arguments.trials)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(f"{json.dumps(results, indent=1)}\n")
    print(markdown(results))


if __name__ == "__main__":
    main()
