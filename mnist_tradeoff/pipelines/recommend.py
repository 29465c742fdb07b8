"""``recommend``: the model of a finished study to take under a budget."""

from collections.abc import Mapping, Sequence
from typing import Any

from mnist_tradeoff.analysis.recommendation import recommend
from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.data.sets import load_configured
from mnist_tradeoff.pipelines.export import export_one
from mnist_tradeoff.report import terminal
from mnist_tradeoff.report.recommendation import describe, model_card
from mnist_tradeoff.report.summary import recommendation_summary
from mnist_tradeoff.tracking import models
from mnist_tradeoff.tracking.runs import log_contents, log_dataset, tracked_run
from mnist_tradeoff.tracking.store import how_to_look, prepare_store

EXPORT_TOLERANCE = 0.005


def run_recommend(
    study: str,
    run_ids: Sequence[str],
    budgets: Mapping[str, float],
    cost: str,
    source: DataConfig,
    params: Mapping[str, Any],
) -> None:
    """Recommend, export and register a model, and print why it is this one.

    Args:
        run_ids: of suites, studies or trainings to choose from; none: those of the study.
        budgets: see ``analysis.recommendation.recommend``.
        cost: what orders the models from cheap to expensive.
        source: which images, see ``DataConfig``.
        params: what is logged as parameters.

    Raises:
        ValueError: no model fits, a cost has not been measured, or bad data.
        OSError: the store failed, or it has no such study.
    """
    prepare_store()
    with tracked_run("recommend", params, {"role": "recommendation", "study": study}) as run_id:
        data = load_configured(source)
        log_dataset(data)
        options = models.models_of(models.finals_of(study, run_ids, data))
        found = recommend(options, budgets, cost, len(data.val.labels))
        champion = found.chosen.best
        terminal.tell(f"exporting and measuring {found.chosen.name}, the recommended model")
        line = export_one(champion, data, EXPORT_TOLERANCE)
        card = describe(found, budgets, cost)
        full_card = model_card(card, line, data)
        version = models.register_champion(champion.run_id, full_card)
        log_contents({"recommendation.md": card})
    print(recommendation_summary(found, cost))
    print(f"  {'its run':<14}{champion.run_id}")
    print(f"  {'its files':<14}export/ in that run")
    print(f"  {'registered':<14}models:/mnist_tradeoff@champion (version {version})")
    print(how_to_look(run_id))
    print(f"  {'next':<14}mlflow.pyfunc.load_model('models:/mnist_tradeoff@champion')")
