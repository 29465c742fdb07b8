"""Models against each other: which differences are real, and what the more expensive one buys."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.analysis.statistics import Difference, majority_correct, paired_difference
from mnist_tradeoff.analysis.trainings import Training, by_model
from mnist_tradeoff.architecture.costs import EXACT_OBJECTIVES, exact_costs
from mnist_tradeoff.architecture.references import REFERENCES, references_of
from mnist_tradeoff.architecture.task import Task

Correct = Mapping[str, np.ndarray]
# Exact costs by the name of the model, then by their own.
Costs = Mapping[str, Mapping[str, int]]


def correct_by_model(trainings: Sequence[Training], labels: np.ndarray) -> dict[str, np.ndarray]:
    """Bool (seeds, images) of each model: which seed is right on which test image."""
    return {
        name: np.stack([training.predictions == labels for training in group])
        for name, group in by_model(trainings).items()
    }


def costs_of(trainings: Sequence[Training], task: Task) -> Costs:
    """Exact costs of the references, trained or not, and of every other model that was trained."""
    references = {
        name: exact_costs(one.architecture, task) for name, one in references_of(task).items()
    }
    trained = {
        name: {cost: int(group[0].metrics[cost]) for cost in EXACT_OBJECTIVES}
        for name, group in by_model(trainings).items()
        if name not in REFERENCES
    }
    return {**references, **trained}


def differences(correct: Correct, costs: Costs) -> dict[tuple[str, str], Difference]:
    """Paired difference of every two models (a, b), b − a, a being the one with fewer MACs."""
    names = sorted(correct, key=lambda name: costs[name]["macs"])
    return {
        (a, b): paired_difference(correct[a], correct[b])
        for a, b in itertools.combinations(names, 2)
    }


def common_mistakes(trainings: Sequence[Training], labels: np.ndarray) -> dict[str, np.ndarray]:
    """The wrong class that each model's seeds give each test image most often, int (images,)."""
    return {name: _common_mistakes(group, labels) for name, group in by_model(trainings).items()}


def _common_mistakes(group: Sequence[Training], labels: np.ndarray) -> np.ndarray:
    answers = np.stack([training.predictions for training in group])
    classes = np.arange(max(int(answers.max()), int(labels.max())) + 1)[:, None]
    votes = np.sum([answer == classes for answer in answers], axis=0)
    return np.where(classes == labels, -1, votes).argmax(axis=0)


@dataclass(frozen=True)
class Step:
    """From one model to the next more expensive: test images that it corrects and breaks.

    An image counts as right where more than half of the seeds are right.

    paid: what the second model costs more.
    corrected, broken: indices of test images.
    """

    cost: str
    cheaper: str
    costlier: str
    paid: int
    corrected: np.ndarray
    broken: np.ndarray


def steps(correct: Correct, cost: str, costs: Costs) -> list[Step]:
    """The steps between neighbours when the models are ordered by a cost."""
    names = sorted(correct, key=lambda name: costs[name][cost])
    right = {name: majority_correct(correct[name]) for name in names}
    return [
        Step(
            *(cost, a, b, costs[b][cost] - costs[a][cost]),
            corrected=np.flatnonzero(right[b] & ~right[a]),
            broken=np.flatnonzero(right[a] & ~right[b]),
        )
        for a, b in itertools.pairwise(names)
    ]
