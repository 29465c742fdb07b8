"""Small things that tests are made of: images, architectures, trainings, trials, a study."""

import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from mnist_tradeoff.analysis.comparison import costs_of
from mnist_tradeoff.analysis.trainings import Training, by_model
from mnist_tradeoff.architecture.costs import exact_costs
from mnist_tradeoff.architecture.layers import Conv, Dense, MaxPool
from mnist_tradeoff.architecture.notation import Architecture, parse
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data.canonical import canonical
from mnist_tradeoff.data.formats.idx import IDX_NAMES, idx_bytes
from mnist_tradeoff.data.reading import read_raw
from mnist_tradeoff.search.results import SearchResults, finalists_of
from mnist_tradeoff.search.successive_halving import Rung, TrialRecord, candidates, front

ROOT = Path(__file__).parent.parent
START = datetime(2026, 1, 1)


class Arrays(NamedTuple):
    """The four arrays of a set: uint8 images (n, height, width), uint8 labels (n,)."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def arrays_of(path: Path) -> Arrays:
    """The arrays of a set that has a train and a test part."""
    parts = canonical(read_raw(path)).parts
    train, test = parts["train"], parts["test"]
    return Arrays(train.images, train.labels, test.images, test.labels)


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


def coloured(count: int, classes: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """RGB images that are easy to tell apart: a white row each, under noise; and their labels."""
    labels = np.arange(count) % classes
    images = np.random.default_rng(0).integers(0, 99, (count, side, side, 3)).astype(np.uint8)
    images[np.arange(count), labels % side] = 255
    return images, labels


CLASS_NAMES = ("cat", "dog", "elk")


def write_pictures(
    folder: Path, images: np.ndarray, labels: np.ndarray, names: Sequence[str] = CLASS_NAMES
) -> Path:
    """Image files in a folder a class."""
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        place = folder / str(names[label])
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number}.png")
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


IMAGES = 1_000
LABELS = np.arange(IMAGES) % 10
COSTS = costs_of([], MNIST)
RIGHT = {"ann": 950, "simple_cnn": 985, "cnn_v1": 980, "cnn_v2": 992}


def make_training(model: str, seed: int, right: int | None = None, **metrics: float) -> Training:
    """A training that is right on the first ``right`` images.

    Args:
        metrics: more of them, or other values than those that follow from ``right``.
    """
    right = RIGHT[model] + seed if right is None else right
    predictions = np.where(np.arange(IMAGES) < right, LABELS, (LABELS + 1) % 10)
    accuracy = right / IMAGES
    return Training(
        model=model,
        seed=seed,
        run_id=f"{model}-{seed}",
        metrics={
            "val_accuracy": accuracy,
            "test_accuracy": accuracy,
            "train_seconds": 1.0 + seed + 10 * (model == "cnn_v2"),
            **metrics,
        },
        curves={"val_accuracy": (0.9, accuracy), "val_loss": (0.3, 0.1)},
        predictions=predictions,
        architecture=str(REFERENCES[model].architecture) if model in REFERENCES else model,
    )


def make_trial(
    number: int,
    architecture: str,
    num_params: int,
    accuracies: dict[int, float],
    *,
    audited: bool = False,
    error: str = "",
    overrides: Mapping[str, Any] | None = None,
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
        overrides=overrides or {},
    )


SMALL, MIDDLE, LARGE = "2C3-P2-2C3-P2", "4C3-P2-4C3-P2", "8C3-P2-8C3-P2"
# Of the models of ``make_results`` with seed 0; with every further seed it is one image more.
WRONG = {SMALL: 50, MIDDLE: 20, LARGE: 19, "cnn_v1": 20, "ann": 40}


def exact(notation: str) -> dict[str, int]:
    """Parameters and MACs."""
    return exact_costs(parse(notation), MNIST)


def make_final(model: str, seed: int, wrong: int) -> Training:
    """A training of a study's final model: on validation a tenth of a point worse than on test."""
    right = IMAGES - wrong
    return make_training(model, seed, right, val_accuracy=right / IMAGES - 0.001)


def make_results() -> SearchResults:
    """A study whose front is SMALL, MIDDLE and LARGE, beside two trained references.

    Trial 3 was stopped early, 4 was trained on as a sample, and 5 diverged.
    """

    def trial(number: int, architecture: str, accuracies: dict[int, float], **more: Any):
        return make_trial(
            number, architecture, exact(architecture)["num_params"], accuracies, **more
        )

    trials = [
        trial(0, SMALL, {1: 0.90, 3: 0.95}),
        trial(1, MIDDLE, {1: 0.92, 3: 0.98}),
        trial(2, LARGE, {1: 0.93, 3: 0.985}),
        trial(3, "6C3-P2-8C3-P2", {1: 0.89}),
        trial(4, "5C3-P2-5C3-P2", {1: 0.88, 3: 0.93}, audited=True),
        trial(5, "64C3-P2-64C3-P2", {}, error="training diverged in epoch 1: <lower>"),
    ]
    found = front(candidates(trials, 3), ["num_params"])
    finals = [make_final(m, seed, wrong + seed) for m, wrong in WRONG.items() for seed in (0, 1, 2)]
    costs = {name: exact(str(reference.architecture)) for name, reference in REFERENCES.items()}
    finalists, references = finalists_of(found, costs, by_model(finals), LABELS, MNIST)
    return SearchResults(
        study="s",
        dataset="mnist",
        task=MNIST,
        costs=["num_params"],
        budgets={"num_params": 20_000, "macs": 0},
        epochs=3,
        trials=trials,
        rejected=2,
        importances={"val_accuracy": {"blocks": 0.6, "dense": 0.4}},
        finalists=finalists,
        references=references,
    )


def points_in(axes: Axes) -> set[tuple[float, float]]:
    """What the lines and marks of a panel stand at."""
    lines = [np.asarray(line.get_xydata()) for line in axes.lines]
    return {(float(x), float(y)) for line in lines for x, y in line}


def constants(content: bytes) -> int:
    """Float constants of a LiteRT file, without the zeros that stand for a bias left out."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    found = 0
    (graph,), buffers = model.subgraphs or [], model.buffers or []
    for tensor in graph.tensors or []:
        data = buffers[tensor.buffer].data
        if tensor.type == schema.TensorType.FLOAT32 and data is not None:
            values = np.frombuffer(bytes(data), np.float32)
            found += len(values) if values.any() else 0
    return found
