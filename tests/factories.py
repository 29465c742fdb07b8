"""Small things that tests are made of: images, architectures, trainings, trials."""

import random
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.architecture.layers import Conv, Dense, MaxPool
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data.formats import IDX_NAMES, Arrays, idx_bytes
from mnist_tradeoff.search.successive_halving import Rung, TrialRecord

ROOT = Path(__file__).parent.parent
START = datetime(2026, 1, 1)


def make_arrays(train: int = 600, test: int = 200) -> Arrays:
    """Ten classes that are easy to tell apart: a bright row each, under noise."""
    random = np.random.default_rng(0)

    def make(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = (np.arange(count) % 10).astype(np.uint8)
        images = random.integers(0, 100, (count, 28, 28)).astype(np.uint8)
        images[np.arange(count), 2 * labels + 4] = 255
        return images, labels

    return Arrays(*make(train), *make(test))


def write_idx(folder: Path, arrays: Arrays) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(IDX_NAMES, arrays, strict=True):
        (folder / name).write_bytes(idx_bytes(array))
    return folder


def random_architecture(random: random.Random) -> Architecture:
    """A valid draw: convolutions and poolings that fit, then dense layers."""
    while True:
        layers: list = []
        for _ in range(random.randint(1, 3)):
            layers += [Conv(random.randint(1, 64), random.choice((1, 3, 5)))] * random.randint(1, 2)
            layers += [MaxPool(random.choice((2, 3)))] * random.randint(0, 1)
        layers += [Dense(random.randint(1, 128))] * random.randint(0, 2)
        with suppress(ValueError):
            architecture = Architecture(tuple(layers))
            architecture.shapes(MNIST)
            return architecture


LABELS = np.arange(1_000) % 10
RIGHT = {"ann": 950, "simple_cnn": 985, "cnn_v1": 980, "cnn_v2": 992}


def training(model: str, seed: int, right: int | None = None) -> Training:
    """A training that is right on the first ``right`` images."""
    right = RIGHT[model] + seed if right is None else right
    predictions = np.where(np.arange(1_000) < right, LABELS, (LABELS + 1) % 10)
    accuracy = right / 1_000
    return Training(
        model=model,
        seed=seed,
        run_id=f"{model}-{seed}",
        metrics={
            "val_accuracy": accuracy,
            "test_accuracy": accuracy,
            "train_seconds": 1.0 + seed + 10 * (model == "cnn_v2"),
        },
        curves={"val_accuracy": (0.9, accuracy), "val_loss": (0.3, 0.1)},
        predictions=predictions,
    )


def make_trial(
    number: int,
    architecture: str,
    num_params: int,
    accuracies: dict[int, float],
    *,
    audited: bool = False,
    error: str = "",
) -> TrialRecord:
    """A trial of ten seconds with a training of each length in ``accuracies``."""
    rungs = [
        Rung(epochs, accuracy, 0.1, 2.0, "float32", {"val_accuracy": [accuracy] * epochs})
        for epochs, accuracy in accuracies.items()
    ]
    started = START + timedelta(seconds=10 * number)
    return TrialRecord(
        number=number,
        architecture=architecture,
        params={},
        seed=number,
        costs={"num_params": num_params, "macs": 100 * num_params},
        rungs=rungs,
        audited=audited,
        error=error,
        started=started,
        completed=started + timedelta(seconds=10),
    )
