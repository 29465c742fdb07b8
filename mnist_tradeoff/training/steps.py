"""Compiled training steps over images that stay in memory: resident uint8, one-cycle Adam.

Each CPU core works on its own slice of every batch with single-threaded operations, instead of all
cores sharing each operation: small convolutions are too short to split, and the slices need no
synchronisation until their gradients are added (benchmarks/NOTES.md has the measurements).
Every operation being single-threaded, the same seed gives the same weights on the same machine.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np

from mnist_tradeoff.data.dataset import Split
from mnist_tradeoff.training.augmentation import Augmentation, moved
from mnist_tradeoff.training.backend import keras, tf
from mnist_tradeoff.training.evaluation import slice_edges
from mnist_tradeoff.training.net import Net
from mnist_tradeoff.training.recipe import TrainConfig
from mnist_tradeoff.training.schedule import OneCycle

# Work of one compiled call: about half a second on two cores. A progress bar moves and a signal is
# heard between calls only, so a whole epoch in one call would be deaf for a minute.
MACS_PER_CALL = 5_000_000_000
MAX_STEPS_PER_CALL = 64
# Images that are normalised together while a net is trained, whatever the number of cores: from 16
# to 128 it is as accurate, and with 32 the fastest (benchmarks/NOTES.md).
GROUP_IMAGES = 32
# Of which the statistics of a finished net are taken.
STATISTICS_IMAGES, STATISTICS_GROUP = 5_000, 1_000


class Steps:
    """A model, its optimizer and the compiled steps over images that stay in memory.

    Args:
        seeds: of the order and the moves of the images: one, or that of each net of several that
            are trained as one (``together``).
        macs: of one image; they decide how many steps a compiled call has.
        strength: of the augmentation; 0: none.
    """

    def __init__(
        self,
        net: Net,
        training: Split,
        config: TrainConfig,
        seeds: Sequence[int],
        macs: int,
        strength: float = 0.0,
    ):
        self.net, self.model = net, net.model
        self.config, self.nets = config, len(seeds)
        self.images = tf.constant(training.images)
        self.labels = tf.constant(training.labels, tf.int32)
        self.shape = training.images.shape[1:]
        self.batch_size = config.batch_size
        if self.batch_size > len(training.labels):
            raise ValueError(
                f"batch_size must be at most the {len(training.labels):,} training images, "
                f"not {self.batch_size}"
            )
        self.steps = len(training.labels) // self.batch_size
        self.steps_per_call = max(
            1, min(MAX_STEPS_PER_CALL, MACS_PER_CALL // (macs * self.nets * self.batch_size))
        )
        self.randoms = [np.random.default_rng(seed) for seed in seeds]
        self.augmentations = [Augmentation(strength, seed) for seed in seeds] if strength else []
        schedule = OneCycle(config.learning_rate, self.steps * config.epochs)
        self.optimizer = keras.optimizers.Adam(
            schedule,  # pyright: ignore[reportArgumentType] (Keras declares float only)
            beta_1=config.beta_1,
            beta_2=config.beta_2,
        )
        self.optimizer.build(self.model.trainable_variables)
        images = GROUP_IMAGES if net.norms else 0
        self.edges = slice_edges(self.batch_size, images)
        self._compile()
        self.seconds = 0.0

    def _compile(self) -> None:
        signature = [tf.TensorSpec([None, self.batch_size, self.nets], tf.int32)]
        self.run_steps = tf.function(self._run_steps, input_signature=signature)
        # No step: TensorFlow traces and optimises the graph at the first call, outside the clock.
        self.run_steps(tf.zeros((0, self.batch_size, self.nets), tf.int32))
        if self.net.norms:
            self._collect = tf.function(self._collect_statistics)
            self._collect()

    def run_epoch(
        self, number: int, on_images: Callable[[int], None]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Loss and accuracy of each net, (nets,), over one epoch.

        Args:
            number: for the message of a divergence.
            on_images: called with how many images each net was trained on since the last call.
        """
        count = self.steps * self.batch_size
        orders = [random.permutation(len(self.labels))[:count] for random in self.randoms]
        batches = np.stack(orders, axis=-1).astype(np.int32).reshape(self.steps, -1, self.nets)
        total_loss, correct = np.zeros(self.nets), np.zeros(self.nets)
        for first in range(0, self.steps, self.steps_per_call):
            indices = batches[first : first + self.steps_per_call]
            started = time.perf_counter()
            loss, hits = self.run_steps(tf.constant(indices))
            total_loss, correct = total_loss + loss.numpy(), correct + hits.numpy()
            self.seconds += time.perf_counter() - started
            require_finite(total_loss.max(), number, self.config.learning_rate)
            on_images(indices.size // self.nets)
        if self.net.norms:
            started = time.perf_counter()
            self._collect()
            self.seconds += time.perf_counter() - started
        return total_loss / count, correct / count

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
            images = tf.repeat(self.images[first:last, None], self.nets, axis=1)
            self.model(self._beside(images), training=False)
            found.append([norm.moments for norm in norms])
        for norm in norms:
            norm.collects = False
        for norm, *moments in zip(norms, *found, strict=True):
            means, variances = zip(*moments, strict=True)
            norm.mean.assign(tf.add_n(means) / len(means))
            norm.variance.assign(tf.add_n(variances) / len(variances))

    def _run_steps(self, batches):
        loss, hits = tf.zeros(self.nets), tf.zeros(self.nets, tf.int32)
        for indices in batches:
            step_loss, step_hits = self._step(indices)
            loss, hits = loss + step_loss, hits + step_hits
        return loss, hits

    def _step(self, indices):
        slices = []
        step = tf.cast(self.optimizer.iterations, tf.int32)
        drawn = [one.draw(step, self.batch_size, self.shape) for one in self.augmentations]
        moves = tf.stack(drawn, axis=1) if drawn else None
        for first, last in self.edges:
            for noise in self.net.noises:
                noise.place = (step, self.batch_size, first)
            images = tf.gather(self.images, indices[first:last])
            if moves is not None:
                images = self._moved(images, moves[first:last])
            labels = tf.gather(self.labels, indices[first:last])
            slices.append(self._gradients(self._beside(images), labels))
        losses, hits, gradients = zip(*slices, strict=True)
        summed = [tf.add_n(parts) / self.batch_size for parts in zip(*gradients, strict=True)]
        if self.net.masks:
            summed = [one * mask for one, mask in zip(summed, self.net.masks, strict=True)]
        self._apply(summed)
        return tf.add_n(losses), tf.add_n(hits)

    def _moved(self, images, moves):
        flat = tf.reshape(images, [-1, *self.shape])
        return tf.reshape(moved(flat, tf.reshape(moves, [-1, moves.shape[-1]])), images.shape)

    def _beside(self, images):
        """Images (n, nets, height, width[, channels]) as the model takes them."""
        if self.nets == 1:
            return images[:, 0]
        height, width, *channels = self.shape
        by_net = tf.reshape(images, [-1, self.nets, height, width, *(channels or [1])])
        return tf.reshape(
            tf.transpose(by_net, [0, 2, 3, 1, 4]), [images.shape[0], height, width, -1]
        )

    def _apply(self, gradients):
        """What ``optimizer.apply`` does, but for its sum over replicas.

        That sum registers a gradient function with TensorFlow, which is never forgotten: every
        training would leave its graph and its images in memory, 50 MB each.
        """
        learning_rate = self.optimizer.learning_rate
        for gradient, variable in zip(gradients, self.model.trainable_variables, strict=True):
            self.optimizer.update_step(gradient, variable, learning_rate)
        self.optimizer.iterations.assign_add(1)  # pyright: ignore (typed for every backend)

    def _gradients(self, images, labels):
        variables = [variable.value for variable in self.model.trainable_variables]
        with tf.GradientTape() as tape:
            logits = tf.reshape(self.model(images, training=True), [*labels.shape, -1])
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_sum(losses, axis=0)
        return loss, _count_correct(logits, labels), tape.gradient(loss, variables)


def _count_correct(logits, labels):
    hits = tf.argmax(logits, -1, tf.int32) == labels
    return tf.reduce_sum(tf.cast(hits, tf.int32), axis=0)


def require_finite(loss: float, epoch: int, learning_rate: float) -> None:
    """Stop a training that has diverged.

    Raises:
        FloatingPointError: the loss is not finite.
    """
    if not np.isfinite(loss):
        raise FloatingPointError(
            f"training diverged in epoch {epoch}: the loss is no longer finite; "
            f"lower learning_rate (it was {learning_rate})"
        )
