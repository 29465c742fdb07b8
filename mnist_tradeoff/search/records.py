"""What the storage knows of a trial: read as a record, or told from what another program wrote."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from mnist_tradeoff.architecture.costs import EXACT_OBJECTIVES, exact_costs
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.search.identity import CODE
from mnist_tradeoff.search.successive_halving import Rung, TrialRecord
from mnist_tradeoff.system.processes import is_owner

# What reading attributes raises that are not as this project writes them.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError)


class ForeignTrialError(ValueError):
    """A trial that is not as this project leaves one; the message says why, without its number."""


def record(trial: FrozenTrial, code: str = "") -> TrialRecord:
    """What is known about a trial that has been taken.

    Args:
        code: version of the code that must have trained it; empty: any.

    Raises:
        ForeignTrialError: another program has made it, or another version of the code, or its
            attributes are damaged.
    """
    attributes = trial.user_attrs
    missing = [name for name in ("architecture", "seed", "costs") if name not in attributes]
    if missing:
        raise ForeignTrialError(f"another program made it: it has no {missing[0]}")
    if code and attributes.get(CODE) != code:
        raise ForeignTrialError(f"it is of {CODE} {attributes.get(CODE, 'unknown')}, not {code}")
    try:
        found = _record(trial, attributes)
        _require_plausible(found)
    except MALFORMED as error:
        raise ForeignTrialError(
            f"its attributes are damaged: {' '.join(str(error).split())}"
        ) from None
    return found


def _record(trial: FrozenTrial, attributes: Mapping[str, Any]) -> TrialRecord:
    assert trial.datetime_start is not None
    return TrialRecord(
        number=trial.number,
        architecture=attributes["architecture"],
        params=trial.params,
        seed=attributes["seed"],
        costs=attributes["costs"],
        rungs=[Rung(**values) for values in attributes.get("rungs", [])],
        audited=attributes.get("audited", False),
        error=attributes.get("error", ""),
        started=trial.datetime_start,
        completed=trial.datetime_complete or datetime.now(),
        command=attributes.get("command", ""),
        code_version=attributes.get(CODE, ""),
        overrides=attributes.get("overrides", {}),
    )


def _require_plausible(found: TrialRecord) -> None:
    """Refuse what reports and samplers would stumble over later, far from its cause."""
    _ = found.proposal  # is read from its notation
    if type(found.seed) is not int or found.seed < 0:
        raise ValueError(f"its seed is {found.seed}")
    for name in EXACT_OBJECTIVES:
        if name not in found.costs:
            raise ValueError(f"it has no costs for {name}")
    for name, cost in found.costs.items():
        if not (math.isfinite(cost) and cost > 0):
            raise ValueError(f"{name} is {cost}")
    for rung in found.rungs:
        if not 0 <= rung.val_accuracy <= 1:
            raise ValueError(f"val_accuracy is {rung.val_accuracy}")


def _require_costs(found: TrialRecord, task: Task) -> None:
    """Refuse costs that are not those of the architecture: arithmetic knows them.

    Raises:
        ForeignTrialError: they are not.
    """
    for name, cost in exact_costs(found.proposal.architecture, task).items():
        if found.costs[name] != cost:
            raise ForeignTrialError(
                f"its {name} is {found.costs[name]:g}, and that of its architecture {cost:,}"
            )


def own_trials(trials: Iterable[FrozenTrial], code: str) -> list[FrozenTrial]:
    """All but the ended ones that another program has made, or another version of the code."""
    found = []
    for trial in trials:
        if trial.state in (TrialState.COMPLETE, TrialState.FAIL):
            try:
                record(trial, code)
            except ForeignTrialError:
                continue
        elif trial.state == TrialState.PRUNED and not is_own_rejected(trial):
            continue
        found.append(trial)
    return found


class Records:
    """The ended trials of a study: each is read once, because it does not change.

    Args:
        code: see ``record``.
        task: what the study's architectures classify.

    Attributes:
        foreign: by number, why an ended trial does not count.
    """

    def __init__(self, code: str, task: Task):
        self.code, self.task = code, task
        self.foreign: dict[int, str] = {}
        self._own: dict[int, TrialRecord] = {}

    def read(self, ended: Iterable[FrozenTrial]) -> list[TrialRecord]:
        """All that are the study's own, by number."""
        for trial in ended:
            if trial.number not in self._own and trial.number not in self.foreign:
                try:
                    found = record(trial, self.code)
                    _require_costs(found, self.task)
                    self._own[trial.number] = found
                except ForeignTrialError as error:
                    self.foreign[trial.number] = str(trial.user_attrs.get("error", error))
        return [self._own[number] for number in sorted(self._own)]

    def counts(self, trial: FrozenTrial) -> bool:
        """Whether a trial is, or may become, one of the study's total."""
        if trial.state == TrialState.RUNNING:
            return is_own_running(trial)
        return trial.state == TrialState.WAITING or trial.number in self._own


def is_own_running(trial: FrozenTrial) -> bool:
    """Whether a running trial is one of this project's.

    It names its owner before it has parameters, and under a lock: another program's has
    parameters and no owner.
    """
    owner = trial.user_attrs.get("owner")
    return is_owner(owner) if owner is not None else not trial.params


def is_own_rejected(trial: FrozenTrial) -> bool:
    """Whether a trial is one that was over budget, and not one that another program pruned."""
    return trial.state == TrialState.PRUNED and "architecture" in trial.user_attrs
