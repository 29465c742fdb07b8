"""What a search found: the front with its finals, against the references, and how it was found."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from mnist_tradeoff.analysis.hv2 import MNIST_SCALE, Scale, hv2, scale_of
from mnist_tradeoff.analysis.pareto import on_front
from mnist_tradeoff.analysis.statistics import Difference, paired_difference
from mnist_tradeoff.analysis.trainings import Model, Training
from mnist_tradeoff.architecture.references import REFERENCES, model_name
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import MNIST_NAME
from mnist_tradeoff.search.proposals import Proposal
from mnist_tradeoff.search.successive_halving import (
    Candidate,
    TrialRecord,
    candidates,
    front,
    points,
    rung_epochs,
)

# On MNIST; there is no document about other images.
DOCUMENTED_HV2 = hv2(
    np.array([reference.documented_num_params for reference in REFERENCES.values()]),
    np.array([reference.documented_test_accuracy for reference in REFERENCES.values()]),
    MNIST_SCALE,
)


@dataclass(frozen=True)
class Interim:
    """What a study still lacks.

    trials: that it shall have in total.
    running: notations of the trials that run now.
    finals: trainings of final models that are missing, as far as is known.
    seconds_left: of the trials, at the pace so far; NaN where that is not known.
    """

    trials: int
    running: Sequence[str] = ()
    finals: int = 0
    seconds_left: float = float("nan")


@dataclass(frozen=True)
class SearchResults:
    """A study with its finals.

    dataset, task: the name of its images, and what they ask for.
    costs: the names of those that were minimised; the first one orders the front.
    epochs: full length of a training.
    finalists: of the validation front, the cheapest first.
    references: those that were trained, in their order.
    interim: what it still lacks; None for a finished one.
    settings: by which it can be told from another study, as plain JSON values.
    """

    study: str
    dataset: str
    task: Task
    costs: Sequence[str]
    budgets: Mapping[str, float]
    epochs: int
    trials: Sequence[TrialRecord]
    rejected: int
    importances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    finalists: Sequence[Model] = ()
    references: Sequence[Model] = ()
    interim: Interim | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cost(self) -> str:
        """The cost that orders the front."""
        return self.costs[0]

    @property
    def is_mnist(self) -> bool:
        """Whether the documented numbers are about its images."""
        return self.dataset == MNIST_NAME

    @cached_property
    def scale(self) -> Scale:
        """Of its hypervolumes."""
        return scale_of(self.dataset, self.task)

    @cached_property
    def trial_front(self) -> list[Candidate]:
        """The front of the trials themselves, on validation, the cheapest first."""
        return front(candidates(self.trials, self.epochs), self.costs)

    @cached_property
    def steps(self) -> list[Difference]:
        """Paired difference of each finalist to the next one, on the same test images."""
        pairs = itertools.pairwise(self.finalists)
        return [paired_difference(a.correct, b.correct) for a, b in pairs]

    @cached_property
    def not_worse(self) -> "dict[str, Model | None]":
        """By the reference: the cheapest below its cost that a paired test does not find worse."""
        return {one.name: cheapest_not_worse(self, one) for one in self.references}

    @cached_property
    def quarters(self) -> list[tuple[int, list[Candidate]]]:
        """The front of the trials after a quarter, a half, three quarters and all: count, front."""
        ordered = sorted(self.trials, key=lambda trial: trial.completed)
        counts = sorted({math.ceil(share * len(ordered)) for share in (0.25, 0.5, 0.75, 1)} - {0})
        return [
            (count, front(candidates(ordered[:count], self.epochs), self.costs)) for count in counts
        ]

    @cached_property
    def progress(self) -> "list[Progress]":
        """How the hypervolume of the trials grew."""
        return progress(self.trials, self.epochs, self.scale)


def finalist_name(proposal: Proposal, task: Task) -> str:
    """A reference's name, or the notation; with what of the recipe is overridden."""
    return proposal.called(model_name(proposal.architecture, task))


def finalists_of(
    found: Sequence[Candidate],
    reference_costs: Mapping[str, Mapping[str, float]],
    trainings: Mapping[str, Sequence[Training]],
    labels: np.ndarray,
    task: Task,
) -> tuple[list[Model], list[Model]]:
    """The front's models and the references that have finished trainings.

    Args:
        found: the front of the trials, the cheapest first.
        reference_costs: by the reference's name.
        trainings: of each, by its ``finalist_name``.
        labels: of the test images.
    """

    def model(one: Candidate) -> Model:
        name = finalist_name(one.proposal, task)
        of_search = (one.val_accuracy, one.trials)
        return Model(name, one.architecture, one.costs, trainings[name], *of_search, labels)

    references = [
        Candidate(Proposal(REFERENCES[name].architecture), costs, float("nan"), [])
        for name, costs in reference_costs.items()
    ]
    finalists = [one for one in found if trainings.get(finalist_name(one.proposal, task))]
    trained = [one for one in references if trainings.get(finalist_name(one.proposal, task))]
    return list(map(model, finalists)), list(map(model, trained))


def on_test_front(results: SearchResults) -> list[bool]:
    """Which finalists no other one dominates in mean test accuracy and costs."""
    rows = [
        [1 - f.test.mean, *(f.costs[cost] for cost in results.costs)] for f in results.finalists
    ]
    return on_front(np.array(rows).reshape(len(rows), 1 + len(results.costs))).tolist()


@dataclass(frozen=True)
class Standing:
    """Whether a trial's architecture is on the front, and the number of a trial that dominates."""

    on_front: bool
    dominated_by: int | None


def standings(
    trials: Sequence[TrialRecord], costs: Sequence[str], epochs: int
) -> dict[int, Standing]:
    """Where each trial stands, by its number.

    A trial stands where the mean of its architecture stands, among those of its own length; one
    that was stopped short is never on the front.
    """
    found = {trial.number: Standing(on_front=False, dominated_by=None) for trial in trials}
    for length in rung_epochs(epochs):
        of_length = candidates(trials, length)
        best = front(of_length, costs)
        best_points = points(best, costs)
        for one, point in zip(of_length, points(of_length, costs), strict=True):
            better = (best_points <= point).all(axis=1) & (best_points < point).any(axis=1)
            by = best[int(better.argmax())].trials[0] if better.any() else None
            standing = Standing(by is None and length == epochs, by)
            found |= dict.fromkeys(one.trials, standing)
    return found


@dataclass(frozen=True)
class Progress:
    """HV2 of the front after a trial: its number, and the seconds of all trials up to it."""

    trial_number: int
    seconds: float
    hv2: float


def progress(trials: Sequence[TrialRecord], epochs: int, scale: Scale) -> list[Progress]:
    """How the hypervolume of the full-length trials grew, in the order they were completed."""
    ordered = sorted(trials, key=lambda trial: trial.completed)
    seconds = itertools.accumulate((t.completed - t.started).total_seconds() for t in ordered)
    grown = _GrowingFront(epochs, scale)
    return [
        Progress(trial.number, second, grown.hv2_with(trial))
        for trial, second in zip(ordered, seconds, strict=True)
    ]


class _GrowingFront:
    """HV2 of trials that come one by one: only what is on the front is looked at again."""

    def __init__(self, epochs: int, scale: Scale):
        self.epochs, self.scale, self.hv2 = epochs, scale, 0.0
        self.groups: dict[Proposal, list[TrialRecord]] = {}
        self.front: list[Candidate] = []

    def hv2_with(self, trial: TrialRecord) -> float:
        """HV2 with one trial more."""
        if trial.at(self.epochs):
            group = self.groups.setdefault(trial.proposal, [])
            group.append(trial)
            (new,) = candidates(group, self.epochs)
            self._add(new)
        return self.hv2

    def _add(self, new: Candidate) -> None:
        # Compared one by one: the digest of a proposal takes far longer than to see it is another.
        found = next((one for one in self.front if one.proposal == new.proposal), None)
        if not found and any(_is_better(one, new) for one in self.front):
            return
        if found and new.val_accuracy < found.val_accuracy:  # a mean that fell: all may be on it
            all_trials = list(itertools.chain(*self.groups.values()))
            rivals = candidates(all_trials, self.epochs)
        else:
            rivals = [*(one for one in self.front if one is not found), new]
        self.front = front(rivals, ["num_params"])
        if found or any(one is new for one in self.front):
            self.hv2 = hv2_of(self.front, self.scale)


def _is_better(one: Candidate, other: Candidate) -> bool:
    """Whether one is more accurate with no more parameters."""
    is_cheaper = one.costs["num_params"] <= other.costs["num_params"]
    return is_cheaper and one.val_accuracy > other.val_accuracy


def hv2_of(found: Sequence[Candidate], scale: Scale) -> float:
    """HV2 of candidates by their mean validation accuracy; 0 of none."""
    accuracies = np.array([one.val_accuracy for one in found])
    return hv2(np.array([one.costs["num_params"] for one in found]), accuracies, scale)


def hv2_of_finalists(finalists: Sequence[Model], split: str, scale: Scale) -> float:
    """HV2 of finalists by their mean accuracy on ``val`` or ``test``."""
    accuracies = np.array([getattr(finalist, split).mean for finalist in finalists])
    return hv2(np.array([one.costs["num_params"] for one in finalists]), accuracies, scale)


def cheapest_as_accurate(results: SearchResults, reference: Model, accuracy: float) -> Model | None:
    """The cheapest finalist of at least this mean test accuracy, if cheaper than the reference."""
    fit = [f for f in _cheaper(results, reference) if f.test.mean >= accuracy]
    return min(fit, key=lambda finalist: finalist.costs[results.cost], default=None)


def cheapest_not_worse(results: SearchResults, reference: Model) -> Model | None:
    """The cheapest finalist below a reference's cost that a paired test does not find worse."""
    by_cost = sorted(_cheaper(results, reference), key=lambda one: one.costs[results.cost])
    correct = reference.correct
    return next((one for one in by_cost if paired_difference(correct, one.correct).high >= 0), None)


def _cheaper(results: SearchResults, reference: Model) -> list[Model]:
    limit = reference.costs[results.cost]
    return [finalist for finalist in results.finalists if finalist.costs[results.cost] < limit]


def best_no_more_expensive(results: SearchResults, reference: Model) -> Model | None:
    """The most accurate finalist on test, other than the reference, that costs no more."""
    others = [f for f in results.finalists if f.name != reference.name]
    fit = [f for f in others if f.costs[results.cost] <= reference.costs[results.cost]]
    return max(fit, key=lambda finalist: finalist.test.mean, default=None)
