"""Builds the Keras model of an architecture: the only room that names Keras layers.

One function per kind of layer; a kind without one raises, and the type checker says so before.
"""

import random
from collections.abc import Callable
from typing import Any, assert_never

from mnist_tradeoff.architecture.layers import Conv, Dense, Layer, MaxPool
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.training.backend import keras

Options = Callable[[], dict[str, Any]]


def build(
    architecture: Architecture,
    task: Task,
    seed: int = 0,
    precision: str = "float32",
    input_dtype: str = "uint8",
) -> keras.Model:
    """Keras model that takes images as they are and returns logits.

    Args:
        architecture: the hidden layers; flattening and the classifier are added.
        task: shape of an image and number of classes.
        seed: of the initial weights (Keras's default: Glorot uniform, zero biases). The same seed
            gives the same weights in every process.
        precision: ``float32``, or ``bfloat16`` (arithmetic; the weights stay float32).
        input_dtype: of the images, whose values are 0 to 255 in any case.

    Returns:
        a model from uint8 (n, height, width), values 0 to 255, to float32 logits (n, classes).
    """
    seeds = random.Random(seed)
    policy = "mixed_bfloat16" if precision == "bfloat16" else precision

    def options(dtype: str = policy) -> dict[str, Any]:
        initializer = keras.initializers.GlorotUniform(seed=seeds.getrandbits(31))
        return {"kernel_initializer": initializer, "dtype": dtype}

    layers = keras.layers
    images = keras.Input(task.image_shape, dtype=input_dtype, name="images")
    x = layers.Rescaling(1 / 255, dtype=policy)(images)
    x = layers.Reshape(tuple(task.input_shape), dtype=policy)(x)
    for layer in architecture.layers:
        x = _apply(layer, x, policy, options)
    x = layers.Flatten(dtype=policy)(x)
    logits = layers.Dense(task.classes, name="logits", **options("float32"))(x)
    return keras.Model(images, logits)


def _apply(layer: Layer, x: Any, policy: str, options: Options) -> Any:
    match layer:
        case Conv():
            return _conv(layer, x, options)
        case MaxPool():
            return keras.layers.MaxPooling2D(layer.size, dtype=policy)(x)
        case Dense():
            return _dense(layer, x, policy, options)
        case _:
            assert_never(layer)


def _conv(layer: Conv, x: Any, options: Options) -> Any:
    return keras.layers.Conv2D(layer.filters, layer.kernel, activation="relu", **options())(x)


def _dense(layer: Dense, x: Any, policy: str, options: Options) -> Any:
    x = keras.layers.Flatten(dtype=policy)(x)
    return keras.layers.Dense(layer.units, activation="relu", **options())(x)
