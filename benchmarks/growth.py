"""How the seconds of a training grow with the batch size, the images and the parameters.

    python -m benchmarks.growth --rounds 2

One epoch of ours at default settings, all but one kept: `cnn_v1` for the first two, nets of f and
2f filters for the third (from 16 on in bfloat16, where the CPU has it). All points take turns;
tracing is outside the clock. What is left of the images after the last whole batch is not trained.
"""

import argparse
import statistics

from tqdm import tqdm

from benchmarks.command import at_least, results_file, write_results
from benchmarks.contestant import host_line
from benchmarks.ours import host
from mnist_tradeoff.architecture.costs import num_params
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data import sets
from mnist_tradeoff.data.dataset import Split
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.system.signals import run_to_exit
from mnist_tradeoff.training.loop import train
from mnist_tradeoff.training.recipe import TrainConfig

RESULTS = results_file("growth")
BATCH_SIZES = (16, 32, 64, 128, 256, 512, 1024)
IMAGES = (1_000, 3_000, 10_000, 30_000, 55_000)
FILTERS = (2, 4, 8, 16, 32, 64)
AXES = {"batch_size": "images a step", "images": "training images", "num_params": "parameters"}


def points() -> list[dict]:
    """Every point: what is varied, its value, and the training."""
    model = str(REFERENCES["cnn_v1"].architecture)
    default = {"model": model, "images": IMAGES[-1], "batch_size": TrainConfig().batch_size}
    nets = [f"{filters}C3-P2-{2 * filters}C3-P2" for filters in FILTERS]
    return [
        *({**default, "axis": "batch_size", "x": n, "batch_size": n} for n in BATCH_SIZES),
        *({**default, "axis": "images", "x": n, "images": n} for n in IMAGES),
        *(
            {**default, "axis": "num_params", "x": num_params(parse(net), MNIST), "model": net}
            for net in nets
        ),
    ]


def measure(rounds: int) -> list[dict]:
    """The points with their seconds in every round, and the validation accuracy of the last."""
    dataset, found = sets.load("mnist"), [{**point, "seconds": []} for point in points()]
    for seed in tqdm(range(rounds), disable=None):
        for point in tqdm(found, disable=None, leave=False):
            training = dataset.train
            split = Split(training.images[: point["images"]], training.labels[: point["images"]])
            config = TrainConfig(epochs=1, batch_size=point["batch_size"], seed=seed)
            result = train(parse(point["model"]), dataset.task, split, dataset.val, config)
            point["seconds"].append(result.train_seconds)
            point["val_accuracy"] = result.val.accuracy
    return found


def markdown(results: dict) -> str:
    """A row a point, and the host."""
    header = ["varied", "value", "seconds an epoch, median (range)", "images a second"]
    rows = []
    for point in results["points"]:
        seconds = point["seconds"]
        median = statistics.median(seconds)
        spread = f"{median:.2f} ({min(seconds):.2f}–{max(seconds):.2f})"
        rate = f"{trained_images(point) / median:,.0f}"
        rows.append([AXES[point["axis"]], f"{point['x']:,}", spread, rate])
    return "\n".join([table(header, rows), "", host_line(results["host"])])


def trained_images(point: dict) -> int:
    """Images of an epoch: whole batches only."""
    return point["images"] // point["batch_size"] * point["batch_size"]


def main() -> None:
    """Measure all points."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth", description="how the seconds of a training grow"
    )
    parser.add_argument("--rounds", type=at_least(1), default=2)
    results = {"host": host(), "points": measure(parser.parse_args().rounds)}
    write_results(RESULTS, results)
    print(markdown(results))


if __name__ == "__main__":
    run_to_exit(main)
