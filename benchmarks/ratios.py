"""What each measure's numbers say: the ratios that the table of comparisons holds.

Measures are imported where they are used: some need a library that may be missing.
"""

import statistics
from collections.abc import Callable
from importlib import import_module

from mnist_tradeoff.architecture.costs import num_params
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST

SMALL_NET_PARAMS = 20_000
EXPORTED_ACCURACY = 0.99


def race_ratios(*names: str) -> Callable[[dict], dict[str, float]]:
    """A race that ours never won has no ratio: 0."""
    return lambda races: {
        name: races[name]["ratio"] if races[name]["ours_epochs"] else 0.0
        for name in names
        if name in races
    }


def medians(result: dict, name: str) -> float:
    return statistics.median(result[name])


def rate_ratios(results: list[dict]) -> dict[str, float]:
    return {one["model"]: medians(one, "ours") / medians(one, "fit") for one in results}


def torch_ratios(results: list[dict]) -> dict[str, float]:
    return {
        one["model"]: medians(one, "ours")
        / max(medians(one, name) for name in one if "torch" in name)
        for one in results
        if any("torch" in name for name in one)
    }


def gemm_shares(results: list[dict]) -> dict[str, float]:
    gemm_share = import_module("benchmarks.training_rate").gemm_share
    return {one["model"]: gemm_share(one) for one in results}


def meets_rate(model: str, ratio: float) -> bool | None:
    if model == "cnn_v2":
        return ratio >= 1.5
    return ratio >= 2.5 if num_params(resolve(model, MNIST), MNIST) <= SMALL_NET_PARAMS else None


def worker_gain(results: dict) -> dict[str, float]:
    seconds = {
        workers: statistics.median(
            turn["wall_seconds"] for turn in results["turns"] if turn["workers"] == workers
        )
        for workers in (1, 2)
    }
    return {"": seconds[1] / seconds[2]}


def outside_training(results: dict) -> dict[str, float]:
    return {
        f"{one['trials']} trials of {one['epochs']} epochs": 1
        - one["train_seconds"] / one["workers"] / one["wall_seconds"]
        for one in results["studies"]
    }


def together_gains(results: dict) -> dict[str, float]:
    gains = import_module("benchmarks.together").gains
    return {one["model"]: max(gains(one).values()) for one in results["nets"]}


def sampler_ratios(results: dict) -> dict[str, float]:
    pairs = import_module("benchmarks.replay").ratios(results)
    return {name: statistics.median(values) for name, values in pairs.items()}


def hypervolume_ratios(results: dict) -> dict[str, float]:
    return import_module("benchmarks.ax_tutorial").ratios(results)


def latency_ratios(results: dict) -> dict[str, float]:
    """Over the faster of the files that keep 99.0 %; nothing where none does."""
    medians = {name: statistics.median(us) for name, us in results["microseconds"].items()}
    kept = [
        medians[name]
        for name, accuracies in results["test_accuracy"].items()
        if "LiteRT" in name and statistics.fmean(accuracies) >= EXPORTED_ACCURACY
    ]
    theirs = {name: us for name, us in medians.items() if "LiteRT" not in name}
    return {name: us / min(kept) for name, us in theirs.items()} if kept else {}


def growth_per_trial(results: dict) -> dict[str, float]:
    return {"": import_module("benchmarks.training_memory").slope(results["megabytes"])}


# The longest last: whoever stops has the others.


def until_first_step(results: dict) -> dict[str, float]:
    """Medians, by whether there is a store yet."""
    first, *later = results["seconds"]
    return {"new store": first, "store exists": statistics.median(later)}
