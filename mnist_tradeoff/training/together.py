"""Several nets of one architecture as one net, which trains them side by side.

A small net leaves most of a vector unit idle: oneDNN fills its channels up to 8 or 16, so a step of
twice as many costs 1.2 to 1.4 times as much. Here the channels of several nets, of different seeds,
stand beside each other. They never mix: kernels are block-diagonal, and what a gradient has outside
the blocks does not count. Each net learns what it would learn alone, to rounding;
benchmarks/NOTES.md has the gain.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.training.backend import keras, tf
from mnist_tradeoff.training.net import Net, Unit
from mnist_tradeoff.training.normalization import GroupNormalization, Noise

Layer = keras.layers.Layer


@dataclass
class Together:
    """Nets that are trained as one.

    net: takes images (n, height, width, nets · channels), and returns logits (n, nets · classes);
        or it is the only one, as it is.
    layers: those with weights, each with the nets' own.
    """

    net: Net
    layers: Sequence[tuple[Layer, Sequence[Layer]]] = ()

    def give_back(self) -> None:
        """Give every net the weights that it has by now."""
        for joined, layers in self.layers:
            values = joined.get_weights()
            for number, layer in enumerate(layers):
                own = [
                    value[_block(weight.shape, value.shape, number)]
                    for weight, value in zip(layer.weights, values, strict=True)
                ]
                layer.set_weights(own)


def join(nets: Sequence[Net], task: Task) -> Together:
    """Nets of one architecture, each with its initial weights, as one.

    Raises:
        NotImplementedError: it has a layer with weights that is not of the notation.
    """
    first, pairs = nets[0].model, []

    def joined(layer: Layer) -> Layer:
        if layer not in first.layers:  # an activation that is a function
            return layer
        place = first.layers.index(layer)
        layers = [net.model.layers[place] for net in nets]
        made = _joined(layer, layers)
        if layer.weights:
            pairs.append((made, layers))
        return made

    height, width, channels = task.input_shape
    images = keras.Input((height, width, len(nets) * channels), dtype="uint8", name="images")
    model = keras.models.clone_model(first, input_tensors=images, clone_function=joined)
    masks = {id(v): mask for made, layers in pairs for v, mask in _filled(made, layers)}
    noises = [noise for net in nets for noise in net.noises]
    units = [Unit(made) for made, _ in pairs]
    return Together(
        Net(model, units, noises, [masks[id(v)] for v in model.trainable_variables]), pairs
    )


def _joined(layer: Layer, layers: Sequence[Any]) -> Layer:
    """A layer that does to the channels of all nets what their layers do to those of each."""
    count, options = len(layers), {"name": layer.name, "dtype": layer.dtype_policy}
    match layer:
        case GroupNormalization():
            return GroupNormalization(**options)
        case keras.layers.SeparableConv2D() | keras.layers.Conv2D():
            config = {**layer.get_config(), "filters": count * layer.filters}
            return type(layer).from_config(config)
        case keras.layers.DepthwiseConv2D():
            return keras.layers.DepthwiseConv2D.from_config(layer.get_config())
        case keras.layers.Dense():
            return _Denses(layers, **options)
        case keras.layers.Flatten():
            return _Flatten(count, **options)
        case keras.layers.Reshape():  # images are in their shape
            return keras.layers.Identity(**options)
        case Noise():
            return _Noises(layers, **options)
    if layer.weights:
        raise NotImplementedError(f"{type(layer).__name__} is not trained beside others")
    return layer


def _filled(joined: Layer, layers: Sequence[Layer]) -> Iterator[tuple[Any, np.ndarray]]:
    """Put the nets' weights into a joined layer; its variables, and ones where they have any."""
    for variable, *parts in zip(joined.weights, *(one.weights for one in layers), strict=True):
        value, mask = np.zeros(variable.shape, np.float32), np.zeros(variable.shape, np.float32)
        for number, part in enumerate(parts):
            block = _block(part.shape, value.shape, number)
            value[block], mask[block] = part.numpy(), 1
        variable.assign(value)
        yield variable, mask


def _block(shape: Sequence[int], whole: Sequence[int], number: int) -> tuple[slice, ...]:
    """Where a net's own weight is in an array of all: beside the others wherever that is longer.

    Args:
        shape: of the weight.
        whole: of the array.
        number: of the net.
    """
    return tuple(
        slice(None) if own == of_all else slice(number * own, (number + 1) * own)
        for own, of_all in zip(shape, whole, strict=True)
    )


class _Denses(keras.layers.Layer):
    """Dense layers, each on the features of its net: (n, nets · features) → (n, nets · units)."""

    def __init__(self, layers: Sequence[Any], **options: Any):
        super().__init__(**options)
        self.count, (self.features, self.units) = len(layers), layers[0].kernel.shape
        self.activation = layers[0].activation
        self.kernel = self.add_weight(shape=(self.count * self.features, self.units))
        if layers[0].use_bias:
            self.bias = self.add_weight(shape=(self.count * self.units,))

    def call(self, inputs: Any) -> Any:
        by_net = tf.transpose(tf.reshape(inputs, [-1, self.count, self.features]), [1, 0, 2])
        kernels = tf.reshape(self.kernel, [self.count, self.features, self.units])
        outputs = tf.transpose(tf.matmul(by_net, kernels), [1, 0, 2])
        beside = tf.reshape(outputs, [-1, self.count * self.units])
        if hasattr(self, "bias"):
            beside = tf.nn.bias_add(beside, self.bias)
        return self.activation(beside)


class _Flatten(keras.layers.Layer):
    """Flattened images of channels, those of one net after those of another."""

    def __init__(self, count: int, **options: Any):
        super().__init__(**options)
        self.count = count

    def call(self, inputs: Any) -> Any:
        if len(inputs.shape) == 2:
            return inputs
        _, height, width, channels = inputs.shape
        apart = tf.reshape(inputs, [-1, height * width, self.count, channels // self.count])
        return tf.reshape(tf.transpose(apart, [0, 2, 1, 3]), [-1, height * width * channels])


class _Noises(keras.layers.Layer):
    """Dropout of every net, each with its own seed."""

    def __init__(self, noises: Sequence[Noise], **options: Any):
        super().__init__(**options)
        self.noises = noises

    def call(self, inputs: Any, training: bool = False) -> Any:
        parts = tf.split(inputs, len(self.noises), axis=-1)
        pairs = zip(self.noises, parts, strict=True)
        return tf.concat([noise(part, training=training) for noise, part in pairs], axis=-1)
