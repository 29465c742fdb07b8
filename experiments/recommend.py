"""Entry point ``recommend``: the model of a finished study to take under a budget.

mlflow run . -e recommend -P max_params=15000 -P min_accuracy=0.985

Nothing is trained. The model is registered in MLflow's Model Registry as the champion, with its
exported files.
"""

import dataclasses

from experiments.export import export_one
from mnist_tradeoff.search.config import RecommendConfig
from mnist_tradeoff.system import command_line as cli
from mnist_tradeoff.system.processes import watch_launcher

EXPORT_TOLERANCE = 0.005


def run_recommend(config: RecommendConfig) -> None:
    watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.analysis import recommendation
    from mnist_tradeoff.data import dataset as data
    from mnist_tradeoff.tracking import models as export_tracking
    from mnist_tradeoff.tracking import store as tracking

    tracking.prepare_store()
    tags = {"role": "recommendation", "study": config.study}
    with tracking.tracked_run("recommend", dataclasses.asdict(config), tags) as run_id:
        dataset = data.load(config.dataset)
        tracking.log_dataset(dataset)
        finals = export_tracking.finals_of(config.study, dataset)
        options = export_tracking.options_of(finals)
        found = recommendation.recommend(
            options, config.budgets, config.cost, len(dataset.val.labels)
        )
        (champion,) = [final for final in finals if final.run_id == found.chosen.run_ids[0]]
        line = export_one(champion, dataset, EXPORT_TOLERANCE)
        card = recommendation.describe(found, config.budgets, config.cost)
        version = export_tracking.register_champion(
            champion.run_id, f"{card}\nExported: {line}.\nTrained on: {dataset.name}.\n"
        )
        tracking.log_report({"recommendation.md": card}, {})
    print(card)
    print(f"  {'its run':<14}{champion.run_id}")
    print(f"  {'its files':<14}export/ in that run: {line}")
    print(f"  {'registered':<14}models:/mnist_tradeoff@champion (version {version})")
    print(tracking.how_to_look(run_id))


if __name__ == "__main__":
    cli.run(lambda: run_recommend(cli.parse(RecommendConfig)))
