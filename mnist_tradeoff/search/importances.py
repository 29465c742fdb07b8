"""Which parameters of a study's proposals matter."""

import numpy as np
import optuna
from optuna.trial import TrialState

from mnist_tradeoff.search.study import Study

# Of more, so many are looked at, evenly over the study: its forests would take most of a report.
MIN_TRIALS, MAX_TRIALS = 10, 200
# 64, Optuna's default, take four times as long for much the same (benchmarks/NOTES.md).
TREES = 16


def importances(study: Study) -> dict[str, dict[str, float]]:
    """By objective: how much each parameter matters, of those that all trials have (fANOVA).

    Empty while there are too few trials.
    """
    names = ["val_accuracy", *study.config.costs]
    own = {trial.number for trial in study.finished()}
    complete = study.optuna.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    complete = [trial for trial in complete if trial.number in own]
    if len(complete) < MIN_TRIALS:
        return {}
    sample = optuna.create_study(directions=study.optuna.directions)
    places = np.linspace(0, len(complete) - 1, min(len(complete), MAX_TRIALS)).round().astype(int)
    sample.add_trials([complete[place] for place in places])
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=TREES, seed=0)
    return {
        name: optuna.importance.get_param_importances(
            sample, evaluator=evaluator, target=lambda t, i=i: t.values[i]
        )
        for i, name in enumerate(names)
    }
