"""What a trial proposes where the cost is known by arithmetic: the best bet on the front.

A Gaussian process learns the accuracy from the trials so far, short trainings included; the cost of
a proposal needs no model. With two objectives and one of them certain, the expected improvement of
the hypervolume has a closed form (the general one: Emmerich et al., 2011). It is divided by what
the training would take, so that a second of training buys as much as it can.
"""

import random
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special
from threadpoolctl import threadpool_limits

from mnist_tradeoff.analysis.hv2 import Scale, guessing_error
from mnist_tradeoff.analysis.pareto import on_front, ranks
from mnist_tradeoff.architecture.costs import macs, num_params
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.search.proposals import Proposal, Space, Trial

# log10 error: what the seed of a training and 5,000 validation images leave open.
NOISE = 0.035
# Above, errors are alike, unless HV2 counts them.
MAX_ERROR = 0.2
# Errors above HV2's worst one count nothing; where it is hard to reach, above so often the best.
WORST_ERROR_RATIO = 5.0
RANDOM_CANDIDATES, NEIGHBOURS = 500, 20
# A step of training takes as long as its multiplications and about so many more.
OVERHEAD_MACS = 1_300_000
# The model's time grows with the cube of its points.
MAX_POINTS = 200


@dataclass(frozen=True)
class Observation:
    """A training of a proposal; without val_accuracy one that still runs."""

    proposal: Proposal
    epochs: int
    val_accuracy: float | None


@threadpool_limits.wrap(limits=1)  # matrices too small to share; their waiting costs more
def propose(
    space: Space,
    task: Task,
    cost: Callable[[Architecture], float],
    observations: Sequence[Observation],
    worst_cost: float,
    scale: Scale,
    seed: int,
    is_allowed: Callable[[Architecture], bool] = lambda _: True,
) -> dict[str, Any]:
    """Trial parameters of the proposal that promises most for its training time.

    Args:
        cost: what is minimised beside the error.
        observations: at least one with an accuracy.
        worst_cost: the hypervolume's corner: a cost above it counts nothing.
        scale: which errors count.
        is_allowed: whether an architecture keeps the budgets.

    Returns:
        a point of the space; one that is known, for a replicate, if there is nothing new; a random
        one, over budget, if no candidate keeps the budgets.
    """
    generator = random.Random(seed)
    known = dict.fromkeys(one.proposal for one in observations)
    model = _Model(space, task, observations, cost, scale)
    points = np.stack([_log_costs(known, cost), model.predict(list(known))[0]], axis=1)
    front = on_front(points)
    best = [proposal for proposal, on in zip(known, front, strict=True) if on]
    allowed = [one for one in _candidates(space, best, generator) if is_allowed(one.architecture)]
    candidates = [proposal for proposal in allowed if proposal not in known]
    if not candidates:
        chosen = generator.choice(allowed) if allowed else space.suggest(RandomTrial(generator))
        return space.params(chosen)
    worst_error = max(scale.worst_error, WORST_ERROR_RATIO * 10 ** min(points[:, 1]))
    corner = (np.log10(worst_cost), np.log10(min(worst_error, guessing_error(task))))
    costs = _log_costs(candidates, cost)
    gains = expected_improvement(points[front], costs, *model.predict(candidates), corner=corner)
    work = [OVERHEAD_MACS + macs(proposal.architecture, task) for proposal in candidates]
    return space.params(candidates[int(np.argmax(gains / work))])


def _log_costs(proposals: Iterable[Proposal], cost: Callable[[Architecture], float]) -> np.ndarray:
    return np.log10([cost(proposal.architecture) for proposal in proposals])


def expected_improvement(
    front: np.ndarray,
    costs: np.ndarray,
    means: np.ndarray,
    deviations: np.ndarray,
    corner: tuple[float, float],
) -> np.ndarray:
    """Expected growth of the front's area, (candidates,), by each candidate alone.

    A point (c, e) adds the area between e and the staircase of the front, from c to the corner; of
    each step of the staircase, a normally distributed e cuts off its expected improvement (Jones et
    al., 1998).

    Args:
        front: (points, 2), cost and error, both minimised, none dominated.
        costs: (candidates,), certain.
        means, deviations: (candidates,) of the errors.
        corner: cost and error beyond which nothing counts.
    """
    ordered = front[np.argsort(front[:, 0])]
    left = np.concatenate([[-np.inf], ordered[:, 0]])
    right = np.concatenate([ordered[:, 0], [np.inf]])
    heights = np.minimum(np.concatenate([[np.inf], ordered[:, 1]]), corner[1])
    from_, to = np.maximum(left, costs[:, None]), np.minimum(right, corner[0])
    widths = np.maximum(0, to - from_)
    below = heights - means[:, None]
    z = below / deviations[:, None]
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    gains = below * special.ndtr(z) + deviations[:, None] * density
    return (widths * gains).sum(axis=1)


class _Model:
    """Log error at full length, learned from trainings of all lengths."""

    def __init__(
        self,
        space: Space,
        task: Task,
        observations: Sequence[Observation],
        cost: Callable[[Architecture], float],
        scale: Scale,
    ):
        # Here, because they take a second, and most commands propose nothing.
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern

        self.space, self.task = space, task
        trained = [one for one in observations if one.val_accuracy is not None]
        trained = _nearest_to_the_front(trained, cost)
        self.places = sorted(
            {place for one in observations for place in space.encode(one.proposal)}
        )
        self.full = max(one.epochs for one in trained)
        accuracies = np.array([one.val_accuracy for one in trained])
        highest = max(MAX_ERROR, scale.worst_error)
        targets = np.log10(np.clip(1 - accuracies, scale.least_error, highest))
        noise = NOISE / max(NOISE, float(targets.std()))
        kernel = ConstantKernel() * Matern(nu=2.5) + DotProduct()
        self.process = GaussianProcessRegressor(kernel, alpha=noise**2, normalize_y=True)
        points = self._features([one.proposal for one in trained], [one.epochs for one in trained])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a flat optimum is one, too
            self.process.fit(points, targets)

    def predict(self, proposals: Sequence[Proposal]) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the log10 error, (proposals,) each."""
        points = self._features(proposals, [self.full] * len(proposals))
        mean, deviation = self.process.predict(points, return_std=True)
        return mean, np.maximum(deviation, 1e-9)

    def _features(self, proposals: Sequence[Proposal], epochs: Sequence[int]) -> np.ndarray:
        """A row each: the encoding (log, and what exists), parameters, MACs and epochs (log)."""
        return np.array(list(map(self._row, proposals, epochs)))

    def _row(self, proposal: Proposal, epochs: int) -> list[float]:
        seen, architecture = self.space.encode(proposal), proposal.architecture
        return [
            *(np.log2(seen.get(place, 1)) / 6 for place in self.places),
            *(float(place in seen) for place in self.places),
            np.log10(num_params(architecture, self.task)) - 3.5,
            np.log10(macs(architecture, self.task)) - 5.5,
            np.log(epochs) / np.log(10),
        ]


def _nearest_to_the_front(
    trained: list[Observation], cost: Callable[[Architecture], float]
) -> list[Observation]:
    points = [[cost(one.proposal.architecture), 1 - (one.val_accuracy or 0)] for one in trained]
    order = np.argsort(ranks(np.array(points)), kind="stable")[:MAX_POINTS]
    return [trained[i] for i in sorted(order)]


def _candidates(
    space: Space, best: Collection[Proposal], generator: random.Random
) -> list[Proposal]:
    """Random points of the space, and neighbours of the best."""
    trials: list[Trial] = [RandomTrial(generator) for _ in range(RANDOM_CANDIDATES)]
    for proposal in best:
        params = space.params(proposal)
        trials += [RandomTrial(generator, params) for _ in range(NEIGHBOURS)]
    return list(dict.fromkeys(map(space.suggest, trials)))


class RandomTrial:
    """Answers the questions of a space at random, or near given parameters.

    Near them, every number keeps its value or moves by up to a third, each with even odds.
    """

    def __init__(self, generator: random.Random, params: Mapping[str, Any] | None = None):
        self.generator = generator
        self.params = params or {}

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """An integer from low to high, both included."""
        if name in self.params:
            return self._near(self.params[name], low, high)
        if not log:
            return self.generator.randint(low, high)
        drawn = np.exp(self.generator.uniform(np.log(low - 0.5), np.log(high + 0.5)))
        return min(high, max(low, round(drawn)))

    def suggest_categorical(self, name: str, choices: Sequence[Any], /) -> Any:
        """One of the choices."""
        if name in self.params and self.generator.random() < 0.9:
            return self.params[name]
        return self.generator.choice(choices)

    def _near(self, value: int, low: int, high: int) -> int:
        if self.generator.random() < 0.5:
            return value
        step = max(1, round(value / 3))
        return min(high, max(low, value + self.generator.randint(-step, step)))
