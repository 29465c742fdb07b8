"""OF WHAT models are made: a kind of layer is one frozen dataclass that owns its arithmetic.

A kind of layer says how it is written (``TOKEN`` and ``str``), what it makes of a shape, what it
costs, and what a search sees of it; ``training/build.py`` says what it is in Keras. Everything
else (notation, costs, errors, search) follows from these. Standard library only.
"""

import re
from dataclasses import dataclass
from typing import ClassVar, get_args

from mnist_tradeoff.architecture.task import Shape

MAX_FILTERS = 512
MAX_UNITS = 4096
MAX_SIDE = 256


class _Kind:
    """What holds of a layer unless its kind says otherwise.

    TOKEN: its notation; the groups are the fields. At most six digits, so that no number is too
        long to print in an error.
    EXAMPLE: a token, and what it is, for messages and help.
    """

    TOKEN: ClassVar[re.Pattern[str]]
    EXAMPLE: ClassVar[tuple[str, str]]

    # Whether it works on flat activations: only such layers can follow it.
    is_flat: ClassVar[bool] = False
    # Whether a search counts its blocks from here.
    ends_block: ClassVar[bool] = False

    def num_params(self, before: Shape) -> int:  # noqa: ARG002
        """Weights and biases."""
        return 0

    def macs(self, before: Shape) -> int:  # noqa: ARG002
        """Multiply-accumulate operations for one image."""
        return 0

    @property
    def convolved_filters(self) -> int:
        """Filters that a convolution computes at once, which decide about fast arithmetic."""
        return 0

    def searched(self, block: int, number: int) -> dict[str, int]:  # noqa: ARG002
        """The numbers of this layer that a search chooses, by the name of their place."""
        return {}


@dataclass(frozen=True)
class Conv(_Kind):
    """Convolution with valid padding, stride 1 and ReLU."""

    filters: int
    kernel: int = 3

    TOKEN = re.compile(r"(?P<filters>\d{1,6})C(?P<kernel>\d{1,6})", re.ASCII)
    EXAMPLE = ("16C3", "convolution")

    def __str__(self) -> str:
        return f"{self.filters}C{self.kernel}"

    def output_shape(self, before: Shape) -> Shape:
        _require("filters", self.filters, 1, MAX_FILTERS)
        _require("kernel size", self.kernel, 1, MAX_SIDE)
        lost = self.kernel - 1
        return _shrunk(before, before.height - lost, before.width - lost, self.filters)

    def num_params(self, before: Shape) -> int:
        return (self.kernel * self.kernel * before.channels + 1) * self.filters

    def macs(self, before: Shape) -> int:
        return self.kernel * self.kernel * before.channels * self.output_shape(before).size

    @property
    def convolved_filters(self) -> int:
        return self.filters

    def searched(self, block: int, number: int) -> dict[str, int]:
        return {f"filters_{block}_{number}": self.filters}


@dataclass(frozen=True)
class MaxPool(_Kind):
    """Max pooling whose stride is its size; what does not fill a window is dropped."""

    size: int = 2

    TOKEN = re.compile(r"P(?P<size>\d{1,6})", re.ASCII)
    EXAMPLE = ("P2", "pooling")
    ends_block = True

    def __str__(self) -> str:
        return f"P{self.size}"

    def output_shape(self, before: Shape) -> Shape:
        _require("pooling size", self.size, 2, MAX_SIDE)
        height, width = before.height // self.size, before.width // self.size
        return _shrunk(before, height, width, before.channels)


@dataclass(frozen=True)
class Dense(_Kind):
    """Fully connected layer with ReLU; the first one flattens its input."""

    units: int

    TOKEN = re.compile(r"(?P<units>\d{1,6})", re.ASCII)
    EXAMPLE = ("128", "dense")
    is_flat = True

    def __str__(self) -> str:
        return f"{self.units}"

    def output_shape(self, before: Shape) -> Shape:  # noqa: ARG002 (it is flattened)
        _require("units", self.units, 1, MAX_UNITS)
        return Shape(1, 1, self.units)

    def num_params(self, before: Shape) -> int:
        return (before.size + 1) * self.units

    def macs(self, before: Shape) -> int:
        return before.size * self.units

    def searched(self, block: int, number: int) -> dict[str, int]:  # noqa: ARG002
        return {f"units_{number}": self.units}


Layer = Conv | MaxPool | Dense
KINDS: tuple[type[Layer], ...] = get_args(Layer)


def _require(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{what} must be {low} to {high}, not {value}")


def _shrunk(before: Shape, height: int, width: int, channels: int) -> Shape:
    if height < 1 or width < 1:
        raise ValueError(f"its {before.height}×{before.width} input would shrink below 1×1")
    return Shape(height, width, channels)
