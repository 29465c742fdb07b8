"""Parameters that were given for a trial, through Optuna's ``enqueue_trial``: checked, then asked.

Optuna takes values out of range and of another kind, and unknown names, with a warning or none.
"""

from collections.abc import Mapping
from typing import Any

from mnist_tradeoff.search.proposals import Proposal, Space, Trial
from mnist_tradeoff.system.plain import shortened, visible

# Letters of a value that somebody gave.
MAX_SHOWN = 60


class ProposalError(ValueError):
    """A trial proposes no point of the space; the message names the parameter."""


def proposed(space: Space, trial: Trial, given: Mapping[str, Any]) -> Proposal:
    """What a trial proposes.

    Args:
        given: parameters that it must have.

    Raises:
        ProposalError: the space has no such parameter there, or no such value; or the storage
            knows other ranges of it.
        ValueError: nothing was given, and the sampler or the storage failed.
    """
    if not given:
        return space.suggest(trial)
    checked = _CheckedTrial(trial, given)
    try:
        proposal = space.suggest(checked)
    except ValueError as error:
        raise ProposalError(" ".join(str(error).split())) from None
    if unknown := sorted(set(given) - checked.asked):
        names = ", ".join(map(_shown, unknown))
        raise ProposalError(f"{names}: no parameter of this proposal")
    return proposal


def _shown(value: Any) -> str:
    return shortened(visible(str(value)), MAX_SHOWN)


class _CheckedTrial:
    """Asks a trial, where what was given is an answer."""

    def __init__(self, trial: Trial, given: Mapping[str, Any]):
        self.trial, self.given = trial, given
        self.asked: set[str] = set()

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        self.asked.add(name)
        value = self.given.get(name, low)
        if type(value) is not int or not low <= value <= high:
            raise ProposalError(
                f"{name} must be a whole number from {low} to {high}, not {_shown(value)}"
            )
        return self.trial.suggest_int(name, low, high, log=log)

    def suggest_categorical(self, name: str, choices: Any, /) -> Any:
        self.asked.add(name)
        value = self.given.get(name, choices[0])
        if not any(type(value) is type(one) and value == one for one in choices):
            allowed = " or ".join(map(str, choices))
            raise ProposalError(f"{name} must be {allowed}, not {_shown(value)}")
        return self.trial.suggest_categorical(name, choices)
