"""Trainings of several seeds at once, against the same ones after the other.

    python -m benchmarks.together

One epoch each, batch 128, in turns. The clock has the steps only; for each net at once it is its
share.
"""

import argparse
import statistics
from typing import TYPE_CHECKING

from tqdm import tqdm

from benchmarks.command import at_least, results_file, write_results
from mnist_tradeoff.architecture.costs import num_params
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.training.recipe import TrainConfig

if TYPE_CHECKING:
    from mnist_tradeoff.data.dataset import Dataset

RESULTS = results_file("together")
NETS = (
    "4C3b-P2-6C3b-6C3b-P2-8C3b-G",
    "6C3sb:hswish-6DS3sb:hswish-P2-10DS3b:hswish-10DS3b:hswish-P2-14DS3sb:hswish-14DS3s:hswish-G",
    "5C3b-5C3b-P2-8C3b-8C3b-P2-12C3sb-G",
)
COUNTS = (1, 2, 4)


def measure(net: str, dataset: "Dataset", rounds: int) -> dict:
    """Seconds of a training of a net, by how many are trained at once, and mean accuracies."""
    from mnist_tradeoff.training.loop import train_together

    config = TrainConfig(epochs=1, batch_size=128)
    seconds: dict[int, list[float]] = {count: [] for count in COUNTS}
    accuracy = {}
    for _ in range(rounds):
        for count in COUNTS:
            results = train_together(parse(net), dataset, config, range(count))
            seconds[count].append(results[0].train_seconds)
            accuracy[count] = statistics.fmean(one.val.accuracy for one in results)
    params = num_params(parse(net), dataset.task)
    return {"model": net, "num_params": params, "seconds": seconds, "val_accuracy": accuracy}


def gains(one: dict) -> dict[int, float]:
    """How many times as many trainings an hour, by how many at once: medians."""
    medians = {int(count): statistics.median(found) for count, found in one["seconds"].items()}
    return {count: medians[1] / seconds for count, seconds in medians.items() if count > 1}


def markdown(results: dict) -> str:
    """A row for each net, and the host."""
    header = ["net", "parameters", *(f"s, {count} at once" for count in COUNTS), "gain"]
    rows = []
    for one in results["nets"]:
        seconds = [
            f"{statistics.median(found):.2f} ({min(found):.2f}–{max(found):.2f})"
            for found in one["seconds"].values()
        ]
        best = max(gains(one).values())
        rows.append([f"`{one['model']}`", f"{one['num_params']:,}", *seconds, f"{best:.2f}×"])
    found = results["host"]
    line = (
        "Seconds of one training of one epoch, medians (least to most). Host: "
        f"{found['cpu']}, {found['threads']} cores, Python {found['python']}, "
        f"TensorFlow {found['tensorflow']}, Keras {found['keras']}."
    )
    return "\n".join([table(header, rows, left=1), "", line])


def main() -> None:
    parser = argparse.ArgumentParser(description="trainings of several seeds at once")
    parser.add_argument("--rounds", type=at_least(1), default=5)
    parser.add_argument("--models", nargs="+", default=NETS)
    asked = parser.parse_args()
    # With TensorFlow, which --help and the table of all comparisons need not wait for.
    from benchmarks.ours import host
    from mnist_tradeoff.data import sets

    dataset = sets.load("mnist")
    nets = [measure(net, dataset, asked.rounds) for net in tqdm(asked.models, disable=None)]
    results = {"host": host(), "nets": nets}
    write_results(RESULTS, results)
    print(markdown(results))


if __name__ == "__main__":
    main()
