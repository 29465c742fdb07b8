"""OF WHAT models are made: a kind of layer is one frozen dataclass that owns its arithmetic.

A kind of layer says how it is written (``TOKEN`` and ``str``), what it makes of a shape, what it
costs, and what a search sees of it; ``training/build.py`` says what it is in Keras. Everything
else (notation, costs, errors, search) follows from these. Standard library only.
"""

import re
from dataclasses import dataclass
from typing import ClassVar, Self

from mnist_tradeoff.architecture.kind import Kind
from mnist_tradeoff.architecture.options import Options
from mnist_tradeoff.architecture.task import Shape
from mnist_tradeoff.system.settings import require_range

MAX_FILTERS = 512
MAX_UNITS = 4096
MAX_SIDE = 256
# At most six digits, so that no number is too long to print in an error.
NUMBER = r"\d{1,6}"
FLAGS = re.IGNORECASE | re.ASCII


@dataclass(frozen=True)
class _Filtered(Options, Kind):
    """What holds of a layer with a number of filters: 16C3, 16DS3."""

    filters: int
    kernel: int = 3

    LETTERS: ClassVar[str]

    @classmethod
    def read(cls, match: re.Match[str]) -> Self:
        """The layer of a token that matched."""
        return cls(int(match["filters"]), int(match["kernel"]), **cls.values(match))

    def __str__(self) -> str:
        return f"{self.filters}{self.LETTERS}{self.kernel}{self.options}"

    def output_shape(self, before: Shape) -> Shape:
        require_range("filters", self.filters, 1, MAX_FILTERS)
        require_range("kernel size", self.kernel, 1, MAX_SIDE)
        return self.windows(before, self.kernel, self.filters)

    def normalized_channels(self, before: Shape) -> int:  # noqa: ARG002
        return self.filters * self.normalized

    def searched(self, block: int, number: int) -> dict[str, int]:
        return {f"filters_{block}_{number}": self.filters}


@dataclass(frozen=True)
class Conv(_Filtered):
    """Convolution with a bias and ReLU, unless its options say otherwise."""

    TOKEN = re.compile(rf"(?P<filters>{NUMBER})C(?P<kernel>{NUMBER}){Options.PATTERN}", FLAGS)
    EXAMPLE = ("16C3", "convolution")
    LETTERS = "C"

    def bare_params(self, before: Shape) -> int:
        weights = self.kernel * self.kernel * before.channels * self.filters
        return weights + self.filters * self.has_bias

    def macs(self, before: Shape) -> int:
        return self.kernel * self.kernel * before.channels * self.output_shape(before).size

    @property
    def convolved_filters(self) -> int:
        return self.filters


@dataclass(frozen=True)
class Separable(_Filtered):
    """Depthwise convolution without bias or activation, then a 1×1 convolution to the filters."""

    TOKEN = re.compile(rf"(?P<filters>{NUMBER})DS(?P<kernel>{NUMBER}){Options.PATTERN}", FLAGS)
    EXAMPLE = ("16DS3", "depthwise-separable convolution")
    LETTERS = "DS"

    def bare_params(self, before: Shape) -> int:
        depthwise = self.kernel * self.kernel * before.channels
        return depthwise + (before.channels + self.has_bias) * self.filters

    def macs(self, before: Shape) -> int:
        after = self.output_shape(before)
        pixels = after.height * after.width
        return pixels * before.channels * (self.kernel * self.kernel + self.filters)

    def peak(self, before: Shape) -> int:
        return self._between(before) + max(before.size, self.output_shape(before).size)

    def activations(self, before: Shape) -> int:
        return self._between(before) + self.output_shape(before).size

    def _between(self, before: Shape) -> int:
        after = self.output_shape(before)
        return after.height * after.width * before.channels


@dataclass(frozen=True)
class Depthwise(Options, Kind):
    """Depthwise convolution: one filter a channel, with a bias and ReLU unless options say else."""

    kernel: int = 3

    TOKEN = re.compile(rf"D(?P<kernel>{NUMBER}){Options.PATTERN}", FLAGS)
    EXAMPLE = ("D3", "depthwise convolution")

    @classmethod
    def read(cls, match: re.Match[str]) -> "Depthwise":
        """The layer of a token that matched."""
        return cls(int(match["kernel"]), **Options.values(match))

    def __str__(self) -> str:
        return f"D{self.kernel}{self.options}"

    def output_shape(self, before: Shape) -> Shape:
        require_range("kernel size", self.kernel, 1, MAX_SIDE)
        if self.kernel > max(before.height, before.width):  # D40 is read by others as dropout
            raise ValueError(
                f"its window is larger than its {before.height}×{before.width} input; dropout is "
                f"written drop{self.kernel / 100:.2g}"
            )
        return self.windows(before, self.kernel, before.channels)

    def bare_params(self, before: Shape) -> int:
        return (self.kernel * self.kernel + self.has_bias) * before.channels

    def normalized_channels(self, before: Shape) -> int:
        return before.channels * self.normalized

    def macs(self, before: Shape) -> int:
        return self.kernel * self.kernel * self.output_shape(before).size


def _pooled(before: Shape, size: int) -> Shape:
    require_range("pooling size", size, 2, MAX_SIDE)
    height, width = before.height // size, before.width // size
    if height < 1 or width < 1:
        raise ValueError(f"its {before.height}×{before.width} input would shrink below 1×1")
    return Shape(height, width, before.channels)


@dataclass(frozen=True)
class MaxPool(Kind):
    """Max pooling whose stride is its size; what does not fill a window is dropped."""

    size: int = 2

    TOKEN = re.compile(rf"M?P(?P<size>{NUMBER})", FLAGS)
    EXAMPLE = ("P2", "max pooling")
    ends_block = True

    def __str__(self) -> str:
        return f"P{self.size}"

    def output_shape(self, before: Shape) -> Shape:
        return _pooled(before, self.size)


@dataclass(frozen=True)
class AveragePool(Kind):
    """Average pooling whose stride is its size; what does not fill a window is dropped."""

    size: int = 2

    TOKEN = re.compile(rf"AP?(?P<size>{NUMBER})", FLAGS)
    EXAMPLE = ("A2", "average pooling")
    ends_block = True

    def __str__(self) -> str:
        return f"A{self.size}"

    def output_shape(self, before: Shape) -> Shape:
        return _pooled(before, self.size)


@dataclass(frozen=True)
class GlobalAverage(Kind):
    """Mean of each channel over the whole image."""

    TOKEN = re.compile(r"G(?:AP)?", FLAGS)
    EXAMPLE = ("G", "global average pooling")
    is_flat = True

    def __str__(self) -> str:
        return "G"

    def output_shape(self, before: Shape) -> Shape:
        return Shape(1, 1, before.channels)


@dataclass(frozen=True)
class Dropout(Kind):
    """Sets a share of the activations to zero while it is trained, and is nothing later."""

    rate: float = 0.5

    TOKEN = re.compile(r"drop(?P<rate>\d?(?:\.\d{1,4})?)", FLAGS)
    EXAMPLE = ("drop0.25", "dropout")
    keeps_flat = True

    @classmethod
    def read(cls, match: re.Match[str]) -> "Dropout":
        """The layer of a token that matched."""
        return cls(float(match["rate"] or 0))

    def __str__(self) -> str:
        return f"drop{self.rate:g}"

    def output_shape(self, before: Shape) -> Shape:
        if not 0 < self.rate < 1:
            raise ValueError(f"the rate of dropout must be above 0 and below 1, not {self.rate:g}")
        return before

    def peak(self, before: Shape) -> int:
        return before.size


@dataclass(frozen=True)
class Dense(Options, Kind):
    """Fully connected layer with ReLU unless its options say otherwise; flattens its input."""

    units: int

    TOKEN = re.compile(rf"(?P<units>{NUMBER})N?{Options.PATTERN_FLAT}", FLAGS)
    EXAMPLE = ("128", "dense")
    is_flat = True

    @classmethod
    def read(cls, match: re.Match[str]) -> "Dense":
        """The layer of a token that matched."""
        return cls(int(match["units"]), **Options.values(match))

    def __str__(self) -> str:
        return f"{self.units}{self.options}"

    def output_shape(self, before: Shape) -> Shape:  # noqa: ARG002 (it is flattened)
        require_range("units", self.units, 1, MAX_UNITS)
        return Shape(1, 1, self.units)

    def bare_params(self, before: Shape) -> int:
        return (before.size + self.has_bias) * self.units

    def normalized_channels(self, before: Shape) -> int:  # noqa: ARG002
        return self.units * self.normalized

    def macs(self, before: Shape) -> int:
        return before.size * self.units

    def searched(self, block: int, number: int) -> dict[str, int]:  # noqa: ARG002
        return {f"units_{number}": self.units}


@dataclass(frozen=True)
class Head(Kind):
    """Last of all: the classifier is a convolution to the classes and a global average."""

    kernel: int = 3

    TOKEN = re.compile(rf"head(?P<kernel>{NUMBER})", FLAGS)
    EXAMPLE = ("head3", "convolution as classifier, last")

    def __str__(self) -> str:
        return f"head{self.kernel}"

    def classifier(self, classes: int) -> Conv:
        """The convolution that it is on a task."""
        return Conv(classes, self.kernel, activation="linear")


Leaf = Conv | Separable | Depthwise | MaxPool | AveragePool | GlobalAverage | Dropout | Dense | Head
