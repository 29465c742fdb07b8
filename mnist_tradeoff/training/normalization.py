"""Batch normalisation and dropout while a model is trained; a deployed model has neither.

Normalisation (Ioffe and Szegedy, 2015) is by groups of a fixed number of images (Hoffer et al.,
"Train longer, generalize better", 2017): a training's result then does not depend on how many
threads share a batch. The statistics that a finished model uses are taken anew from training images
after every epoch, instead of a moving average over weights that have changed since.
"""

import math
from typing import Any

from mnist_tradeoff.training.backend import keras, tf

EPSILON = 1e-3
# Multiples of so many channels are normalised by oneDNN's kernel; it is slow at any other number.
FUSED_CHANNELS = 8
# Numbers in a row of ``composed``: two vectors of AVX-512.
ROW = 32


class GroupNormalization(keras.layers.Layer):
    """Batch normalisation of the images of one call, over all axes but the last.

    epsilon, center, scale: as of Keras's ``BatchNormalization``.
    moments: mean and variance of the last call that took them from its images.
    """

    def __init__(
        self, epsilon: float = EPSILON, center: bool = True, scale: bool = True, **options: Any
    ):
        super().__init__(**options)
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.collects = False
        self.moments: tuple[Any, Any] | None = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Scale and shift to be trained, and the statistics of a finished model; all float32."""
        shape = (input_shape[-1],)
        options: dict[str, Any] = {"shape": shape, "autocast": False}
        self.gamma, self.beta = tf.ones(shape), tf.zeros(shape)
        if self.scale:
            self.gamma = self.add_weight(initializer="ones", name="gamma", **options)
        if self.center:
            self.beta = self.add_weight(initializer="zeros", name="beta", **options)
        options["trainable"] = False
        self.mean = self.add_weight(initializer="zeros", name="mean", **options)
        self.variance = self.add_weight(initializer="ones", name="variance", **options)

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:  # noqa: ARG002
        """Normalised by the statistics of the images where it is trained or collects."""
        images = tf.cast(inputs, tf.float32)
        if not (training or self.collects):
            scale = self.gamma * tf.math.rsqrt(self.variance + self.epsilon)
            return tf.cast(images * scale + (self.beta - self.mean * scale), inputs.dtype)
        normalize = fused if images.shape[-1] % FUSED_CHANNELS == 0 else composed
        normalized, mean, variance = normalize(images, self.gamma, self.beta, self.epsilon)
        self.moments = (mean, variance)
        return tf.cast(normalized, inputs.dtype)


def fused(images: Any, gamma: Any, beta: Any, epsilon: float) -> tuple[Any, Any, Any]:
    """Images normalised over all axes but the last, with their mean and (unbiased) variance."""
    _, *places, channels = images.shape
    flat = tf.reshape(images, [-1, 1, math.prod(places), channels])
    normalized, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=images if len(places) == 2 else flat,
        scale=tf.convert_to_tensor(gamma),
        offset=tf.convert_to_tensor(beta),
        mean=[],
        variance=[],
        epsilon=epsilon,
        is_training=True,
    )
    return tf.reshape(normalized, images.shape), mean, variance


def composed(images: Any, gamma: Any, beta: Any, epsilon: float) -> tuple[Any, Any, Any]:
    """What ``fused`` gives, of few operations on long rows.

    oneDNN's kernel goes number by number where the channels do not fill its vectors. Rows of
    several places fill them whatever the channels, and are summed by a matrix product
    (benchmarks/NOTES.md).
    """
    channels, size = images.shape[-1], images.shape.num_elements()
    places = 1
    while channels * places < ROW and size % (2 * channels * places) == 0:
        places *= 2
    rows = tf.reshape(images, [-1, channels * places])
    count, ones = size // channels, tf.ones((1, size // (channels * places)))

    def mean_of(numbers: Any) -> Any:
        summed = tf.reshape(tf.matmul(ones, numbers), [places, channels])
        return tf.reduce_sum(summed, axis=0) / count

    def along(values: Any) -> Any:
        return tf.tile(values, [places])

    mean = mean_of(rows)
    centred = rows + along(-mean)  # the gradient of a difference is negated number by number
    # The gradient of a square is two products, that of half of it is one.
    half = mean_of(centred * tf.stop_gradient(centred))
    variance = 2 * half - tf.stop_gradient(half)
    scale = tf.math.rsqrt(variance + epsilon) * gamma
    normalized = centred * along(scale) + along(tf.convert_to_tensor(beta))
    return tf.reshape(normalized, images.shape), mean, variance * (count / max(1, count - 1))


class Noise(keras.layers.Layer):
    """Dropout whose masks follow from the step and the place of an image in its batch.

    A training's result then does not depend on how many threads share a batch.

    place: of the call that is being traced: the step's number, images of the batch, first of them.
    """

    def __init__(self, rate: float, seed: int, **options: Any):
        super().__init__(**options)
        self.rate, self.seed = rate, seed
        self.place: tuple[Any, int, int] | None = None

    def call(self, inputs: Any, training: bool = False) -> Any:
        """A share of the inputs zero, the others larger; as they are outside training."""
        if not training or self.place is None:
            return inputs
        step, images, first = self.place
        shape = (images, *inputs.shape[1:])
        drawn = tf.random.stateless_uniform(shape, tf.stack([self.seed, step]))
        kept = drawn[first : first + inputs.shape[0]] >= self.rate
        return tf.where(kept, inputs / (1 - self.rate), tf.zeros_like(inputs))
