"""OF WHAT models are made: a kind of layer is one frozen dataclass that owns its arithmetic.

A kind of layer says how it is written (``TOKEN`` and ``str``), what it makes of a shape, what it
costs, and what a search sees of it; ``training/build.py`` says what it is in Keras. Everything
else (notation, costs, errors, search) follows from these. Standard library only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from mnist_tradeoff.architecture.options import Options, require
from mnist_tradeoff.architecture.task import Shape

MAX_FILTERS = 512
MAX_UNITS = 4096
MAX_SIDE = 256
# At most six digits, so that no number is too long to print in an error.
NUMBER = r"\d{1,6}"
FLAGS = re.IGNORECASE | re.ASCII


class Kind:
    """What holds of a layer unless its kind says otherwise.

    TOKEN: its notation; the groups are the fields. None where it is written with parentheses.
    EXAMPLE: a token and what it is, for messages and help.
    """

    TOKEN: ClassVar[re.Pattern[str] | None] = None
    EXAMPLE: ClassVar[tuple[str, str]]

    # Whether it works on flat activations: only such layers can follow it.
    is_flat: ClassVar[bool] = False
    # Whether it can stand among flat layers as well.
    keeps_flat: ClassVar[bool] = False
    # Whether a search counts its blocks from here.
    ends_block: ClassVar[bool] = False

    @classmethod
    def read(cls, match: re.Match[str]) -> Any:
        """The layer of a token that matched."""
        return cls(**{name: int(text) for name, text in match.groupdict().items()})

    def output_shape(self, before: Shape) -> Shape:
        """Of one image.

        Raises:
            ValueError: a number out of range, or an input that is too small.
        """
        return before

    def bare_params(self, before: Shape) -> int:  # noqa: ARG002
        """Weights and biases apart from batch normalisation, which replaces a bias."""
        return 0

    def normalized_channels(self, before: Shape) -> int:  # noqa: ARG002
        """Channels that are batch normalised."""
        return 0

    def num_params(self, before: Shape) -> int:
        """As deployed: batch normalisation is folded into the weights and leaves a bias."""
        return self.bare_params(before) + self.normalized_channels(before)

    def trainable_params(self, before: Shape) -> int:
        """As Keras counts them: normalisation has a scale and a shift."""
        return self.bare_params(before) + 2 * self.normalized_channels(before)

    def macs(self, before: Shape) -> int:  # noqa: ARG002
        """Multiply-accumulate operations for one image."""
        return 0

    def peak(self, before: Shape) -> int:
        """Most numbers that are kept at once: those that go in and those that come out."""
        return before.size + self.output_shape(before).size

    @property
    def convolved_filters(self) -> int:
        """Filters that a convolution computes at once, which decide about fast arithmetic."""
        return 0

    @property
    def is_normalized(self) -> bool:
        """Whether it is batch normalised."""
        return False

    def leaves(self) -> Iterator["Kind"]:
        """Itself, or the layers inside a group."""
        yield self

    def passes(self) -> int:
        """How many layers an image passes here."""
        return 1

    def searched(self, block: int, number: int) -> dict[str, int]:  # noqa: ARG002
        """The numbers of this layer that a search chooses, by the name of their place."""
        return {}


@dataclass(frozen=True)
class Conv(Options, Kind):
    """Convolution with a bias and ReLU, unless its options say otherwise."""

    filters: int
    kernel: int = 3

    TOKEN = re.compile(
        rf"(?P<filters>{NUMBER})C(?P<kernel>{NUMBER}){Options.PATTERN}", re.I | re.ASCII
    )
    EXAMPLE = ("16C3", "convolution")

    @classmethod
    def read(cls, match: re.Match[str]) -> "Conv":
        """The layer of a token that matched."""
        return cls(int(match["filters"]), int(match["kernel"]), **Options.values(match))

    def __str__(self) -> str:
        return f"{self.filters}C{self.kernel}{self.options}"

    def output_shape(self, before: Shape) -> Shape:
        require("filters", self.filters, 1, MAX_FILTERS)
        require("kernel size", self.kernel, 1, MAX_SIDE)
        return self.windows(before, self.kernel, self.filters)

    def bare_params(self, before: Shape) -> int:
        weights = self.kernel * self.kernel * before.channels * self.filters
        return weights + self.filters * self.has_bias

    def normalized_channels(self, before: Shape) -> int:  # noqa: ARG002
        return self.filters * self.normalized

    def macs(self, before: Shape) -> int:
        return self.kernel * self.kernel * before.channels * self.output_shape(before).size

    @property
    def convolved_filters(self) -> int:
        return self.filters

    def searched(self, block: int, number: int) -> dict[str, int]:
        return {f"filters_{block}_{number}": self.filters}


@dataclass(frozen=True)
class Separable(Options, Kind):
    """Depthwise convolution without bias or activation, then a 1×1 convolution to the filters."""

    filters: int
    kernel: int = 3

    TOKEN = re.compile(
        rf"(?P<filters>{NUMBER})DS(?P<kernel>{NUMBER}){Options.PATTERN}", re.I | re.ASCII
    )
    EXAMPLE = ("16DS3", "depthwise-separable convolution")

    @classmethod
    def read(cls, match: re.Match[str]) -> "Separable":
        """The layer of a token that matched."""
        return cls(int(match["filters"]), int(match["kernel"]), **Options.values(match))

    def __str__(self) -> str:
        return f"{self.filters}DS{self.kernel}{self.options}"

    def output_shape(self, before: Shape) -> Shape:
        require("filters", self.filters, 1, MAX_FILTERS)
        require("kernel size", self.kernel, 1, MAX_SIDE)
        return self.windows(before, self.kernel, self.filters)

    def bare_params(self, before: Shape) -> int:
        depthwise = self.kernel * self.kernel * before.channels
        return depthwise + (before.channels + self.has_bias) * self.filters

    def normalized_channels(self, before: Shape) -> int:  # noqa: ARG002
        return self.filters * self.normalized

    def macs(self, before: Shape) -> int:
        after = self.output_shape(before)
        pixels = after.height * after.width
        return pixels * before.channels * (self.kernel * self.kernel + self.filters)

    def peak(self, before: Shape) -> int:
        after = self.output_shape(before)
        between = after.height * after.width * before.channels
        return between + max(before.size, after.size)

    def searched(self, block: int, number: int) -> dict[str, int]:
        return {f"filters_{block}_{number}": self.filters}


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
        require("kernel size", self.kernel, 1, MAX_SIDE)
        return self.windows(before, self.kernel, before.channels)

    def bare_params(self, before: Shape) -> int:
        return (self.kernel * self.kernel + self.has_bias) * before.channels

    def normalized_channels(self, before: Shape) -> int:
        return before.channels * self.normalized

    def macs(self, before: Shape) -> int:
        return self.kernel * self.kernel * self.output_shape(before).size


def _pooled(before: Shape, size: int) -> Shape:
    require("pooling size", size, 2, MAX_SIDE)
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
        require("units", self.units, 1, MAX_UNITS)
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
