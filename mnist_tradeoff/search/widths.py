"""Space ``widths``: the references' template with its filters freed. Standard library only."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from mnist_tradeoff.architecture.groups import Layer
from mnist_tradeoff.architecture.layers import Conv, Dense, MaxPool
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.references import references_of
from mnist_tradeoff.architecture.task import MNIST, Task
from mnist_tradeoff.search.proposals import Proposal, Trial, encode_architecture, verified

# What is left of a side by a convolution, and the sides that one or two and a pooling need.
LOSS = Conv(1).kernel - 1
SIDE_OF_ONE, SIDE_OF_TWO = LOSS + 2, 2 * LOSS + 2
MIN_BLOCKS = 2


@dataclass(frozen=True)
class Widths:
    """The references' template with its filters freed.

    Blocks of convolutions, each with a max pooling, and an optional dense layer. A block has one or
    two convolutions of 3×3 where both fit whatever was drawn before, else one. On MNIST there are
    two or three blocks, and the third has one convolution: at least 4×4 are left for it. Widths are
    drawn on a log scale: from 2 to 4 filters is as long a way as from 32 to 64.

    side: the shorter one of an image in pixels.
    """

    min_filters: int = 2
    max_filters: int = 64
    min_units: int = 8
    max_units: int = 128
    side: int = min(MNIST.input_shape[:2])

    def fitted(self, task: Task) -> "Widths":
        """With as many blocks as fit on the images."""
        return replace(self, side=min(task.input_shape[:2]))

    @cached_property
    def blocks(self) -> tuple[int, ...]:
        """Most convolutions of each block, in the worst case that the blocks before have theirs."""
        found, side = [], self.side
        while side >= SIDE_OF_ONE:
            convs = 2 if side >= SIDE_OF_TWO else 1
            found.append(convs)
            side = (side - convs * LOSS) // 2
        return tuple(found)

    @property
    def min_blocks(self) -> int:
        """Two, where two fit."""
        return min(MIN_BLOCKS, len(self.blocks))

    def suggest(self, trial: Trial) -> Proposal:
        """What a trial proposes: an architecture, under the study's own recipe."""
        layers: list[Layer] = []
        for block in range(1, trial.suggest_int("blocks", self.min_blocks, len(self.blocks)) + 1):
            free = self.blocks[block - 1] > 1
            convs = trial.suggest_int(f"convs_{block}", 1, 2) if free else 1
            for conv in range(1, convs + 1):
                name = f"filters_{block}_{conv}"
                filters = trial.suggest_int(name, self.min_filters, self.max_filters, log=True)
                layers.append(Conv(filters))
            layers.append(MaxPool())
        if trial.suggest_categorical("dense", [False, True]):
            units = trial.suggest_int("units", self.min_units, self.max_units, log=True)
            layers.append(Dense(units))
        return Proposal(Architecture(tuple(layers)))

    def params(self, proposal: Proposal) -> dict[str, Any]:
        """The trial parameters that propose this: the inverse of ``suggest``.

        Raises:
            ValueError: it is no point of the space.
        """
        return verified(self, _params(proposal.architecture, self.blocks), proposal)

    def encode(self, proposal: Proposal) -> dict[str, float]:
        """The widths, by their place."""
        return encode_architecture(proposal.architecture)

    def minimum(self, cost: Callable[[Architecture], float]) -> float:
        """The lowest cost of any architecture of the space, for a cost that grows with widths."""
        return min(map(cost, self._narrowest()))

    def starts(self, task: Task, costs: Sequence[str]) -> list[Proposal]:  # noqa: ARG002
        """The references: all but the ann are points of the space, where they fit."""
        return [Proposal(reference.architecture) for reference in references_of(task).values()]

    def describe(self) -> dict[str, int]:
        """The ranges of the widths; the blocks follow from the task."""
        return {name: value for name, value in asdict(self).items() if name != "side"}

    def _narrowest(self) -> Iterator[Architecture]:
        """Every structure with all its widths at their minimum."""
        for count, dense in itertools.product(
            range(self.min_blocks, len(self.blocks) + 1), (False, True)
        ):
            choices = [range(1, most + 1) for most in self.blocks[:count]]
            tail = [Dense(self.min_units)] if dense else []
            for convs in itertools.product(*choices):
                blocks = [[*[Conv(self.min_filters)] * one, MaxPool()] for one in convs]
                yield Architecture((*itertools.chain(*blocks), *tail))


def _params(architecture: Architecture, most: Sequence[int]) -> dict[str, Any]:
    blocks: list[list[int]] = [[]]
    units = []
    for layer in architecture.layers:
        if isinstance(layer, Conv):
            blocks[-1].append(layer.filters)
        elif isinstance(layer, MaxPool):
            blocks.append([])
        elif isinstance(layer, Dense):
            units.append(layer.units)
    blocks = [block for block in blocks if block]
    params: dict[str, Any] = {"blocks": len(blocks), "dense": bool(units)}
    for number, block in enumerate(blocks, start=1):
        if number <= len(most) and most[number - 1] > 1:
            params[f"convs_{number}"] = len(block)
        params |= {f"filters_{number}_{i}": filters for i, filters in enumerate(block, start=1)}
    return params | ({"units": units[0]} if units else {})
