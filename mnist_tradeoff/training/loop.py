"""The only training loop: resident uint8 images, compiled steps, one-cycle Adam.

Each CPU core works on its own slice of every batch with single-threaded operations, instead of all
cores sharing each operation: small convolutions are too short to split, and the slices need no
synchronisation until their gradients are added (benchmarks/NOTES.md has the measurements).
Every operation being single-threaded, the same seed gives the same weights on the same machine.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.architecture.costs import FLOAT32_BYTES, macs
from mnist_tradeoff.architecture.own_model import AnyArchitecture
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.system.host import available_memory
from mnist_tradeoff.training.backend import keras, tf
from mnist_tradeoff.training.build import build_net
from mnist_tradeoff.training.evaluation import (
    Evaluation,
    compile_prediction,
    evaluate,
    slice_edges,
)
from mnist_tradeoff.training.net import Net, carry_over
from mnist_tradeoff.training.recipe import TrainConfig, choose_precision
from mnist_tradeoff.training.schedule import BETA_1, BETA_2, OneCycle

# Work of one compiled call: about half a second on two cores. A progress bar moves and a signal is
# heard between calls only, so a whole epoch in one call would be deaf for a minute.
MACS_PER_CALL = 5_000_000_000
MAX_STEPS_PER_CALL = 64
# Images that are normalised together while a net is trained, whatever the number of cores: from 16
# to 128 it is as accurate, and with 32 the fastest (benchmarks/NOTES.md).
GROUP_IMAGES = 32
# Of which the statistics of a finished net are taken.
STATISTICS_IMAGES, STATISTICS_GROUP = 5_000, 1_000


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
    loop = Loop(net, training, config, macs(architecture, task))
    predict = compile_prediction(finished.model)
    epochs: list[Epoch] = []
    evaluation = None
    for number in range(1, config.epochs + 1):
        loss, accuracy = loop.run_epoch(number, on_images)
        if finished is not net:
            carry_over(net, finished)
        evaluation = evaluate(predict, val)
        loop.require_finite(evaluation.loss, number)
        epochs.append(Epoch(number, loss, accuracy, evaluation.loss, evaluation.accuracy))
        on_epoch(epochs[-1])
    assert evaluation is not None
    result = TrainResult(finished.model, tuple(epochs), loop.seconds, precision, evaluation)
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


class Loop:
    """A model, its optimizer and the compiled steps over images that stay in memory.

    Args:
        macs: of one image; they decide how many steps a compiled call has.
    """

    def __init__(self, net: Net, training: Split, config: TrainConfig, macs: int):
        self.net, self.model = net, net.model
        self.config = config
        self.images = tf.constant(training.images)
        self.labels = tf.constant(training.labels, tf.int32)
        self.batch_size = config.batch_size
        if self.batch_size > len(training.labels):
            raise ValueError(
                f"batch_size must be at most the {len(training.labels):,} training images, "
                f"not {self.batch_size}"
            )
        self.steps = len(training.labels) // self.batch_size
        self.steps_per_call = max(
            1, min(MAX_STEPS_PER_CALL, MACS_PER_CALL // (macs * self.batch_size))
        )
        self.random = np.random.default_rng(config.seed)
        schedule = OneCycle(config.learning_rate, self.steps * config.epochs)
        self.optimizer = keras.optimizers.Adam(
            schedule,  # pyright: ignore[reportArgumentType] (Keras declares float only)
            beta_1=BETA_1,
            beta_2=BETA_2,
        )
        self.optimizer.build(self.model.trainable_variables)
        images = GROUP_IMAGES if net.norms else 0
        self.edges = slice_edges(self.batch_size, images)
        signature = [tf.TensorSpec([None, self.batch_size], tf.int32)]
        self.run_steps = tf.function(self._run_steps, input_signature=signature)
        # No step: TensorFlow traces and optimises the graph at the first call, outside the clock.
        self.run_steps(tf.zeros((0, self.batch_size), tf.int32))
        if net.norms:
            self._collect = tf.function(self._collect_statistics)
            self._collect()
        self.seconds = 0.0

    def run_epoch(self, number: int, on_images: Callable[[int], None]) -> tuple[float, float]:
        """Loss and accuracy over one epoch; the number is for the message of a divergence."""
        order = self.random.permutation(len(self.labels))[: self.steps * self.batch_size]
        batches = order.astype(np.int32).reshape(self.steps, self.batch_size)
        total_loss, correct = 0.0, 0
        for first in range(0, self.steps, self.steps_per_call):
            indices = batches[first : first + self.steps_per_call]
            started = time.perf_counter()
            loss, hits = self.run_steps(tf.constant(indices))
            total_loss, correct = total_loss + float(loss), correct + int(hits)
            self.seconds += time.perf_counter() - started
            self.require_finite(total_loss, number)
            on_images(indices.size)
        if self.net.norms:
            started = time.perf_counter()
            self._collect()
            self.seconds += time.perf_counter() - started
        return total_loss / order.size, correct / order.size

    def require_finite(self, loss: float, epoch: int) -> None:
        """Raise FloatingPointError if a loss is not finite."""
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"training diverged in epoch {epoch}: the loss is no longer finite; "
                f"lower learning_rate (it was {self.config.learning_rate})"
            )

    def _collect_statistics(self):
        """Mean and variance behind every normalised layer, of training images by groups of 1,000.

        Several groups of one fixed size, and not slices: the result is that of any thread count.
        """
        norms = self.net.norms
        for norm in norms:
            norm.collects = True
        found = []
        count = len(self.labels)
        for first in range(0, min(STATISTICS_IMAGES, count), STATISTICS_GROUP):
            last = min(first + STATISTICS_GROUP, count)
            self.model(self.images[first:last], training=False)
            found.append([norm.moments for norm in norms])
        for norm in norms:
            norm.collects = False
        for norm, *moments in zip(norms, *found, strict=True):
            means, variances = zip(*moments, strict=True)
            norm.mean.assign(tf.add_n(means) / len(means))
            norm.variance.assign(tf.add_n(variances) / len(variances))

    def _run_steps(self, batches):
        loss, hits = 0.0, 0
        for indices in batches:
            step_loss, step_hits = self._step(indices)
            loss, hits = loss + step_loss, hits + step_hits
        return loss, hits

    def _step(self, indices):
        slices = []
        for first, last in self.edges:
            for noise in self.net.noises:
                noise.place = (tf.cast(self.optimizer.iterations, tf.int32), self.batch_size, first)
            slices.append(self._gradients(indices[first:last]))
        losses, hits, gradients = zip(*slices, strict=True)
        summed = [tf.add_n(parts) / self.batch_size for parts in zip(*gradients, strict=True)]
        self._apply(summed)
        return tf.add_n(losses), tf.add_n(hits)

    def _apply(self, gradients):
        """What ``optimizer.apply`` does, but for its sum over replicas.

        That sum registers a gradient function with TensorFlow, which is never forgotten: every
        training would leave its graph and its images in memory, 50 MB each.
        """
        learning_rate = self.optimizer.learning_rate
        for gradient, variable in zip(gradients, self.model.trainable_variables, strict=True):
            self.optimizer.update_step(gradient, variable, learning_rate)
        self.optimizer.iterations.assign_add(1)  # pyright: ignore (typed for every backend)

    def _gradients(self, indices):
        images, labels = tf.gather(self.images, indices), tf.gather(self.labels, indices)
        variables = [variable.value for variable in self.model.trainable_variables]
        with tf.GradientTape() as tape:
            logits = self.model(images, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_sum(losses)
        return loss, _count_correct(logits, labels), tape.gradient(loss, variables)


def _count_correct(logits, labels):
    return tf.reduce_sum(tf.cast(tf.argmax(logits, 1, tf.int32) == labels, tf.int32))
