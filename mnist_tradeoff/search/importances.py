"""Which parameters of a study's proposals matter."""

import optuna
from optuna.trial import TrialState

from mnist_tradeoff.search.study import Study

MIN_TRIALS = 10


def importances(study: Study) -> dict[str, dict[str, float]]:
    """By objective: how much each parameter matters, of those that all trials have (fANOVA).

    Empty while there are too few trials.
    """
    names = ["val_accuracy", *study.config.costs]
    complete = study.optuna.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    if len(complete) < MIN_TRIALS:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return {
        name: optuna.importance.get_param_importances(
            study.optuna, evaluator=evaluator, target=lambda t, i=i: t.values[i]
        )
        for i, name in enumerate(names)
    }
