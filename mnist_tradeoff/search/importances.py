"""Which parameters of a study's proposals matter."""

import warnings

import numpy as np
import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from mnist_tradeoff.search.study import Study

# Of more, so many are looked at, evenly over the study.
MIN_TRIALS, MAX_TRIALS = 20, 400
# Those that are told from all: of the fewest trials five, as Optuna's documentation advises.
BEST_SHARE = 0.25


def importances(study: Study) -> dict[str, dict[str, float]]:
    """By objective: how much each parameter decides which trials are among the best quarter.

    PED-ANOVA (Watanabe et al., 2023), Optuna's own choice: it takes parameters into account that
    only some trials have. The shares of an objective add up to 1. Empty while trials are too few.
    """
    own = {trial.number for trial in study.finished()}
    complete = study.optuna.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    complete = [trial for trial in complete if trial.number in own]
    if len(complete) < MIN_TRIALS:
        return {}
    directions = study.optuna.directions
    sample = optuna.create_study(directions=directions)
    places = np.linspace(0, len(complete) - 1, min(len(complete), MAX_TRIALS)).round().astype(int)
    sample.add_trials([complete[place] for place in places])
    names = ["val_accuracy", *study.config.costs]
    return {name: _shares(sample, place) for place, name in enumerate(names)}


def _shares(sample: optuna.Study, place: int) -> dict[str, float]:
    """Of the objective at a place."""
    sign = -1 if sample.directions[place] == StudyDirection.MAXIMIZE else 1

    def low_is_good(trial: FrozenTrial) -> float:
        return sign * trial.values[place]

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*to achieve low `target` values")
        evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=BEST_SHARE)
        return optuna.importance.get_param_importances(
            sample, evaluator=evaluator, target=low_is_good
        )
