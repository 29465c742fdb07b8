"""Space ``tiny``: what small nets that won are made of (docs/search.md). Standard library only.

One to three stages of full, separable, shared or residual convolutions, each with a stride or
none, and with a pooling or none; then the flattened map, its mean or a convolution as classifier,
with a hidden dense layer or without. What does not fit on what is left of an image is not asked.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from mnist_tradeoff.architecture.costs import macs, num_params
from mnist_tradeoff.architecture.groups import Layer
from mnist_tradeoff.architecture.layers import AveragePool, Conv, Dense, GlobalAverage, Head
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.references import references_of
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.search.features import features
from mnist_tradeoff.search.known_nets import known_nets
from mnist_tradeoff.search.proposals import FixedTrial, Proposal, Trial, verified
from mnist_tradeoff.search.stages import (
    GROUPED,
    KINDS,
    NO_POOLING,
    NORMALIZED,
    POOLINGS,
    Stage,
    dress_of,
    dressed,
    read,
)

# What the first convolution sees: the image, every second of its places, or means of 2×2.
STEMS = ("full", "pooled", "strided")
KERNELS = (3, 5)
PADDINGS = ("same", "valid")
POOLS = (*POOLINGS, NO_POOLING)
HEADS = ("global", "head3")
ACTIVATIONS = ("relu", "leaky", "hswish", "silu")
# What must be left for another stage: a kernel sees a place and its neighbours.
LEAST_SIDE = 3
# Strengths of augmentation, the weakest first, that a proposal chooses from.
AUGMENTS = ("none", "0.5", "1")
# Beginning with these parameters, a net gains from augmentation of half and of full strength.
HALF_STRENGTH, FULL_STRENGTH = 1_000, 4_000


@dataclass(frozen=True)
class Tiny:
    """Small nets of stages. Widths are drawn on a log scale, as in ``widths``.

    max_first_filters: of the first stage, which is the one that multiplies most.
    max_places: of a map that is flattened; of a larger one there is the mean or a convolution.
    augments: see ``AUGMENTS``.
    """

    min_filters: int = 2
    max_filters: int = 64
    max_first_filters: int = 32
    min_units: int = 8
    max_units: int = 128
    max_stages: int = 3
    max_depth: int = 4
    max_places: int = 64
    augments: tuple[str, ...] = AUGMENTS
    task: Task = MNIST

    def fitted(self, task: Task) -> "Tiny":
        """With the questions that fit on the images."""
        return replace(self, task=task)

    def suggest(self, trial: Trial) -> Proposal:
        """What a trial proposes: an architecture, and how strongly its images are augmented."""
        body, shape = self._body(trial)
        end = self._end(trial, shape)
        activation = trial.suggest_categorical("activation", ACTIVATIONS)
        normalized = trial.suggest_categorical("normalized", NORMALIZED)
        layers = dressed([*body, *end], normalized, activation)
        return Proposal.of(Architecture(layers), self._overrides(trial))

    def _body(self, trial: Trial) -> tuple[list[Layer], Shape]:
        """The stages, with what is before them, and the shape that they leave."""
        stem = trial.suggest_categorical("stem", STEMS)
        layers: list[Layer] = [AveragePool()] if stem == "pooled" else []
        shape = _after(layers, self.task.input_shape)
        stages = trial.suggest_int("stages", 1, self.max_stages)
        for number in range(1, stages + 1):
            least = LEAST_SIDE if number < stages else 1
            stage = self._stage(trial, number, shape, stem, least)
            layers, shape = [*layers, *stage], _after(stage, shape)
        return layers, shape

    def _stage(
        self, trial: Trial, number: int, shape: Shape, stem: str, least: int
    ) -> tuple[Layer, ...]:
        """One stage.

        Args:
            shape: of what goes in.
            stem: what the first convolution sees.
            least: what it must leave of a side.
        """
        is_first = number == 1
        kind = trial.suggest_categorical(f"kind_{number}", KINDS)
        depth = trial.suggest_int(f"depth_{number}", 1, self.max_depth)
        kernel = trial.suggest_categorical(f"kernel_{number}", KERNELS)
        narrow = (1,) * (1 if kind in GROUPED else depth)
        stage = Stage(kind, depth, kernel, "same", narrow, NO_POOLING)
        stage = replace(stage, stride=self._stride(trial, number, stage, shape, stem, least))
        fits = _side(replace(stage, padding="valid").layers(is_first), shape) >= least
        padding = trial.suggest_categorical(f"padding_{number}", PADDINGS) if fits else "same"
        stage = replace(stage, padding=padding, filters=self._filters(trial, number, len(narrow)))
        if _side(stage.layers(is_first), shape) // 2 >= least:
            stage = replace(stage, pool=trial.suggest_categorical(f"pool_{number}", POOLS))
        return stage.layers(is_first)

    def _stride(
        self, trial: Trial, number: int, stage: Stage, shape: Shape, stem: str, least: int
    ) -> int:
        """Of a stage's first layer: the stem says that of the first stage."""
        if number == 1:
            return 2 if stem == "strided" else 1
        if _side(replace(stage, stride=2).layers(is_first=False), shape) < least:
            return 1
        return 2 if trial.suggest_categorical(f"strided_{number}", (False, True)) else 1

    def _filters(self, trial: Trial, number: int, count: int) -> tuple[int, ...]:
        most = self.max_first_filters if number == 1 else self.max_filters
        names = (f"filters_{number}_{i}" for i in range(1, count + 1))
        return tuple(trial.suggest_int(name, self.min_filters, most, log=True) for name in names)

    def _end(self, trial: Trial, shape: Shape) -> list[Layer]:
        """What is made of the last map: it is flattened, averaged, or classified as it is."""
        places = shape.height * shape.width
        if places <= self.max_places and trial.suggest_categorical("flatten", (False, True)):
            return self._hidden(trial)
        fits = _side([Head().classifier(self.task.classes)], shape) > 0
        if fits and trial.suggest_categorical("head", HEADS) == "head3":
            return [Head()]
        return [GlobalAverage(), *self._hidden(trial)]

    def _hidden(self, trial: Trial) -> list[Layer]:
        if not trial.suggest_categorical("hidden", (False, True)):
            return []
        return [Dense(trial.suggest_int("units", self.min_units, self.max_units, log=True))]

    def _overrides(self, trial: Trial) -> dict[str, Any]:
        if not self.augments:
            return {}
        return {"augment": trial.suggest_categorical("augment", self.augments)}

    def params(self, proposal: Proposal) -> dict[str, Any]:
        """The trial parameters that propose this: the inverse of ``suggest``.

        Several may propose the same, where stages follow each other without a pooling: these are
        the ones with the fewest stages.

        Raises:
            ValueError: it is no point of the space.
        """
        try:
            found = _params(proposal.architecture, self.max_depth, self.max_first_filters)
        except ValueError:
            found = {}
        return verified(self, found | dict(proposal.overrides), proposal)

    def encode(self, proposal: Proposal) -> dict[str, float]:
        """What the surrogate sees: see ``features``; and the strength of augmentation."""
        seen = features(proposal.architecture, self.task)
        if self.augments:
            place = self.augments.index(dict(proposal.overrides)["augment"])
            seen["augment"] = 2.0**place
        return seen

    def minimum(self, cost: Callable[[Architecture], float]) -> float:
        """The lowest cost of any architecture of the space: of the narrowest with one layer.

        Of parameters, MACs and memory no deeper net has fewer: its first layer is that of a net
        with one, every further layer adds to it, and no other end is cheaper than the mean of
        ``min_filters`` channels without a hidden layer.
        """
        return min(cost(self.suggest(trial).architecture) for trial in self._narrowest())

    def _narrowest(self) -> Iterator[FixedTrial]:
        layer = {"stages": 1, "kind_1": "C", "depth_1": 1, "filters_1_1": self.min_filters}
        end = {"pool_1": NO_POOLING, "flatten": False, "head": "global", "hidden": False}
        dress = {"activation": ACTIVATIONS[0], "normalized": NORMALIZED[0]}
        if self.augments:
            dress["augment"] = self.augments[0]
        for stem, kernel, padding in itertools.product(STEMS, KERNELS, PADDINGS):
            seen = {"stem": stem, "kernel_1": kernel, "padding_1": padding}
            yield FixedTrial({**layer, **end, **dress, **seen})

    def starts(self, task: Task, costs: Sequence[str]) -> list[Proposal]:
        """The references and the known nets that fit on the images, the fastest first."""
        known = [reference.architecture for reference in references_of(task).values()]
        nets = known_nets(costs)
        known += [net.architecture for net in nets if net.fits(task)]
        known.sort(key=lambda architecture: macs(architecture, task))
        return [Proposal.of(one, self._usual_overrides(one, task)) for one in known]

    def _usual_overrides(self, architecture: Architecture, task: Task) -> dict[str, Any]:
        """Augmentation as strong as a net of its size gains from; the strengths are in order."""
        if not self.augments:
            return {}
        size = num_params(architecture, task)
        place = (size >= HALF_STRENGTH) + (size >= FULL_STRENGTH)
        return {"augment": self.augments[min(place, len(self.augments) - 1)]}

    def describe(self) -> dict[str, Any]:
        """The ranges and strengths; what fits follows from the task."""
        found = {name: value for name, value in asdict(self).items() if name != "task"}
        return found | {"augments": [*self.augments]}


def _after(layers: Iterable[Layer], shape: Shape) -> Shape:
    for layer in layers:
        shape = layer.output_shape(shape)
    return shape


def _side(layers: Iterable[Layer], shape: Shape) -> int:
    """The shorter side of what layers leave of an image; 0 where they do not fit."""
    try:
        return min(_after(layers, shape)[:2])
    except ValueError:
        return 0


def _params(architecture: Architecture, *limits: int) -> dict[str, Any]:
    """The parameters of an architecture, if it is one of the space, and more that are not asked.

    Raises:
        ValueError: it is none, by the kinds of its layers.
    """
    body, end = _split(architecture.layers)
    normalized, activation = dress_of(body)
    is_pooled = body[0] == AveragePool()
    stages = read(body[is_pooled:], *limits)
    is_strided = isinstance(body[0], Conv) and body[0].stride > 1
    stem = "pooled" if is_pooled else "strided" if is_strided else "full"
    found = {"stem": stem, "stages": len(stages), "activation": activation}
    for number, stage in enumerate(stages, start=1):
        found |= stage.params(number)
    return {**found, **_end_params(end), "normalized": normalized}


def _split(layers: Sequence[Layer]) -> tuple[Sequence[Layer], Sequence[Layer]]:
    """The stages, and what is behind them."""
    place = next((i for i, one in enumerate(layers) if one.is_flat or isinstance(one, Head)), None)
    return layers[:place], layers[len(layers) if place is None else place :]


def _end_params(end: Sequence[Layer]) -> dict[str, Any]:
    units = [layer.units for layer in end if isinstance(layer, Dense)]
    head3 = any(isinstance(layer, Head) for layer in end)
    is_averaged = any(isinstance(layer, GlobalAverage) for layer in end)
    found = {"flatten": not (head3 or is_averaged), "head": "head3" if head3 else "global"}
    return {**found, "hidden": bool(units), **({"units": units[0]} if units else {})}
