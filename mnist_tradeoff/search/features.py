"""WHAT the surrogate sees of a net of the space ``tiny``: few numbers, chosen to predict its error.

Parameters and MACs it knows already. All numbers are there for all nets, so that nets of different
depth are as far apart as they differ, and not by how many names they lack. Standard library only.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from mnist_tradeoff.architecture.groups import Layer, Residual, Shared
from mnist_tradeoff.architecture.layers import (
    AveragePool,
    Conv,
    Dense,
    GlobalAverage,
    MaxPool,
    Separable,
)
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.task import Task

# Full resolution, and halved up to three times.
LEVELS = 4
# Of a choice that was made; 1 where it was not. As far as from 16 filters to 64.
YES = 4.0


@dataclass(frozen=True)
class _Seen:
    """A pass of a convolution.

    level: how often its output has been halved; field: pixels a side that one place of it sees.
    """

    layer: Conv | Separable
    level: int
    field: int


def features(architecture: Architecture, task: Task) -> dict[str, float]:
    """Positive numbers by name; the same names for every net of the space."""
    seen = list(_seen(architecture))
    widths = [one.layer.filters for one in seen]
    return {
        **_by_level(seen),
        "layers": len(seen),
        "receptive_field": seen[-1].field,
        "narrowest": min(widths),
        "last_filters": widths[-1],
        "kernel": sum(one.layer.kernel for one in seen) / len(seen),
        "padded": 1.0 + sum(one.layer.same for one in seen),
        "separable": 1.0 + sum(isinstance(one.layer, Separable) for one in seen),
        **_of_groups(architecture.body),
        **_of_end(architecture, task),
        **_of_dress(seen),
    }


def _seen(architecture: Architecture) -> Iterator[_Seen]:
    field, step = 1, 1
    for leaf in architecture.leaves():
        if isinstance(leaf, Conv | Separable):
            field, step = field + (leaf.kernel - 1) * step, step * leaf.stride
            yield _Seen(leaf, min(LEVELS - 1, step.bit_length() - 1), field)
        elif isinstance(leaf, MaxPool | AveragePool):
            field, step = field + (leaf.size - 1) * step, step * leaf.size


def _by_level(seen: list[_Seen]) -> dict[str, float]:
    """How many passes there are at each resolution, and the geometric mean of their filters."""
    found = {}
    for level in range(LEVELS):
        logs = [math.log(one.layer.filters) for one in seen if one.level == level]
        found[f"layers_{level}"] = 1.0 + len(logs)
        found[f"filters_{level}"] = math.exp(sum(logs) / len(logs)) if logs else 1.0
    return found


def _of_groups(layers: tuple[Layer, ...]) -> dict[str, float]:
    """Passes with weights of another one, sums, and poolings and strides that are no maximum."""
    shared = sum(layer.times - 1 for layer in layers if isinstance(layer, Shared))
    convolutions = [layer for layer in layers if isinstance(layer, Conv | Separable)]
    return {
        "shared": 1.0 + shared,
        "residual": 1.0 + sum(isinstance(layer, Residual) for layer in layers),
        "averaged": 1.0 + sum(isinstance(layer, AveragePool) for layer in layers),
        "strided": YES ** sum(layer.stride > 1 for layer in convolutions),
    }


def _of_end(architecture: Architecture, task: Task) -> dict[str, float]:
    """What the classifier gets: the last map and what is made of it."""
    shape = task.input_shape
    for layer in architecture.body:
        shape = shape if layer.is_flat else layer.output_shape(shape)
    is_averaged = any(isinstance(layer, GlobalAverage) for layer in architecture.body)
    units = [layer.units for layer in architecture.body if isinstance(layer, Dense)]
    return {
        "places": float(shape.height * shape.width),
        "units": float(units[0]) if units else 1.0,
        "flat": 1.0 if is_averaged or architecture.head else YES,
        "head3": YES if architecture.head else 1.0,
    }


def _of_dress(seen: list[_Seen]) -> dict[str, float]:
    first, last = seen[0].layer, seen[-1].layer
    return {
        "normalized": YES if first.normalized else 1.0,
        "last_normalized": YES if last.normalized else 1.0,
        **{name: YES if first.activation == name else 1.0 for name in ("leaky", "hswish", "silu")},
    }
