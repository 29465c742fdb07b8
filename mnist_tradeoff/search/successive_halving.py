"""Successive halving: short complete schedules first, the full length for the best of them.

Optuna refuses pruning where there are several objectives, and a learning curve cut short says
little under a one-cycle schedule anyway: its last epochs bring the most. A rung is therefore a
whole training with a schedule of its own, a third as long as the next one's (Jamieson and
Talwalkar, "Non-stochastic best arm identification", 2016; Li et al., "ASHA", 2020, whose ranking
by one number is one by Pareto rank here).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from mnist_tradeoff.analysis.pareto import on_front, ranks
from mnist_tradeoff.search.proposals import Proposal

REDUCTION = 3
# Share of the stopped trials that is trained at full length all the same, to see what is missed.
AUDIT_SHARE = 0.15


@dataclass(frozen=True)
class Rung:
    """A complete training of one trial.

    curve: by epoch, the values of loss, accuracy, val_loss and val_accuracy.
    """

    epochs: int
    val_accuracy: float
    val_loss: float
    train_seconds: float
    precision: str
    curve: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class TrialRecord:
    """What a study knows about one trial.

    costs: every known cost by name; num_params and macs always.
    rungs: its trainings, the shortest first; empty if the first one diverged.
    audited: whether it was to be stopped and went on as a sample.
    error: why it failed, or empty.
    command: owner string of the process whose worker ran it.
    code_version: of the code that trained it; empty where an older version did not say it.
    overrides: what of the study's recipe the proposal overrides.
    """

    number: int
    architecture: str
    params: Mapping[str, Any]
    seed: int
    costs: Mapping[str, float]
    rungs: Sequence[Rung]
    audited: bool
    error: str
    started: datetime
    completed: datetime
    command: str = ""
    code_version: str = ""
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def proposal(self) -> Proposal:
        """What it trained; trials of an equal one are replicates of each other."""
        return Proposal.stored(self.architecture, self.overrides)

    def at(self, epochs: int) -> Rung | None:
        """Its training of that length, if there is one."""
        return next((rung for rung in self.rungs if rung.epochs == epochs), None)


def rung_epochs(epochs: int) -> list[int]:
    """Lengths of the rungs up to the full one: 9 gives 1, 3, 9."""
    lengths = [epochs]
    while lengths[0] >= REDUCTION:
        lengths.insert(0, lengths[0] // REDUCTION)
    return lengths


@dataclass(frozen=True)
class Candidate:
    """A proposal with the mean of its trials at one length.

    trials: numbers of the trials that count, in order.
    """

    proposal: Proposal
    costs: Mapping[str, float]
    val_accuracy: float
    trials: Sequence[int]

    @property
    def architecture(self) -> str:
        """The notation of what was proposed."""
        return str(self.proposal.architecture)


def candidates(trials: Sequence[TrialRecord], epochs: int) -> list[Candidate]:
    """Every proposal that was trained for so many epochs, in the order of its first trial."""
    groups: dict[Proposal, list[TrialRecord]] = {}
    for trial in sorted(trials, key=lambda trial: trial.number):
        if trial.at(epochs):
            groups.setdefault(trial.proposal, []).append(trial)
    return [
        Candidate(
            proposal,
            group[0].costs,
            mean_val_accuracy(group, epochs),
            [trial.number for trial in group],
        )
        for proposal, group in groups.items()
    ]


def mean_val_accuracy(trials: Sequence[TrialRecord], epochs: int) -> float:
    """Mean over the trials that were trained for so many epochs."""
    return float(np.mean([rung.val_accuracy for t in trials if (rung := t.at(epochs))]))


def points(found: Sequence[Candidate], costs: Sequence[str]) -> np.ndarray:
    """What is minimised, (candidates, 1 + costs): 1 − val_accuracy, then the costs."""
    rows = [[1 - one.val_accuracy, *(one.costs[cost] for cost in costs)] for one in found]
    return np.array(rows, float).reshape(len(found), 1 + len(costs))


def front(found: Sequence[Candidate], costs: Sequence[str]) -> list[Candidate]:
    """The candidates that no other dominates, the cheapest first."""
    kept = [one for one, on in zip(found, on_front(points(found, costs)), strict=True) if on]
    return sorted(kept, key=lambda one: (one.costs[costs[0]], -one.val_accuracy))


def is_promoted(proposal: Proposal, found: Sequence[Candidate], costs: Sequence[str]) -> bool:
    """Whether a proposal's Pareto rank is among the best third of one rung's candidates."""
    rank = ranks(points(found, costs))
    (own,) = [r for one, r in zip(found, rank, strict=True) if one.proposal == proposal]
    return int((rank < own).sum()) * REDUCTION < len(found)
