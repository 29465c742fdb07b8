"""What a trial proposes: Optuna's TPE, repeatable over interruptions."""

from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial

from mnist_tradeoff.storage import experimental


def seeds_of(study_seed: int, number: int) -> tuple[int, int, int]:
    """Seeds of a trial's training, proposal and audit: they depend on nothing else."""
    training, proposal, audit = np.random.SeedSequence([study_seed, number]).generate_state(3) >> 1
    return int(training), int(proposal), int(audit)


class Sampler(BaseSampler):
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
