"""The search space: the references' template with its filters freed. Standard library only."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from mnist_tradeoff.architecture.layers import Architecture, Conv, Dense, Layer, MaxPool

# After two blocks at least 4×4 are left: room for one more convolution and its pooling, not for
# two convolutions. No proposal can therefore shrink below 1×1.
MAX_BLOCKS = 3
BLOCKS_OF_ONE_OR_TWO = 2


class Trial(Protocol):
    """What the space needs of an Optuna trial."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = ...) -> int: ...

    def suggest_categorical(self, name: str, choices: Any, /) -> Any: ...


@dataclass(frozen=True)
class SearchSpace:
    """Two or three blocks of convolutions, each with a max pooling, and an optional dense layer.

    The first two blocks have one or two convolutions of 3×3, the third has one. Widths are drawn
    on a log scale: from 2 to 4 filters is as long a way as from 32 to 64.
    """

    min_filters: int = 2
    max_filters: int = 64
    min_units: int = 8
    max_units: int = 128

    def suggest(self, trial: Trial) -> Architecture:
        """The architecture that a trial proposes."""
        layers: list[Layer] = []
        for block in range(1, trial.suggest_int("blocks", 2, MAX_BLOCKS) + 1):
            free = block <= BLOCKS_OF_ONE_OR_TWO
            convs = trial.suggest_int(f"convs_{block}", 1, 2) if free else 1
            for conv in range(1, convs + 1):
                name = f"filters_{block}_{conv}"
                filters = trial.suggest_int(name, self.min_filters, self.max_filters, log=True)
                layers.append(Conv(filters))
            layers.append(MaxPool())
        if trial.suggest_categorical("dense", [False, True]):
            units = trial.suggest_int("units", self.min_units, self.max_units, log=True)
            layers.append(Dense(units))
        return Architecture(tuple(layers))

    def params(self, architecture: Architecture) -> dict[str, Any]:
        """The trial parameters that propose an architecture: the inverse of ``suggest``.

        Raises:
            ValueError: the architecture is no point of the space.
        """
        params = _params(architecture)
        try:
            proposed = self.suggest(_Fixed(params))
        except (KeyError, ValueError):
            proposed = None
        if proposed != architecture:
            raise ValueError(f"{architecture} is no point of the search space")
        return params

    def minimum(self, cost: Callable[[Architecture], float]) -> float:
        """The lowest cost of any architecture of the space, for a cost that grows with widths."""
        return min(map(cost, self._narrowest()))

    def describe(self) -> dict[str, int]:
        """What tells this space from another, for the identity of a study."""
        return asdict(self)

    def _narrowest(self) -> Iterator[Architecture]:
        """Every structure with all its widths at their minimum."""
        convs = itertools.product((1, 2), repeat=BLOCKS_OF_ONE_OR_TWO)
        for first_two, third, dense in itertools.product(convs, ((), (1,)), (False, True)):
            blocks = [
                [*[Conv(self.min_filters)] * count, MaxPool()] for count in (*first_two, *third)
            ]
            tail = [Dense(self.min_units)] if dense else []
            yield Architecture((*itertools.chain(*blocks), *tail))


def _params(architecture: Architecture) -> dict[str, Any]:
    blocks: list[list[int]] = [[]]
    units = []
    for layer in architecture.layers:
        match layer:
            case Conv(filters):
                blocks[-1].append(filters)
            case MaxPool():
                blocks.append([])
            case Dense(width):
                units.append(width)
    blocks = [block for block in blocks if block]
    params: dict[str, Any] = {"blocks": len(blocks), "dense": bool(units)}
    for number, block in enumerate(blocks, start=1):
        if number <= BLOCKS_OF_ONE_OR_TWO:
            params[f"convs_{number}"] = len(block)
        params |= {f"filters_{number}_{i}": filters for i, filters in enumerate(block, start=1)}
    return params | ({"units": units[0]} if units else {})


class _Fixed:
    """Answers the questions of ``suggest`` with given values."""

    def __init__(self, params: dict[str, Any]):
        self.params = params

    def suggest_int(self, name: str, low: int, high: int, **_: object) -> int:
        if not low <= self.params[name] <= high:
            raise ValueError(f"{name} must be {low} to {high}, not {self.params[name]}")
        return self.params[name]

    def suggest_categorical(self, name: str, _: object) -> Any:
        return self.params[name]
