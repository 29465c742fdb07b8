"""A study without trainings: its trials are finished as if they had been trained."""

import math
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from mnist_tradeoff.architecture.costs import exact_costs
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.running_trial import RunningTrial
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.successive_halving import Rung
from mnist_tradeoff.search.surrogate import RandomTrial

CONFIG = SearchConfig(study="s", trials=20)
# Its total is never reached.
MANY = SearchConfig(study="s", trials=100_000)
DATA = "stripes 1234"


def finish(trial: RunningTrial, names: Sequence[str] = ("num_params",)) -> None:
    """As if it had been trained, with an accuracy that its parameters decide.

    Args:
        names: of the costs that are told.
    """
    costs = exact_costs(trial.architecture, MNIST)
    trial.costs = costs
    accuracy = 1 - 1 / costs["num_params"] ** 0.5
    trial.add_rung(Rung(3, accuracy, 0.1, 1.0, "float32", {}))
    trial.finish([accuracy, *(costs[name] for name in names)])


def run(study: Study, count: int) -> None:
    for _ in range(count):
        trial = study.take()
        assert trial is not None
        finish(trial, study.config.costs)


class Asked(RandomTrial):
    """A random trial that remembers what it was asked."""

    def __init__(self, generator: random.Random):
        super().__init__(generator)
        self.answers: dict[str, Any] = {}
        self.distributions: dict[str, IntDistribution | CategoricalDistribution] = {}

    def suggest_int(self, name, low, high, *, log=False):
        self.distributions[name] = IntDistribution(low, high, log=log)
        self.answers[name] = super().suggest_int(name, low, high, log=log)
        return self.answers[name]

    def suggest_categorical(self, name, choices, /):
        self.distributions[name] = CategoricalDistribution(tuple(choices))
        self.answers[name] = super().suggest_categorical(name, choices)
        return self.answers[name]


def grown(folder: Path, count: int, config: SearchConfig = MANY, data: str = DATA) -> Study:
    """A study with so many finished trials, after the references that wait."""
    study, generator = Study(config, data, MNIST, folder), random.Random(0)
    for number in range(count):
        asked = Asked(generator)
        architecture = study.space.suggest(asked).architecture
        costs = exact_costs(architecture, MNIST)
        accuracy = 1 - 0.9 * costs["num_params"] ** -0.4 * math.exp(generator.gauss(0, 0.1))
        start = datetime(2026, 1, 1) + timedelta(seconds=10 * number)
        rung = {"epochs": 3, "val_accuracy": accuracy, "val_loss": 0.1, "train_seconds": 1.0}
        template = FrozenTrial(
            number=number, trial_id=-1, state=TrialState.COMPLETE, value=None,
            values=[accuracy, costs["num_params"]], params=asked.answers,
            distributions=dict(asked.distributions), system_attrs={}, intermediate_values={},
            user_attrs={
                "architecture": str(architecture), "seed": number, "costs": costs,
                "rungs": [{**rung, "precision": "float32", "curve": {}}],
                "code_version": study.code,
            },
            datetime_start=start, datetime_complete=start + timedelta(seconds=9),
        )  # fmt: skip
        study.storage.optuna.create_new_trial(study.optuna._study_id, template)
    return Study(config, data, MNIST, folder)
