"""OF WHAT the space ``tiny`` builds: stages of layers, and what normalises and activates them.

A stage is some layers of one kind, then perhaps a pooling. ``layers`` builds one, ``read`` finds
the stages of an architecture again. Standard library only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mnist_tradeoff.architecture.groups import Layer, Residual, Shared
from mnist_tradeoff.architecture.layers import AveragePool, Conv, Dense, MaxPool, Separable

# Full convolutions; separable ones; one that is shared by several passes; ones with a sum around.
KINDS = ("C", "DS", "shared", "residual")
GROUPED = ("shared", "residual")
POOLINGS: dict[str, Layer] = {"max": MaxPool(), "average": AveragePool()}
NO_POOLING = "none"
CONVOLVING = (Conv, Separable, Shared, Residual)
# Which convolutions are batch normalised.
NORMALIZED = ("none", "all_but_last", "all")


@dataclass(frozen=True)
class Stage:
    """Layers of one kind; the first layer of all is a full convolution, whatever the kind.

    depth: layers of ``C`` and ``DS``; behind the first layer, sums of ``residual``, and passes less
        one of ``shared``: with one pass, it would be no other than a layer of ``DS``.
    padding: ``same`` or ``valid``; what is shared or summed is always padded.
    filters: of each layer; one where the kind has a group, whose shapes must agree.
    stride: of the first layer.
    """

    kind: str
    depth: int
    kernel: int
    padding: str
    filters: tuple[int, ...]
    pool: str
    stride: int = 1

    def layers(self, is_first: bool) -> tuple[Layer, ...]:
        """They, neither normalised nor with an activation of their own."""
        later = Conv if self.kind == "C" else Separable
        first = Conv if is_first else later
        same = self.padding == "same"
        head = first(self.filters[0], self.kernel, same=same, stride=self.stride)
        if self.kind in GROUPED:
            body = self._group()
        else:
            body = tuple(later(width, self.kernel, same=same) for width in self.filters[1:])
        pool = (POOLINGS[self.pool],) if self.pool in POOLINGS else ()
        return (head, *body, *pool)

    def _group(self) -> tuple[Layer, ...]:
        inside = (Separable(self.filters[0], self.kernel, same=True),)
        if self.kind == "shared":
            return (Shared(inside, self.depth + 1),)
        return (Residual(inside),) * self.depth

    def params(self, number: int) -> dict[str, Any]:
        """As parameters of a trial."""
        found = {name: getattr(self, name) for name in ("kind", "depth", "kernel", "padding")}
        widths = {f"filters_{number}_{i}": width for i, width in enumerate(self.filters, start=1)}
        named = {f"{name}_{number}": value for name, value in found.items()}
        more = {f"strided_{number}": self.stride > 1, f"pool_{number}": self.pool}
        return {**named, **widths, **more}


def dressed(layers: Sequence[Layer], normalized: str, activation: str) -> tuple[Layer, ...]:
    """Layers with an activation, and their convolutions normalised as ``NORMALIZED`` says."""
    last = max(i for i, layer in enumerate(layers) if isinstance(layer, CONVOLVING))
    which = {"none": (), "all_but_last": range(last), "all": range(last + 1)}[normalized]
    return tuple(_dressed(layer, i in which, activation) for i, layer in enumerate(layers))


def _dressed(layer: Layer, normalized: bool, activation: str) -> Layer:
    if isinstance(layer, Shared | Residual):
        inside = tuple(_dressed(one, normalized, activation) for one in layer.layers)
        return replace(layer, layers=inside)
    if isinstance(layer, Conv | Separable | Dense):
        return replace(layer, normalized=normalized, activation=activation)
    return layer


def dress_of(layers: Sequence[Layer]) -> tuple[str, str]:
    """How layers are dressed, if they are all alike: normalized and activation.

    Raises:
        ValueError: there is no convolution.
    """
    convs = [leaf for layer in layers for leaf in layer.leaves()]
    convs = [leaf for leaf in convs if isinstance(leaf, Conv | Separable)]
    if not convs:
        raise ValueError("there is no convolution")
    first, last = convs[0], convs[-1]
    if not first.normalized:
        return "none", first.activation
    return "all" if last.normalized else "all_but_last", first.activation


def read(layers: Sequence[Layer], most: int, widest_first: int) -> list[Stage]:
    """Stages that make these layers, if any do; as few as possible.

    A pooling ends a stage, a stride begins one, a group belongs to the layer before it, and the
    rest is cut into the longest runs: shorter ones would be no fewer, since what is left of a run
    is one, too.

    Args:
        most: layers of a stage.
        widest_first: most filters of a layer of the first stage.

    Raises:
        ValueError: they begin with, or have behind a stage, what no stage begins with.
    """
    stages, start, reader = [], 0, _Reader(layers, most, widest_first)
    while start < len(layers):
        end = reader.end(start)
        pool = next((n for n, one in POOLINGS.items() if [one] == [*layers[end : end + 1]]), "")
        stages.append(_stage(layers[start:end], pool or NO_POOLING))
        start = end + bool(pool)
    return stages


@dataclass(frozen=True)
class _Reader:
    """Where stages end; see ``read``."""

    layers: Sequence[Layer]
    most: int
    widest_first: int

    def end(self, start: int) -> int:
        """The place behind the last layer, but for a pooling, of the stage that begins here."""
        end = start + 1
        if self._is(Shared, end):
            return end + 1
        if self._is(Residual, end):
            while self._is(Residual, end):
                end += 1
            return end
        while end < min(start + self.most, len(self.layers)) and self._goes_on(start, end):
            end += 1
        return end

    def _is(self, kind: Any, place: int) -> bool:
        return place < len(self.layers) and isinstance(self.layers[place], kind)

    def _goes_on(self, start: int, end: int) -> bool:
        """Whether the run that begins at one place has the layer at another one, too."""
        first, second, layer = (self.layers[place] for place in (start, start + 1, end))
        if not (isinstance(first, Conv | Separable) and isinstance(layer, Conv | Separable)):
            return False
        alike = (layer.kernel, layer.same, layer.stride) == (first.kernel, first.same, 1)
        if type(layer) is not type(second) or not alike or self._is(Shared | Residual, end + 1):
            return False
        if start == 0:  # the one that begins with a full convolution, whatever its kind
            return layer.filters <= self.widest_first
        return type(layer) is type(first)


def _stage(layers: Sequence[Layer], pool: str) -> Stage:
    first, last = layers[0], layers[-1]
    if not isinstance(first, Conv | Separable):
        raise ValueError(f"no stage begins with {first}")
    widths = tuple(one.filters for one in layers if isinstance(one, Conv | Separable))
    if isinstance(last, Shared):
        kind, depth = "shared", last.times - 1
    elif isinstance(last, Residual):
        kind, depth = "residual", len(layers) - 1
    else:
        kind, depth = "DS" if isinstance(last, Separable) else "C", len(layers)
    padding = "same" if first.same else "valid"
    return Stage(kind, depth, first.kernel, padding, widths, pool, first.stride)
