"""WHAT a trial trains, and what a search space must know of it.

A space says what a trial proposes (``suggest``), which parameters propose that again (``params``),
what the surrogate sees of it (``encode``), what the cheapest proposal costs (``minimum``), and what
its studies begin with (``starts``). Standard library only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from mnist_tradeoff.architecture.notation import Architecture, parse
from mnist_tradeoff.architecture.task import Task


class Trial(Protocol):
    """What a space needs of an Optuna trial."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = ...) -> int: ...

    def suggest_categorical(self, name: str, choices: Any, /) -> Any: ...


@dataclass(frozen=True)
class Proposal:
    """What a trial trains: an architecture, and what of the study's recipe it overrides.

    overrides: values by the name of a field of ``Recipe``, as pairs in the order of the names.
    """

    architecture: Architecture
    overrides: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, architecture: Architecture, overrides: Mapping[str, Any]) -> "Proposal":
        """A proposal of overrides by name."""
        return cls(architecture, tuple(sorted(overrides.items())))

    @classmethod
    def stored(cls, notation: str, overrides: Mapping[str, Any]) -> "Proposal":
        """A proposal as a study stores it.

        Raises:
            ValueError: the notation is none.
        """
        return cls.of(_parsed(notation), overrides)

    def __str__(self) -> str:
        """The notation, with the overrides where there are any: ``4C3-P2 epochs=9``."""
        return self.called(str(self.architecture))

    def called(self, name: str) -> str:
        """The architecture by this name, with the overrides where there are any."""
        return " ".join([name, *(f"{field}={value}" for field, value in self.overrides)])


@lru_cache(maxsize=20_000)  # every proposal of a study is read again and again
def _parsed(notation: str) -> Architecture:
    return parse(notation)


class Space(Protocol):
    """A search space; see the module's first lines."""

    def fitted(self, task: Task) -> "Space":
        """The space for images of a task: none of its proposals shrinks below 1×1."""
        ...

    def suggest(self, trial: Trial) -> Proposal:
        """What a trial proposes."""
        ...

    def params(self, proposal: Proposal) -> dict[str, Any]:
        """The trial parameters that propose this: the inverse of ``suggest``.

        Raises:
            ValueError: it is no point of the space.
        """
        ...

    def encode(self, proposal: Proposal) -> dict[str, float]:
        """The positive numbers that tell proposals apart, by name; a missing one is 1."""
        ...

    def minimum(self, cost: Callable[[Architecture], float]) -> float:
        """The lowest cost of any architecture of the space, for a cost that grows with widths."""
        ...

    def starts(self, task: Task, costs: Sequence[str]) -> Sequence[Proposal]:
        """What its studies begin with, in this order; those that are no points are left out.

        Args:
            costs: by name, which a study minimises.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """What tells this space from another, for the identity of a study; plain JSON values."""
        ...


def encode_architecture(architecture: Architecture) -> dict[str, float]:
    """What a search sees of an architecture: the numbers of its layers, by their place."""
    seen: dict[str, float] = {}
    block, number = 1, 0
    for layer in architecture.leaves():
        number += 1
        seen |= layer.searched(block, number)
        if layer.ends_block:
            block, number = block + 1, 0
    return seen


@dataclass(frozen=True)
class FixedTrial:
    """Answers the questions of ``suggest`` with given values, and remembers which were asked.

    Raises:
        KeyError: by its questions, where there is no value.
        ValueError: by its questions, where the value is none that can be chosen.
    """

    params: Mapping[str, Any]
    asked: list[str] = field(default_factory=list)

    def suggest_int(self, name: str, low: int, high: int, **_: object) -> int:
        """The value given."""
        self.asked.append(name)
        if not low <= self.params[name] <= high:
            raise ValueError(f"{name} must be {low} to {high}, not {self.params[name]}")
        return self.params[name]

    def suggest_categorical(self, name: str, choices: Sequence[Any], /) -> Any:
        """The value given."""
        self.asked.append(name)
        if self.params[name] not in choices:
            raise ValueError(f"{name} must be one of {choices}, not {self.params[name]}")
        return self.params[name]


def verified(space: Space, params: Mapping[str, Any], proposal: Proposal) -> dict[str, Any]:
    """The trial parameters that do propose this: Optuna takes any others with a mere warning.

    Args:
        params: what is not asked is left out.

    Raises:
        ValueError: they propose something else, or nothing in the ranges of the space.
    """
    trial = FixedTrial(params)
    try:
        proposed = space.suggest(trial)
    except (KeyError, ValueError):
        proposed = None
    if proposed != proposal:
        raise ValueError(f"{proposal} is no point of the search space")
    return {name: params[name] for name in trial.asked}
