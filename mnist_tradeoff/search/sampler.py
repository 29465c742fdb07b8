"""What a trial proposes, repeatable over interruptions: the surrogate's best bet, or TPE."""

import functools
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from mnist_tradeoff.analysis.hv2 import WORST_COST_RATIO, Scale
from mnist_tradeoff.architecture.costs import COSTS, exact_cost, exact_costs, excesses
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.references import references_of
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.identity import CODE, IDENTITY
from mnist_tradeoff.search.proposals import Proposal, Space
from mnist_tradeoff.search.records import MALFORMED, own_trials
from mnist_tradeoff.search.storage import experimental
from mnist_tradeoff.search.surrogate import Observation, RandomTrial, propose

# Trained before the surrogate has something to learn from; the references of a study count.
RANDOM_TRIALS = 5
# Random proposals until one keeps the budgets.
MAX_DRAWS = 1_000


def seeds_of(study_seed: int, number: int) -> tuple[int, int, int]:
    """Seeds of a trial's training, proposal and audit: they depend on nothing else."""
    training, proposal, audit = np.random.SeedSequence([study_seed, number]).generate_state(3) >> 1
    return int(training), int(proposal), int(audit)


def choose_sampler(config: SearchConfig, space: Space, task: Task, scale: Scale) -> BaseSampler:
    """The surrogate where one cost is minimised that arithmetic knows, else Optuna's TPE."""
    if len(config.costs) > 1 or not COSTS[config.cost].is_exact:
        return RepeatableTPESampler(config.seed)

    def is_allowed(architecture: Architecture) -> bool:
        found = excesses(exact_costs(architecture, task), config.budgets)
        return all(excess <= 0 for excess in found.values())

    cost = functools.partial(exact_cost, name=config.cost, task=task)
    highest = max(cost(reference.architecture) for reference in references_of(task).values())
    worst_cost = WORST_COST_RATIO * highest
    return SurrogateSampler(config.seed, space, task, cost, worst_cost, scale, is_allowed)


class SurrogateSampler(BaseSampler):
    """Proposes what promises most, see ``surrogate.propose``; random points at the beginning.

    Args:
        worst_cost: the corner of the hypervolume.
        scale: which errors count.
        is_allowed: whether an architecture keeps the budgets.
    """

    def __init__(
        self,
        seed: int,
        space: Space,
        task: Task,
        cost: Callable[[Architecture], float],
        worst_cost: float,
        scale: Scale,
        is_allowed: Callable[[Architecture], bool] = lambda _: True,
    ):
        self.seed, self.space, self.task, self.cost = seed, space, task, cost
        self.worst_cost, self.scale, self.is_allowed = worst_cost, scale, is_allowed
        # Of the trial at hand; None: not yet chosen.
        self.proposal: dict[str, Any] | None = None

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:  # noqa: ARG002
        """Nothing is chosen where the trial was given its parameters, or taken up with all of them.

        One whose process died between two of them is proposed anew; what it has already stays.
        The choice is left to the first question: this is called under the study's lock.
        """
        is_given = "architecture" in trial.user_attrs or "fixed_params" in trial.system_attrs
        self.proposal = {} if is_given else None

    def _propose(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, Any]:
        seed = seeds_of(self.seed, trial.number)[1]
        code = study.user_attrs.get(IDENTITY, {}).get(CODE, "")
        known = observations(study.get_trials(deepcopy=False), code)
        trained = {one.proposal for one in known if one.val_accuracy is not None}
        if len(trained) < RANDOM_TRIALS:
            return self._draw(random.Random(seed))
        return propose(
            *(self.space, self.task, self.cost, known, self.worst_cost, self.scale, seed),
            is_allowed=self.is_allowed,
        )

    def _draw(self, generator: random.Random) -> dict[str, Any]:
        proposal = self.space.suggest(RandomTrial(generator))
        for _ in range(MAX_DRAWS):
            if self.is_allowed(proposal.architecture):
                break
            proposal = self.space.suggest(RandomTrial(generator))
        return self.space.params(proposal)

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
        if self.proposal is None:
            self.proposal = self._propose(study, trial)
        if param_name in self.proposal:
            return self.proposal[param_name]
        sampler = RandomSampler(seed=seeds_of(self.seed, trial.number)[1])
        return sampler.sample_independent(study, trial, param_name, param_distribution)


def observations(trials: Sequence[FrozenTrial], code: str = "") -> list[Observation]:
    """Every training of the trials; one that runs without any yet counts, too.

    A trial that failed is as bad as can be: its training diverged, or killed its processes.

    Args:
        code: version of the code that must have trained them; empty: any.
    """
    found = []
    for trial in trials:
        # Else it is over budget, or not yet begun, or of another program.
        if "costs" in trial.user_attrs and (not code or trial.user_attrs.get(CODE) == code):
            with suppress(*MALFORMED):
                found += _observed(trial)
    return found


def _observed(trial: FrozenTrial) -> list[Observation]:
    attributes = trial.user_attrs
    proposal = Proposal.stored(attributes["architecture"], attributes.get("overrides", {}))
    rungs = attributes.get("rungs", [])
    found = [Observation(proposal, one["epochs"], one["val_accuracy"]) for one in rungs]
    if trial.state == TrialState.FAIL:
        found.append(Observation(proposal, 1, 0.0))
    elif not rungs:
        found.append(Observation(proposal, 0, None))
    return found


class RepeatableTPESampler(BaseSampler):
    """Optuna's TPE, started anew for each trial from the study's seed and the trial's number.

    Optuna does not store the state of its random numbers: a study that went on after an
    interruption would otherwise propose something else than an undisturbed one.
    """

    def __init__(self, seed: int):
        self.seed = seed
        self.tpe = TPESampler()
        # What it learns from at the trial at hand, and that trial in it; None: not yet looked at.
        self.known: tuple[optuna.Study, FrozenTrial] | None = None

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:  # noqa: ARG002
        self.known = None
        with experimental():
            self.tpe = TPESampler(
                seed=seeds_of(self.seed, trial.number)[1],
                multivariate=True,
                group=True,  # some parameters exist in some proposals only
            )

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self.tpe.infer_relative_search_space(*self._known(study, trial))

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self.tpe.sample_relative(*self._known(study, trial), search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        known = self._known(study, trial)
        return self.tpe.sample_independent(*known, param_name, param_distribution)

    def _known(self, study: optuna.Study, trial: FrozenTrial) -> tuple[optuna.Study, FrozenTrial]:
        """The study and the trial; without what other programs put there, where they did."""
        if self.known is None:
            trials = study.get_trials(deepcopy=False)
            own = own_trials(trials, study.user_attrs.get(IDENTITY, {}).get(CODE, ""))
            self.known = study, trial
            if len(own) < len(trials):
                copy = optuna.create_study(directions=study.directions)
                copy.add_trials(own)
                copy.ask()
                self.known = copy, copy.get_trials(deepcopy=False)[-1]
        return self.known
