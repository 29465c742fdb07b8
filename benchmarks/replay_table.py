"""A table of trained architectures, so that searches can be replayed in seconds.

    python -m benchmarks.replay_table --workers 2

Trains every architecture of a grid of filters for one epoch, on one thread each, and keeps
validation accuracy, loss and CPU seconds in ``results/replay_table.csv``. What is in the file is
not trained again.
"""

import argparse
import csv
import itertools
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from mnist_tradeoff.architecture.groups import Layer
from mnist_tradeoff.architecture.layers import Conv, MaxPool
from mnist_tradeoff.architecture.notation import Architecture, parse
from mnist_tradeoff.architecture.task import MNIST, Task
from mnist_tradeoff.search.proposals import Proposal, Trial, encode_architecture
from mnist_tradeoff.system.processes import THREADS_VARIABLE

TABLE = Path(__file__).parent / "results" / "replay_table.csv"
COLUMNS = ("architecture", "epochs", "seed", "val_accuracy", "val_loss", "cpu_seconds")
EPOCHS = 1
SEEDS = (0,)
FILTERS = (3, 6, 12, 24)
FIRST_FILTERS = FILTERS[:3]


class GridSpace:
    """Two blocks of one or two convolutions of 3, 6, 12 or 24 filters, the first one of 3 to 12.

    300 architectures; a trial's parameters are places in the lists of filters.
    """

    def fitted(self, task: Task) -> "GridSpace":
        """It is for MNIST alone, where its table was made."""
        assert task == MNIST
        return self

    def suggest(self, trial: Trial) -> Proposal:
        """What a trial proposes; the second convolution of a block may be none."""
        layers: list[Layer] = []
        for block, filters in ((1, FIRST_FILTERS), (2, FILTERS)):
            first = trial.suggest_int(f"filters_{block}_1", 0, len(filters) - 1)
            layers.append(Conv(filters[first]))
            second = trial.suggest_int(f"filters_{block}_2", 0, 4)
            layers += [Conv(FILTERS[second - 1])] if second else []
            layers.append(MaxPool())
        return Proposal(Architecture(tuple(layers)))

    def params(self, proposal: Proposal) -> dict[str, int]:
        """The trial parameters that propose this."""
        params, architecture = {}, proposal.architecture
        for block, part in enumerate(str(architecture).removesuffix("-P2").split("-P2-"), 1):
            convs = [layer for layer in parse(part).layers if isinstance(layer, Conv)]
            filters = [FILTERS.index(conv.filters) for conv in convs]
            params[f"filters_{block}_1"] = filters[0]
            params[f"filters_{block}_2"] = filters[1] + 1 if filters[1:] else 0
        return params

    def encode(self, proposal: Proposal) -> dict[str, float]:
        """The widths."""
        return encode_architecture(proposal.architecture)

    def minimum(self, cost: Callable[[Architecture], float]) -> float:
        """The lowest cost of the grid."""
        return min(cost(parse(notation)) for notation in architectures())

    def starts(self, task: Task, costs: Sequence[str]) -> list[Proposal]:
        """Nothing."""
        del task, costs
        return []

    def describe(self) -> dict[str, list[int]]:
        """The lists of filters."""
        return {"first_filters": [*FIRST_FILTERS], "filters": [*FILTERS]}


def architectures() -> list[str]:
    """The notations of the grid."""
    seconds = ("", *(f"{filters}C3-" for filters in FILTERS))
    blocks = [
        [f"{first}C3-{second}P2" for first in filters for second in seconds]
        for filters in (FIRST_FILTERS, FILTERS)
    ]
    return ["-".join(pair) for pair in itertools.product(*blocks)]


def load() -> pd.DataFrame:
    """The table, a row a training."""
    return pd.read_csv(TABLE)


def train_one(job: tuple[str, int]) -> dict:
    """Train one architecture with one seed, in a process with one thread."""
    from mnist_tradeoff.data import sets
    from mnist_tradeoff.training.loop import train
    from mnist_tradeoff.training.recipe import TrainConfig

    architecture, seed = job
    dataset = sets.load("mnist")
    started = time.process_time()
    config = TrainConfig(epochs=EPOCHS, seed=seed)
    result = train(parse(architecture), dataset.task, dataset.train, dataset.val, config)
    row = (
        *(architecture, EPOCHS, seed, result.val.accuracy, round(result.val.loss, 5)),
        round(time.process_time() - started, 3),
    )
    return dict(zip(COLUMNS, row, strict=True))


def use_one_thread() -> None:
    import os

    os.environ[THREADS_VARIABLE] = "1"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.replay_table", description="trains the table of the replay"
    )
    parser.add_argument("--workers", type=int, default=2)
    workers = parser.parse_args().workers
    if not TABLE.exists():
        TABLE.write_text(f"{','.join(COLUMNS)}\n")
    done = set(zip(load().architecture, load().seed, strict=True))
    jobs = [(one, seed) for seed in SEEDS for one in architectures() if (one, seed) not in done]
    context = get_context("spawn")
    with context.Pool(workers, use_one_thread) as pool, TABLE.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        for row in tqdm(pool.imap_unordered(train_one, jobs), total=len(jobs), disable=None):
            writer.writerow(row)
            file.flush()


if __name__ == "__main__":
    main()
