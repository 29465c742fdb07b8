"""Models against each other: which differences are real, and what the more expensive one buys."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.analysis.pareto import on_front
from mnist_tradeoff.analysis.statistics import Difference, majority_correct, paired_difference
from mnist_tradeoff.analysis.trainings import Training, by_model, sample
from mnist_tradeoff.architecture.costs import EXACT_OBJECTIVES, exact_costs
from mnist_tradeoff.architecture.references import REFERENCES, references_of
from mnist_tradeoff.architecture.task import Task

# Of more models the pairs are too many to be read.
MAX_ALL_COMPARED = 6
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


def differences(
    correct: Correct, costs: Costs, pairs: Iterable[tuple[str, str]] | None = None
) -> dict[tuple[str, str], Difference]:
    """Paired difference of models (a, b), b − a, a being the one with fewer MACs.

    Args:
        pairs: of models, in any order; None: every two.
    """
    wanted = itertools.combinations(correct, 2) if pairs is None else pairs
    order = {name: (costs[name]["macs"], i) for i, name in enumerate(correct)}
    found = {tuple(sorted(pair, key=order.__getitem__)) for pair in wanted}
    ordered = sorted(found, key=lambda pair: [order[name] for name in pair])
    return {(a, b): paired_difference(correct[a], correct[b]) for a, b in ordered}


def is_few(trainings: Sequence[Training]) -> bool:
    """Whether there are so few models that every two are compared."""
    return len(by_model(trainings)) <= MAX_ALL_COMPARED


def compared_by(cost: str, trainings: Sequence[Training], costs: Costs) -> list[str]:
    """The models whose steps are looked at, the cheapest first.

    Of many it is the front between validation accuracy and the cost, and the references.
    """
    groups = by_model(trainings)
    names = sorted(groups, key=lambda name: costs[name][cost])
    if is_few(trainings):
        return names
    errors = [1 - sample(groups[name], "val_accuracy").mean for name in names]
    points = np.array(
        [(costs[name][cost], error) for name, error in zip(names, errors, strict=True)]
    )
    on = on_front(points)
    return [name for i, name in enumerate(names) if on[i] or name in REFERENCES]


def compared_pairs(trainings: Sequence[Training], costs: Costs) -> list[tuple[str, str]]:
    """Every two models; of many the neighbours by parameters, and every two references."""
    names = compared_by("num_params", trainings, costs)
    if is_few(trainings):
        return list(itertools.combinations(names, 2))
    references = [name for name in names if name in REFERENCES]
    return [*itertools.pairwise(names), *itertools.combinations(references, 2)]


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
    """The steps between neighbours when the models are ordered by a cost.

    Args:
        correct: of the models that are compared.
    """
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
