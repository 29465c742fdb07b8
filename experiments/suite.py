"""Entry point ``suite``: the four references over several seeds, compared.

mlflow run . -e suite -P seeds=5        or        python -m experiments.suite --seeds 5

About 5 minutes with 5 seeds on two Zen 4 cores. Run it again after an interruption: what is
finished is not trained again.
"""

import dataclasses

from experiments.trainings import train_all
from mnist_tradeoff.architecture.layers import REFERENCES
from mnist_tradeoff.search.config import RunConfig, SuiteConfig
from mnist_tradeoff.system import command_line as cli
from mnist_tradeoff.system.processes import watch_launcher

ROLE = "reference"


def run_suite(config: SuiteConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.data import dataset as data
    from mnist_tradeoff.report import suite as report
    from mnist_tradeoff.report import terminal
    from mnist_tradeoff.tracking import store as tracking

    tracking.prepare_store()
    with tracking.tracked_run("suite", dataclasses.asdict(config), {"role": "suite"}) as run_id:
        dataset = data.load(config.dataset)
        terminal.warn_of_fallback(dataset)
        tracking.log_dataset(dataset)
        configs = children(config)
        trainings, failures = train_all(configs, dataset, check_launcher, ROLE, [ROLE])
        texts = {}
        if trainings:
            texts = report.suite_texts(trainings, dataset, config.seeds)
            tracking.log_report(texts, report.suite_figures(trainings, dataset))
        if failures:
            print(texts.get("results.md", ""))
            raise ValueError(
                f"{len(failures)} of {len(configs)} trainings failed and are missing in the table "
                f"({'; '.join(failures)}); run again to train only these"
            )
    # Printed when the run has ended: a closed terminal must not fail what is finished.
    print(texts["results.md"])
    print(tracking.how_to_look(run_id))


def children(config: SuiteConfig) -> list[RunConfig]:
    """One training per reference and seed, seed by seed: a slow hour touches all models alike."""
    recipe = dataclasses.asdict(config)
    seeds = recipe.pop("seeds")
    return [
        RunConfig(model=name, seed=seed, **recipe) for seed in range(seeds) for name in REFERENCES
    ]


if __name__ == "__main__":
    cli.run(lambda: run_suite(cli.parse(SuiteConfig)))
