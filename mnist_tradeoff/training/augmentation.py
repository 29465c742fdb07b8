"""Augmentation: images are turned, shifted and scaled a little, drawn anew at every step.

What is drawn follows from the seed, the step and the place of an image in its batch: a training's
result does not depend on how many threads share a batch.
"""

import math
from collections.abc import Sequence
from typing import Any

from mnist_tradeoff.training.backend import tf

# The most of each at strength 1: degrees, a share of the side (2 of 28 pixels), one of the size.
DEGREES, SHIFT, SCALE = 10.0, 2 / 28, 0.10


class Augmentation:
    """Random moves of images.

    Args:
        strength: how much of ``DEGREES``, ``SHIFT`` and ``SCALE`` is the most of each.
        seed: of the training.
    """

    def __init__(self, strength: float, seed: int):
        self.strength, self.seed = strength, seed

    def draw(self, step: Any, count: int, shape: Sequence[int]) -> Any:
        """Moves for the images of a step, float32 (count, 8), see ``moved``.

        Args:
            step: its number, an integer tensor.
            shape: of an image, height and width first.
        """
        seed = tf.stack([self.seed, step])
        drawn = tf.random.stateless_uniform(
            [4, count], seed, minval=-self.strength, maxval=self.strength
        )
        angle, right, down, size = tf.unstack(drawn)
        # About the centre: what lies there stays there, but for the shift.
        y, x = (shape[0] - 1) / 2, (shape[1] - 1) / 2
        angle = angle * math.radians(DEGREES)
        cosine, sine = tf.cos(angle) / (1 + SCALE * size), tf.sin(angle) / (1 + SCALE * size)
        from_x = x - cosine * x + sine * y + SHIFT * shape[1] * right
        from_y = y - sine * x - cosine * y + SHIFT * shape[0] * down
        zero = tf.zeros_like(angle)
        return tf.stack([cosine, -sine, from_x, sine, cosine, from_y, zero, zero], axis=1)


def moved(images: Any, moves: Any) -> Any:
    """Images uint8 (n, height, width) or (n, height, width, channels), each moved; bilinear.

    Args:
        moves: (n, 8) projections from a place in the result to one in the image, as
            ``tf.raw_ops.ImageProjectiveTransformV3`` takes them. Beyond its border an image goes
            on as it is there.
    """
    height, width = images.shape[1:3]
    result = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.reshape(images, [images.shape[0], height, width, -1]),
        transforms=moves,
        output_shape=[height, width],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    return tf.reshape(result, images.shape)
