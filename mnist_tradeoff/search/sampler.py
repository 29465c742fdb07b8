"""What a trial proposes, repeatable over interruptions: the surrogate's best bet, or TPE."""

import functools
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from mnist_tradeoff.architecture.layers import REFERENCES, Architecture, parse
from mnist_tradeoff.search.config import EXACT_COSTS, SearchConfig, exact_cost
from mnist_tradeoff.search.spaces import SearchSpace
from mnist_tradeoff.search.storage import experimental
from mnist_tradeoff.search.surrogate import Observation, RandomTrial, Space, propose

# The corner of the hypervolume is a little beyond the dearest reference: HV2's 316 k parameters.
WORST_COST_RATIO = 1.405
# Trained before the surrogate has something to learn from; the references of a study count.
RANDOM_TRIALS = 5
# Random proposals until one keeps the budgets.
MAX_DRAWS = 1_000


def seeds_of(study_seed: int, number: int) -> tuple[int, int, int]:
    """Seeds of a trial's training, proposal and audit: they depend on nothing else."""
    training, proposal, audit = np.random.SeedSequence([study_seed, number]).generate_state(3) >> 1
    return int(training), int(proposal), int(audit)


def choose_sampler(config: SearchConfig, space: SearchSpace) -> BaseSampler:
    """The surrogate where one cost is minimised that arithmetic knows, else Optuna's TPE."""
    if len(config.costs) > 1 or config.cost not in EXACT_COSTS:
        return RepeatableTPESampler(config.seed)

    def is_allowed(architecture: Architecture) -> bool:
        costs = {cost: exact_cost(architecture, cost) for cost in EXACT_COSTS}
        return all(excess <= 0 for excess in config.excesses(costs).values())

    cost = functools.partial(exact_cost, cost=config.cost)
    dearest = max(cost(reference.architecture) for reference in REFERENCES.values())
    return SurrogateSampler(config.seed, space, cost, WORST_COST_RATIO * dearest, is_allowed)


class SurrogateSampler(BaseSampler):
    """Proposes what promises most, see ``surrogate.propose``; random points at the beginning.

    Args:
        worst_cost: the corner of the hypervolume.
        is_allowed: whether an architecture keeps the budgets.
    """

    def __init__(
        self,
        seed: int,
        space: Space,
        cost: Callable[[Architecture], float],
        worst_cost: float,
        is_allowed: Callable[[Architecture], bool] = lambda _: True,
    ):
        self.seed, self.space, self.cost = seed, space, cost
        self.worst_cost, self.is_allowed = worst_cost, is_allowed
        self.proposal: dict[str, Any] = {}

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Choose the trial's parameters, unless it was given them, or taken up with all of them.

        One whose process died between two of them is proposed anew; what it has already stays.
        """
        self.proposal = {}
        if "architecture" in trial.user_attrs or "fixed_params" in trial.system_attrs:
            return
        seed = seeds_of(self.seed, trial.number)[1]
        known = observations(study.get_trials(deepcopy=False))
        trained = {one.architecture for one in known if one.val_accuracy is not None}
        if len(trained) < RANDOM_TRIALS:
            self.proposal = self._draw(random.Random(seed))
        else:
            self.proposal = propose(
                self.space, self.cost, known, self.worst_cost, seed, self.is_allowed
            )

    def _draw(self, generator: random.Random) -> dict[str, Any]:
        architecture = self.space.suggest(RandomTrial(generator))
        for _ in range(MAX_DRAWS):
            if self.is_allowed(architecture):
                break
            architecture = self.space.suggest(RandomTrial(generator))
        return self.space.params(architecture)

    def infer_relative_search_space(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """Nothing: all parameters are chosen together, before the trial."""
        return {}

    def sample_relative(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
        search_space: dict[str, BaseDistribution],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Nothing, see ``infer_relative_search_space``."""
        return {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """What was chosen; at random what is neither given nor part of what is proposed now."""
        if param_name in self.proposal:
            return self.proposal[param_name]
        sampler = RandomSampler(seed=seeds_of(self.seed, trial.number)[1])
        return sampler.sample_independent(study, trial, param_name, param_distribution)


def observations(trials: Sequence[FrozenTrial]) -> list[Observation]:
    """Every training of the trials; one that runs without any yet counts, too.

    A trial that failed is as bad as can be: its training diverged, or killed its processes.
    """
    found = []
    for trial in trials:
        if "costs" not in trial.user_attrs:  # over budget, or not yet begun
            continue
        architecture = parse(trial.user_attrs["architecture"])
        rungs = trial.user_attrs.get("rungs", [])
        found += [Observation(architecture, one["epochs"], one["val_accuracy"]) for one in rungs]
        if trial.state == TrialState.FAIL:
            found.append(Observation(architecture, 1, 0.0))
        elif not rungs:
            found.append(Observation(architecture, 0, None))
    return found


class RepeatableTPESampler(BaseSampler):
    """Optuna's TPE, started anew for each trial from the study's seed and the trial's number.

    Optuna does not store the state of its random numbers: a study that went on after an
    interruption would otherwise propose something else than an undisturbed one.
    """

    def __init__(self, seed: int):
        self.seed = seed
        self.tpe = TPESampler()

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:  # noqa: ARG002
        with experimental():
            self.tpe = TPESampler(
                seed=seeds_of(self.seed, trial.number)[1],
                multivariate=True,
                group=True,  # some parameters exist in some proposals only
            )

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self.tpe.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self.tpe.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self.tpe.sample_independent(study, trial, param_name, param_distribution)
