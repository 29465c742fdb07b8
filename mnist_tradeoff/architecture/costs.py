"""COST: what an architecture costs, by arithmetic alone. Standard library only."""

from dataclasses import dataclass

from mnist_tradeoff.architecture.layers import (
    CLASSES,
    INPUT_SHAPE,
    Architecture,
    Conv,
    Dense,
    Layer,
    MaxPool,
    Shape,
)

FLOAT32_BYTES = 4


@dataclass(frozen=True)
class Complexity:
    """Exact costs of one architecture.

    num_params: trainable weights and biases.
    macs: multiply-accumulate operations of one forward pass of one image; biases, ReLU and pooling
        are not counted (the convention of pycls and of the MCU literature).
    peak_activation_bytes: the largest input + output of any one layer, float32, one image: the
        working memory that a layer-by-layer interpreter needs (Lin et al., "MCUNet", 2020).
    """

    num_params: int
    macs: int
    peak_activation_bytes: int


def complexity(architecture: Architecture) -> Complexity:
    """Parameters, MACs and peak activation memory of an architecture with its classifier."""
    layers = (*architecture.layers, Dense(CLASSES))
    outputs = (*architecture.shapes(), Shape(1, 1, CLASSES))
    inputs = (INPUT_SHAPE, *outputs[:-1])
    steps = list(zip(layers, inputs, outputs, strict=True))
    return Complexity(
        num_params=sum(_num_params(layer, before) for layer, before, _ in steps),
        macs=sum(_macs(*step) for step in steps),
        peak_activation_bytes=FLOAT32_BYTES * max(i.size + o.size for _, i, o in steps),
    )


def _num_params(layer: Layer, before: Shape) -> int:
    match layer:
        case Conv(filters, kernel):
            return (kernel * kernel * before.channels + 1) * filters
        case Dense(units):
            return (before.size + 1) * units
        case MaxPool():
            return 0


def _macs(layer: Layer, before: Shape, after: Shape) -> int:
    match layer:
        case Conv(_, kernel):
            return kernel * kernel * before.channels * after.size
        case Dense(units):
            return before.size * units
        case MaxPool():
            return 0
