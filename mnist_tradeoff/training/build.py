"""Builds the Keras model of an architecture: the only room that names Keras layers.

One function per kind of layer; a kind without one raises, and the type checker says so before.
"""

import random
from collections.abc import Callable
from typing import Any, assert_never

from mnist_tradeoff.architecture.groups import Layer, Repeated, Residual, Shared
from mnist_tradeoff.architecture.layers import (
    AveragePool,
    Conv,
    Dense,
    Depthwise,
    Dropout,
    GlobalAverage,
    Head,
    MaxPool,
    Separable,
)
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.options import ACTIVATIONS
from mnist_tradeoff.architecture.own_model import AnyArchitecture, OwnModel
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.training.backend import keras
from mnist_tradeoff.training.net import Net, Unit
from mnist_tradeoff.training.normalization import EPSILON, GroupNormalization, Noise
from mnist_tradeoff.training.own_model import build_own

LEAKY_SLOPE = 0.2
# Those that Keras has no name for as we want them.
OWN_ACTIVATIONS = ("leaky", "gelu")

Apply = Callable[[Any], Any]
Weighted = Conv | Separable | Depthwise | Dense


def build(
    architecture: AnyArchitecture,
    task: Task,
    seed: int = 0,
    precision: str = "float32",
    input_dtype: str = "uint8",
) -> keras.Model:
    """Keras model as it is deployed, which takes images as they are and returns logits.

    Args:
        architecture: the hidden layers, to which flattening and the classifier are added; or a
            model of the user's own.
        task: shape of an image and number of classes.
        seed: of the initial weights (Keras's default: Glorot uniform, zero biases). The same seed
            gives the same weights in every process.
        precision: ``float32``, or ``bfloat16`` (arithmetic; the weights stay float32).
        input_dtype: of the images, whose values are 0 to 255 in any case.

    Returns:
        a model from uint8 (n, height, width), values 0 to 255, to float32 logits (n, classes).
    """
    return build_net(architecture, task, seed, precision, input_dtype).model


def build_net(
    architecture: AnyArchitecture,
    task: Task,
    seed: int = 0,
    precision: str = "float32",
    input_dtype: str = "uint8",
    is_trained: bool = False,
) -> Net:
    """See ``build``; a net that is trained has its normalisations and its dropout."""
    if isinstance(architecture, OwnModel):
        return build_own(architecture, task, seed, input_dtype, is_trained)
    policy = "mixed_bfloat16" if precision == "bfloat16" else precision
    builder = _Builder(policy, random.Random(seed), is_trained)
    images = keras.Input(task.image_shape, dtype=input_dtype, name="images")
    x = keras.layers.Rescaling(1 / 255, dtype=policy)(images)
    x = keras.layers.Reshape(tuple(task.input_shape), dtype=policy)(x)
    for layer in architecture.body:
        x = builder.make(layer)(x)
    model = keras.Model(images, builder.logits(architecture, task, x))
    return Net(model, builder.units, builder.noises)


class _Builder:
    """Makes layers: their weights when they are made, their normalisation at every call."""

    def __init__(self, policy: str, seeds: random.Random, is_trained: bool):
        self.policy, self.seeds, self.is_trained = policy, seeds, is_trained
        self.units: list[Unit] = []
        self.noises: list[Noise] = []
        self.shared_depth = 0

    def make(self, layer: Layer) -> Apply:
        """What the layer does to its input."""
        match layer:
            case Conv():
                return self._conv(layer)
            case Separable():
                return self._separable(layer)
            case Depthwise():
                return self._depthwise(layer)
            case Dense():
                return self._dense(layer)
            case MaxPool():
                return keras.layers.MaxPooling2D(layer.size, dtype=self.policy)
            case AveragePool():
                return keras.layers.AveragePooling2D(layer.size, dtype=self.policy)
            case GlobalAverage():
                return self._global_average()
            case Dropout():
                return self._dropout(layer)
            case Repeated():
                return _chain([self.make(one) for one in layer.run])
            case Shared():
                return self._shared(layer)
            case Residual():
                return self._residual(layer)
            case Head():
                raise ValueError(f"{layer} is a classifier, and no hidden layer")
            case _:
                assert_never(layer)

    def logits(self, architecture: Architecture, task: Task, x: Any) -> Any:
        """Float32 scores of the classes."""
        classifier = architecture.classifier(task)
        if isinstance(classifier, Conv):
            options = self._options("float32", name="scores")
            scores = keras.layers.Conv2D(classifier.filters, classifier.kernel, **options)
            self.units.append(Unit(scores))
            return keras.layers.GlobalAveragePooling2D(dtype="float32", name="logits")(scores(x))
        x = keras.layers.Flatten(dtype=self.policy)(x)
        dense = keras.layers.Dense(task.classes, **self._options("float32", name="logits"))
        self.units.append(Unit(dense))
        return dense(x)

    def _initializer(self) -> Any:
        return keras.initializers.GlorotUniform(seed=self.seeds.getrandbits(31))

    def _options(self, dtype: str, **more: Any) -> dict[str, Any]:
        return {"kernel_initializer": self._initializer(), "dtype": dtype, **more}

    def _conv(self, layer: Conv) -> Apply:
        options = self._options(self.policy, **_windows(layer), **self._tail(layer))
        return self._weighted(layer, keras.layers.Conv2D(layer.filters, layer.kernel, **options))

    def _separable(self, layer: Separable) -> Apply:
        options = {
            "depthwise_initializer": self._initializer(),
            "pointwise_initializer": self._initializer(),
            "dtype": self.policy,
            **_windows(layer),
            **self._tail(layer),
        }
        made = keras.layers.SeparableConv2D(layer.filters, layer.kernel, **options)
        return self._weighted(layer, made)

    def _depthwise(self, layer: Depthwise) -> Apply:
        options = {"depthwise_initializer": self._initializer(), "dtype": self.policy}
        options |= {**_windows(layer), **self._tail(layer)}
        return self._weighted(layer, keras.layers.DepthwiseConv2D(layer.kernel, **options))

    def _dense(self, layer: Dense) -> Apply:
        options = self._options(self.policy, **self._tail(layer))
        dense = self._weighted(layer, keras.layers.Dense(layer.units, **options))
        return lambda x: dense(keras.layers.Flatten(dtype=self.policy)(x))

    def _keeps_norm(self, layer: Weighted) -> bool:
        return layer.normalized and (self.is_trained or self.shared_depth > 0)

    def _tail(self, layer: Weighted) -> dict[str, Any]:
        """Bias and activation as far as the Keras layer itself has them."""
        inside = not self._keeps_norm(layer) and not self._is_own(layer.activation)
        activation = ACTIVATIONS[layer.activation] if inside else None
        return {"use_bias": not self._keeps_norm(layer), "activation": activation}

    def _weighted(self, layer: Weighted, made: keras.layers.Layer) -> Apply:
        unit = Unit(made)
        self.units.append(unit)
        keeps_norm = self._keeps_norm(layer)

        def apply(x: Any) -> Any:
            x = made(x)
            if keeps_norm:
                unit.norms.append(self._norm())
                x = unit.norms[-1](x)
            if keeps_norm or self._is_own(layer.activation):
                x = self._activation(layer.activation)(x)
            return x

        return apply

    def _norm(self) -> keras.layers.Layer:
        if self.is_trained:
            return GroupNormalization(dtype=self.policy)
        return keras.layers.BatchNormalization(epsilon=EPSILON, dtype=self.policy)

    def _is_own(self, activation: str) -> bool:
        return activation in OWN_ACTIVATIONS or (activation == "silu" and self.is_trained)

    def _activation(self, name: str) -> Apply:
        if name == "leaky":
            return keras.layers.LeakyReLU(LEAKY_SLOPE, dtype=self.policy)
        if name == "gelu":  # by tanh, which LiteRT and ONNX have as well
            return lambda x: keras.ops.gelu(x, approximate=True)
        if name == "silu" and self.is_trained:
            # Its own gradient TensorFlow never forgets: each training's images would stay behind.
            return lambda x: x * keras.ops.sigmoid(x)
        return keras.layers.Activation(ACTIVATIONS[name], dtype=self.policy)

    def _global_average(self) -> Apply:
        flat = keras.layers.Flatten(dtype=self.policy)
        pooled = keras.layers.GlobalAveragePooling2D(dtype=self.policy)
        return lambda x: pooled(x) if len(x.shape) == 4 else flat(x)

    def _dropout(self, layer: Dropout) -> Apply:
        if not self.is_trained:
            return lambda x: x
        self.noises.append(Noise(layer.rate, self.seeds.getrandbits(31), dtype=self.policy))
        return self.noises[-1]

    def _shared(self, layer: Shared) -> Apply:
        self.shared_depth += 1
        once = _chain([self.make(one) for one in layer.layers])
        self.shared_depth -= 1
        return _chain([once] * layer.times)

    def _residual(self, layer: Residual) -> Apply:
        inside = _chain([self.make(one) for one in layer.layers])
        add = keras.layers.Add(dtype=self.policy)

        def apply(x: Any) -> Any:
            x = keras.layers.Flatten(dtype=self.policy)(x) if layer.is_flat else x
            return add([x, inside(x)])

        return apply


def _chain(parts: list[Apply]) -> Apply:
    def apply(x: Any) -> Any:
        for part in parts:
            x = part(x)
        return x

    return apply


def _windows(layer: Conv | Separable | Depthwise) -> dict[str, Any]:
    return {"strides": layer.stride, "padding": "same" if layer.same else "valid"}
