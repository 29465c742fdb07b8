"""The only training loop: epochs of compiled steps, each followed by validation."""

from collections.abc import Callable
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
    train_seconds: time in training steps; tracing, validation and test are outside the clock.
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
    result, predict = _train(
        *(architecture, dataset.task, dataset.train, dataset.val, config, on_images, on_epoch)
    )
    return FinalResult(**vars(result), test=evaluate(predict, dataset.test))


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
    return _train(architecture, task, training, val, config, on_images, on_epoch)[0]


def _train(
    architecture: AnyArchitecture,
    task: Task,
    training: Split,
    val: Split,
    config: TrainConfig,
    on_images: Callable[[int], None],
    on_epoch: Callable[[Epoch], None],
) -> tuple[TrainResult, Callable[[np.ndarray], np.ndarray]]:
    # The last training's graph, with its images, is a cycle that waits to be freed, and TensorFlow
    # keeps every compiled operation: a worker would grow with each trial.
    keras.backend.clear_session()
    _require_memory(architecture, task, config.batch_size)
    precision = choose_precision(architecture, config.precision)
    net = build_net(architecture, task, config.seed, precision, is_trained=True)
    # What is deployed has no normalisation of its own; without one, it is the very model.
    is_same = precision == "float32" and not (net.norms or net.noises)
    finished = net if is_same else build_net(architecture, task)
    strength = augmentation_strength(config.augment, num_params(architecture, task))
    steps = Steps(net, training, config, macs(architecture, task), strength)
    predict = compile_prediction(finished.model)
    epochs: list[Epoch] = []
    evaluation = None
    for number in range(1, config.epochs + 1):
        loss, accuracy = steps.run_epoch(number, on_images)
        if finished is not net:
            carry_over(net, finished)
        evaluation = evaluate(predict, val)
        require_finite(evaluation.loss, number, config.learning_rate)
        epochs.append(Epoch(number, loss, accuracy, evaluation.loss, evaluation.accuracy))
        on_epoch(epochs[-1])
    assert evaluation is not None
    result = TrainResult(finished.model, tuple(epochs), steps.seconds, precision, evaluation)
    return result, predict


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
