"""WHAT is trained: architectures as values, their notation, and the four references.

The notation is the field's own (Cireşan et al., "Multi-column deep neural networks", 2012; Deotte,
"How to choose CNN architecture MNIST", 2018): ``16C3`` is a convolution of 16 filters of 3×3 (valid
padding, ReLU), ``P2`` a 2×2 max pooling, ``128`` a dense layer of 128 units (ReLU). Flattening and
the final 10-way classifier are implied. Standard library only.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

IMAGE_SIZE = 28
CLASSES = 10

MAX_FILTERS = 512
MAX_UNITS = 4096
MAX_LAYERS = 64


class Shape(NamedTuple):
    """Height, width and channels of one image's activation; a dense layer's is (1, 1, units)."""

    height: int
    width: int
    channels: int

    @property
    def size(self) -> int:
        return self.height * self.width * self.channels


INPUT_SHAPE = Shape(IMAGE_SIZE, IMAGE_SIZE, 1)


@dataclass(frozen=True)
class Conv:
    """Convolution with valid padding, stride 1 and ReLU."""

    filters: int
    kernel: int = 3

    def __str__(self) -> str:
        return f"{self.filters}C{self.kernel}"


@dataclass(frozen=True)
class MaxPool:
    """Max pooling whose stride is its size; what does not fill a window is dropped."""

    size: int = 2

    def __str__(self) -> str:
        return f"P{self.size}"


@dataclass(frozen=True)
class Dense:
    """Fully connected layer with ReLU; the first one flattens its input."""

    units: int

    def __str__(self) -> str:
        return f"{self.units}"


Layer = Conv | MaxPool | Dense


@dataclass(frozen=True)
class Architecture:
    """The hidden layers of a classifier of 28×28 images into 10 classes; valid once it exists.

    Raises:
        ValueError: no or too many layers, a width or kernel out of range, an image that shrinks
            below 1×1, or a convolution or pooling after a dense layer; the layer is named.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.layers) <= MAX_LAYERS:
            raise ValueError(
                f"an architecture has 1 to {MAX_LAYERS} layers, not {len(self.layers)}"
            )
        self.shapes()

    def __str__(self) -> str:
        """The notation: ``parse(str(a)) == a``."""
        return "-".join(map(str, self.layers))

    def shapes(self) -> tuple[Shape, ...]:
        """Output shape of every hidden layer, in order."""
        shapes = [INPUT_SHAPE]
        previous: Layer | None = None
        for number, layer in enumerate(self.layers, start=1):
            try:
                shapes.append(_output_shape(layer, shapes[-1], previous))
            except ValueError as error:
                raise ValueError(f"layer {number} ({layer}) of '{self}': {error}") from None
            previous = layer
        return tuple(shapes[1:])


def _output_shape(layer: Layer, shape: Shape, previous: Layer | None) -> Shape:
    match layer:
        case Dense(units):
            _require("units", units, 1, MAX_UNITS)
            return Shape(1, 1, units)
        case _ if isinstance(previous, Dense):
            raise ValueError("only dense layers can follow a dense layer")
        case Conv(filters, kernel):
            _require("filters", filters, 1, MAX_FILTERS)
            _require("kernel size", kernel, 1, IMAGE_SIZE)
            return _shrink(shape, shape.height - kernel + 1, shape.width - kernel + 1, filters)
        case MaxPool(size):
            _require("pooling size", size, 2, IMAGE_SIZE)
            return _shrink(shape, shape.height // size, shape.width // size, shape.channels)


def _require(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{what} must be {low} to {high}, not {value}")


def _shrink(before: Shape, height: int, width: int, channels: int) -> Shape:
    if height < 1 or width < 1:
        raise ValueError(f"its {before.height}×{before.width} input would shrink below 1×1")
    return Shape(height, width, channels)


@dataclass(frozen=True)
class Reference:
    """One of the four documented architectures: a fixed landmark of the study.

    The source states neither optimizer, epochs, batch size nor seeds, and gives one run each.
    """

    name: str
    architecture: Architecture
    documented_num_params: int
    documented_test_accuracy: float


# At most six digits, so that no number is too long to print in an error.
_TOKEN = re.compile(
    r"(?P<filters>\d{1,6})C(?P<kernel>\d{1,6})|P(?P<size>\d{1,6})|(?P<units>\d{1,6})", re.ASCII
)


def parse(notation: str) -> Architecture:
    """Architecture of a notation such as ``16C3-P2-32C3-P2-128`` (case does not matter).

    Raises:
        ValueError: a token that is no layer, or an impossible architecture.
    """
    tokens = notation.upper().split("-")
    matches = [_TOKEN.fullmatch(token) for token in tokens]
    if None in matches:
        raise ValueError(
            f"unknown model '{notation}': use {', '.join(REFERENCES)}, or a notation such as "
            f"16C3-P2-128 (convolution, pooling, dense)"
        )
    return Architecture(tuple(_layer(match) for match in matches if match))


def _layer(match: re.Match[str]) -> Layer:
    if match["filters"]:
        return Conv(int(match["filters"]), int(match["kernel"]))
    if match["size"]:
        return MaxPool(int(match["size"]))
    return Dense(int(match["units"]))


REFERENCES = {
    reference.name: reference
    for reference in (
        Reference("ann", parse("128-64"), 109_386, 0.9743),
        Reference("simple_cnn", parse("32C3-P2-64C3-P2-128"), 225_034, 0.9898),
        Reference("cnn_v1", parse("16C3-P2-32C3-P2"), 12_810, 0.9839),
        Reference("cnn_v2", parse("32C3-32C3-P2-64C3-64C3-P2-128"), 197_482, 0.9920),
    )
}


def resolve(model: str) -> Architecture:
    """Architecture of a reference's name or of any notation.

    Raises:
        ValueError: neither of the two, or an impossible architecture; the message says which.
    """
    return REFERENCES[model].architecture if model in REFERENCES else parse(model)


def reference_of(architecture: Architecture) -> Reference | None:
    """The reference with this architecture, however it was written, or None."""
    return next((r for r in REFERENCES.values() if r.architecture == architecture), None)
