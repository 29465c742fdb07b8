"""Builds the Keras model of an architecture: the only file that names Keras layers."""

import random

from mnist_tradeoff.architecture.layers import (
    CLASSES,
    IMAGE_SIZE,
    Architecture,
    Conv,
    Dense,
    MaxPool,
)
from mnist_tradeoff.training.backend import keras


def build(
    architecture: Architecture,
    seed: int = 0,
    precision: str = "float32",
    input_dtype: str = "uint8",
) -> keras.Model:
    """Keras model that takes images as MNIST gives them and returns logits.

    Args:
        architecture: the hidden layers; flattening and the classifier are added.
        seed: of the initial weights (Keras's default: Glorot uniform, zero biases). The same seed
            gives the same weights in every process.
        precision: ``float32``, or ``bfloat16`` (arithmetic; the weights stay float32).
        input_dtype: of the images, whose values are 0 to 255 in any case.

    Returns:
        a model from uint8 (n, 28, 28), values 0 to 255, to float32 logits (n, 10).
    """
    seeds = random.Random(seed)
    policy = "mixed_bfloat16" if precision == "bfloat16" else precision

    def options(dtype: str = policy) -> dict:
        initializer = keras.initializers.GlorotUniform(seed=seeds.getrandbits(31))
        return {"kernel_initializer": initializer, "dtype": dtype}

    layers = keras.layers
    images = keras.Input((IMAGE_SIZE, IMAGE_SIZE), dtype=input_dtype, name="images")
    x = layers.Rescaling(1 / 255, dtype=policy)(images)
    x = layers.Reshape((IMAGE_SIZE, IMAGE_SIZE, 1), dtype=policy)(x)
    for layer in architecture.layers:
        match layer:
            case Conv(filters, kernel):
                x = layers.Conv2D(filters, kernel, activation="relu", **options())(x)
            case MaxPool(size):
                x = layers.MaxPooling2D(size, dtype=policy)(x)
            case Dense(units):
                x = layers.Flatten(dtype=policy)(x)
                x = layers.Dense(units, activation="relu", **options())(x)
    x = layers.Flatten(dtype=policy)(x)
    logits = layers.Dense(CLASSES, name="logits", **options("float32"))(x)
    return keras.Model(images, logits)
