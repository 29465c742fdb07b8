"""Groups of layers: repeated, repeated with shared weights, or with a sum around. Standard library.

Each is a layer itself, so they nest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Union

from mnist_tradeoff.architecture.kind import Kind
from mnist_tradeoff.architecture.layers import Leaf
from mnist_tradeoff.architecture.task import Shape
from mnist_tradeoff.system.settings import require_range

MAX_REPEATS = 64
MAX_DEPTH = 8

Layer = Union[Leaf, "Repeated", "Shared", "Residual"]


@dataclass(frozen=True)
class _Group(Kind):
    """What holds of a group unless its kind says otherwise: it costs what is inside."""

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if self.depth > MAX_DEPTH:
            raise ValueError(f"groups nest at most {MAX_DEPTH} deep")

    @property
    def depth(self) -> int:
        """How many groups are within each other here."""
        return 1 + max(layer.depth for layer in self.layers)

    @property
    def inside(self) -> str:
        """The layers, in parentheses."""
        return f"({'-'.join(map(str, self.layers))})"

    @property
    def run(self) -> tuple[Layer, ...]:
        """All that an image passes, in order."""
        return self.layers

    @property
    def is_flat(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether what comes out is flat."""
        return any(layer.is_flat for layer in self.layers)

    @property
    def convolved_filters(self) -> int:
        return max(layer.convolved_filters for layer in self.layers)

    def output_shape(self, before: Shape) -> Shape:
        for layer in self.run:
            before = layer.output_shape(before)
        return before

    def bare_params(self, before: Shape) -> int:
        return sum(layer.bare_params(shape) for layer, shape in inputs(self.run, before))

    def normalized_channels(self, before: Shape) -> int:
        return sum(layer.normalized_channels(shape) for layer, shape in inputs(self.run, before))

    def num_params(self, before: Shape) -> int:
        return sum(layer.num_params(shape) for layer, shape in inputs(self.run, before))

    def macs(self, before: Shape) -> int:
        return sum(layer.macs(shape) for layer, shape in inputs(self.run, before))

    def peak(self, before: Shape) -> int:
        return max(layer.peak(shape) for layer, shape in inputs(self.run, before))

    def activations(self, before: Shape) -> int:
        return sum(layer.activations(shape) for layer, shape in inputs(self.run, before))

    def leaves(self) -> Iterator[Kind]:
        for layer in self.run:
            yield from layer.leaves()

    def passes(self) -> int:
        return sum(layer.passes() for layer in self.layers)


def inputs(layers: Sequence[Layer], before: Shape) -> Iterator[tuple[Layer, Shape]]:
    """Every layer with its input shape, one after the other."""
    for layer in layers:
        yield layer, before
        before = layer.output_shape(before)


@dataclass(frozen=True)
class _Times(_Group):
    times: int = 2

    @property
    def run(self) -> tuple[Layer, ...]:
        return self.layers * self.times

    def passes(self) -> int:
        """Counted without unrolling: repeats of repeats may be more than can be walked through."""
        return super().passes() * self.times

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("repeats", self.times, 2, MAX_REPEATS)


@dataclass(frozen=True)
class Repeated(_Times):
    """So many times in a row, each with weights of its own."""

    def __str__(self) -> str:
        return f"{self.inside}x{self.times}"


@dataclass(frozen=True)
class Shared(_Times):
    """So many times in a row with the same weights; each pass is normalised for itself.

    What is normalised more than once cannot be folded into weights that all passes share: a scale
    and a shift are deployed for each pass.
    """

    def __str__(self) -> str:
        return f"{self.inside}@{self.times}"

    def output_shape(self, before: Shape) -> Shape:
        shapes = [shape for _, shape in inputs(self.run, before)]
        for i, layer in enumerate(self.layers):
            first, again = shapes[i], shapes[i + len(self.layers)]
            if layer.bare_params(first) != layer.bare_params(again):
                raise ValueError(
                    f"its weights are shared, but the second pass of {layer} would need others: "
                    f"{_text(first)} goes in first, then {_text(again)}"
                )
        return super().output_shape(before)

    def bare_params(self, before: Shape) -> int:
        return sum(layer.bare_params(shape) for layer, shape in inputs(self.layers, before))

    def num_params(self, before: Shape) -> int:
        return self.trainable_params(before)


@dataclass(frozen=True)
class Residual(_Group):
    """The sum of what the layers make of their input, and of the input itself."""

    def __str__(self) -> str:
        return f"{self.inside}+"

    def output_shape(self, before: Shape) -> Shape:
        after = super().output_shape(before)
        if after != before:
            raise ValueError(
                f"the sum needs equal shapes, and {_text(before)} becomes {_text(after)}"
            )
        return after

    def peak(self, before: Shape) -> int:
        """Beyond the first layer, the input is kept for the sum."""
        peaks = [layer.peak(shape) for layer, shape in inputs(self.run, before)]
        return max([peaks[0], *(peak + before.size for peak in peaks[1:]), 2 * before.size])


def _text(shape: Shape) -> str:
    return "×".join(map(str, shape))
