"""The contestant: Keras's `fit` as anyone writes it, in a process with TensorFlow's own defaults.

Reads the training data of our split; answers every line ``{"seed": s}`` on standard input with one
more epoch of that seed's model: ``{"train_seconds": t, "test_accuracy": a}``.
Arguments: the model, the batch size, and perhaps how strongly images are augmented.
"""

# Keras declares `verbose` to be text, and takes 0.
# pyright: reportArgumentType=false

import json
import sys
import time
from typing import Any

import keras
import numpy as np

from mnist_tradeoff.architecture.layers import (
    Conv,
    Dense,
    Depthwise,
    GlobalAverage,
    MaxPool,
    Separable,
)
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data.sets import load
from mnist_tradeoff.system.processes import exit_with_parent

# As in training/augmentation.py, whose import would set TensorFlow's threads.
DEGREES, SHIFT, SCALE = 10, 2 / 28, 0.10
ACTIVATIONS = {"leaky": keras.layers.LeakyReLU(0.2), "hswish": "hard_silu"}


def plain_model(architecture: Architecture, seed: int, strength: float) -> keras.Model:
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((28, 28, 1)), *(moving(strength) if strength else ())])
    for layer in architecture.layers:
        match layer:
            case MaxPool(size):
                model.add(keras.layers.MaxPooling2D(size))
            case GlobalAverage():
                model.add(keras.layers.GlobalAveragePooling2D())
            case Conv() | Separable() | Depthwise() | Dense():
                for part in weighted(layer):
                    model.add(part)
            case _:
                raise ValueError(f"there is no plain Keras layer here for {layer}")
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(
        keras.optimizers.Adam(1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def weighted(layer: Conv | Separable | Depthwise | Dense) -> list[keras.layers.Layer]:
    """A layer with weights, its normalisation and its activation."""
    activation = ACTIVATIONS.get(layer.activation, layer.activation)
    options = {"use_bias": not layer.normalized}
    if not layer.normalized:
        options["activation"] = activation
    windows = {"strides": layer.stride, "padding": "same" if layer.same else "valid"}
    made: list[Any]
    match layer:
        case Conv(filters, kernel):
            made = [keras.layers.Conv2D(filters, kernel, **windows, **options)]
        case Separable(filters, kernel):
            made = [keras.layers.SeparableConv2D(filters, kernel, **windows, **options)]
        case Depthwise(kernel):
            made = [keras.layers.DepthwiseConv2D(kernel, **windows, **options)]
        case Dense(units):
            made = [keras.layers.Flatten(), keras.layers.Dense(units, **options)]
    if layer.normalized:
        made += [keras.layers.BatchNormalization(), keras.layers.Activation(activation)]
    return made


def moving(strength: float) -> list[keras.layers.Layer]:
    """The same turns, shifts and scales as ours, in Keras's own layers."""
    options = {"fill_mode": "nearest", "interpolation": "bilinear"}
    shift, scale = strength * SHIFT, strength * SCALE
    return [
        keras.layers.RandomRotation(strength * DEGREES / 360, **options),
        keras.layers.RandomTranslation(shift, shift, **options),
        keras.layers.RandomZoom(scale, **options),
    ]


class EpochClock(keras.callbacks.Callback):
    """Seconds of an epoch's steps; what `fit` sets up once, it would not set up for each epoch."""

    def on_epoch_begin(self, epoch, logs=None):  # noqa: ARG002
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002
        self.seconds = time.perf_counter() - self.started


def warm_up(model: keras.Model, images: np.ndarray, labels: np.ndarray, batch_size: int) -> None:
    """Trace and run two steps outside the clock, then put everything back.

    The second one is not full, as an epoch's last: Keras traces anew for another shape.
    """
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    values = [variable.numpy() for variable in variables]
    few = slice(batch_size + batch_size // 2)
    model.fit(images[few], labels[few], batch_size=batch_size, verbose=0)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def main() -> None:
    exit_with_parent()
    architecture = resolve(sys.argv[1], MNIST)
    batch_size, strength = int(sys.argv[2]), float(sys.argv[3] if sys.argv[3:] else 0)
    dataset = load("mnist")
    train, test = (
        split.images[..., None].astype("float32") / 255 for split in (dataset.train, dataset.test)
    )
    models: dict[int, keras.Model] = {}
    for line in sys.stdin:
        seed = json.loads(line)["seed"]
        if seed not in models:
            models[seed] = plain_model(architecture, seed, strength)
            warm_up(models[seed], train, dataset.train.labels, batch_size)
        clock = EpochClock()
        models[seed].fit(
            *(train, dataset.train.labels), batch_size=batch_size, verbose=0, callbacks=[clock]
        )
        _, accuracy = models[seed].evaluate(test, dataset.test.labels, batch_size=1000, verbose=0)
        print(json.dumps({"train_seconds": clock.seconds, "test_accuracy": accuracy}), flush=True)


if __name__ == "__main__":
    main()
