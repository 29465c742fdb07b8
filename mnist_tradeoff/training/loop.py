"""The only training loop: epochs of compiled steps, each followed by validation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.architecture.costs import FLOAT32_BYTES, macs, num_params
from mnist_tradeoff.architecture.own_model import AnyArchitecture
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.system.host import available_memory
from mnist_tradeoff.training.backend import keras
from mnist_tradeoff.training.build import build_net
from mnist_tradeoff.training.evaluation import Evaluation, compile_prediction, evaluate
from mnist_tradeoff.training.net import carry_over
from mnist_tradeoff.training.recipe import TrainConfig, augmentation_strength, choose_precision
from mnist_tradeoff.training.steps import Steps, require_finite
from mnist_tradeoff.training.together import Together, join


@dataclass(frozen=True)
class Epoch:
    """The learning curve's point after one epoch (counted from 1)."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


@dataclass(frozen=True)
class TrainResult:
    """A finished training.

    model: float32, whatever the precision of the training; all figures below are of this model.
    train_seconds: time in training steps; tracing, validation and test are outside the clock. Of
        nets that were trained together each has its share.
    """

    model: keras.Model
    epochs: tuple[Epoch, ...]
    train_seconds: float
    precision: str
    val: Evaluation


@dataclass(frozen=True)
class FinalResult(TrainResult):
    """A finished training whose model has been given the test images, once."""

    test: Evaluation


def _ignore(_: object) -> None:
    pass


def train_and_test(
    architecture: AnyArchitecture,
    dataset: Dataset,
    config: TrainConfig,
    on_images: Callable[[int], None] = _ignore,
    on_epoch: Callable[[Epoch], None] = _ignore,
) -> FinalResult:
    """``train`` on a set, then evaluate the finished model on its test images."""
    return train_together(
        *(architecture, dataset, config, [config.seed], on_images, lambda epochs: on_epoch(*epochs))
    )[0]


def train_together(
    architecture: AnyArchitecture,
    dataset: Dataset,
    config: TrainConfig,
    seeds: Sequence[int],
    on_images: Callable[[int], None] = _ignore,
    on_epochs: Callable[[Sequence[Epoch]], None] = _ignore,
) -> list[FinalResult]:
    """``train_and_test`` with each of the seeds in place of the config's, all at once.

    Each result is that of the seed alone, to rounding; see ``together``.

    Args:
        on_images: called with the number of images that each is trained on since the last call.
        on_epochs: called with every epoch's point of each learning curve.

    Raises:
        see ``train``; a net that diverges ends all of them.
    """
    images = (dataset.task, dataset.train, dataset.val)
    found = _train(architecture, *images, config, seeds, on_images, on_epochs)
    return [
        FinalResult(**vars(result), test=evaluate(predict, dataset.test))
        for result, predict in found
    ]


def train(
    architecture: AnyArchitecture,
    task: Task,
    training: Split,
    val: Split,
    config: TrainConfig,
    on_images: Callable[[int], None] = _ignore,
    on_epoch: Callable[[Epoch], None] = _ignore,
) -> TrainResult:
    """Train an architecture and evaluate it on validation after every epoch.

    Args:
        on_images: called with the number of images trained on since the last call.
        on_epoch: called with every epoch's point of the learning curve.

    Raises:
        ValueError: batch_size is above the number of training images.
        FloatingPointError: the loss is no longer finite.
        MemoryError: one step does not fit into memory.
    """
    return _train(
        *(architecture, task, training, val, config, [config.seed], on_images),
        on_epochs=lambda epochs: on_epoch(*epochs),
    )[0][0]


def _train(
    architecture: AnyArchitecture,
    task: Task,
    training: Split,
    val: Split,
    config: TrainConfig,
    seeds: Sequence[int],
    on_images: Callable[[int], None],
    on_epochs: Callable[[Sequence[Epoch]], None],
) -> list[tuple[TrainResult, Callable[[np.ndarray], np.ndarray]]]:
    # The last training's graph, with its images, is a cycle that waits to be freed, and TensorFlow
    # keeps every compiled operation: a worker would grow with each trial.
    keras.backend.clear_session()
    _require_memory(architecture, task, config.batch_size * len(seeds))
    precision = choose_precision(architecture, config.precision)
    nets = [build_net(architecture, task, seed, precision, is_trained=True) for seed in seeds]
    together = join(nets, task) if len(nets) > 1 else Together(nets[0])
    # What is deployed has no normalisation of its own; without one, it is the very model.
    is_same = precision == "float32" and not (nets[0].norms or nets[0].noises)
    finished = nets if is_same else [build_net(architecture, task) for _ in nets]
    strength = augmentation_strength(config.augment, num_params(architecture, task))
    steps = Steps(together.net, training, config, seeds, macs(architecture, task), strength)
    predicts = [compile_prediction(one.model) for one in finished]
    curves, evaluations = [()] * len(nets), []
    for number in range(1, config.epochs + 1):
        trained = steps.run_epoch(number, on_images)
        together.give_back()
        for one, other in zip(nets, finished, strict=True):
            if one is not other:
                carry_over(one, other)
        evaluations = [evaluate(predict, val) for predict in predicts]
        epochs = _points(number, *trained, evaluations, config.learning_rate)
        curves = [(*curve, epoch) for curve, epoch in zip(curves, epochs, strict=True)]
        on_epochs(epochs)
    seconds = steps.seconds / len(nets)
    parts = zip(finished, curves, evaluations, predicts, strict=True)
    return [
        (TrainResult(one.model, curve, seconds, precision, evaluation), predict)
        for one, curve, evaluation, predict in parts
    ]


def _points(
    number: int,
    losses: np.ndarray,
    accuracies: np.ndarray,
    evaluations: Sequence[Evaluation],
    learning_rate: float,
) -> list[Epoch]:
    points = []
    for loss, accuracy, val in zip(losses, accuracies, evaluations, strict=True):
        require_finite(val.loss, number, learning_rate)
        points.append(Epoch(number, float(loss), float(accuracy), val.loss, val.accuracy))
    return points


def _require_memory(architecture: AnyArchitecture, task: Task, batch_size: int) -> None:
    """Refuse what cannot fit: TensorFlow ends in a crash where an allocation fails."""
    activations = sum(layer.activations(before) for layer, before in architecture.steps(task))
    needed = FLOAT32_BYTES * batch_size * 2 * activations  # themselves and their gradients
    available = available_memory()
    if needed > available:
        raise MemoryError(
            f"a step of {architecture} needs {needed / 1e9:.1f} GB with batch_size {batch_size}, "
            f"and {available / 1e9:.1f} GB are free: lower batch_size"
        )
