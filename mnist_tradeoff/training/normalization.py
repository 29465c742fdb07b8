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
        """Scale and shift to be trained, and the statistics of a finished model."""
        shape = (input_shape[-1],)
        self.gamma, self.beta = tf.ones(shape), tf.zeros(shape)
        if self.scale:
            self.gamma = self.add_weight(shape=shape, initializer="ones", name="gamma")
        if self.center:
            self.beta = self.add_weight(shape=shape, initializer="zeros", name="beta")
        options = {"shape": shape, "trainable": False}
        self.mean = self.add_weight(initializer="zeros", name="mean", **options)
        self.variance = self.add_weight(initializer="ones", name="variance", **options)

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:  # noqa: ARG002
        """Normalised by the statistics of the images where it is trained or collects."""
        if not (training or self.collects):
            scale = self.gamma * tf.math.rsqrt(self.variance + self.epsilon)
            return inputs * scale + (self.beta - self.mean * scale)
        images = tf.cast(inputs, tf.float32)
        _, *places, channels = inputs.shape
        if len(places) != 2:  # the kernel takes height and width
            images = tf.reshape(images, [-1, 1, math.prod(places), channels])
        normalized, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        self.moments = (mean, variance)
        if len(places) != 2:
            normalized = tf.reshape(normalized, [-1, *places, channels])
        return tf.cast(normalized, inputs.dtype)


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
