"""Entry point ``init``: both stores, the experiment and the study, ready for workers to join.

python -m experiments.init --study widths

It may be repeated, and several may run at once.
"""

import dataclasses

from experiments.search import data_identity
from mnist_tradeoff.search.config import InitConfig
from mnist_tradeoff.system import command_line as cli
from mnist_tradeoff.system.processes import watch_launcher


def run_init(config: InitConfig) -> None:
    watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.data import dataset as data
    from mnist_tradeoff.report import terminal
    from mnist_tradeoff.search.study import Study
    from mnist_tradeoff.tracking import store as tracking
    from mnist_tradeoff.tracking import study_runs as study_tracking

    tracking.prepare_store()
    tracking.prepare_experiment(config.artifact_location)
    dataset = data.load(config.dataset)
    terminal.warn_of_fallback(dataset)
    study = Study(config.search, data_identity(dataset), tracking.store_folder())
    with study_tracking.study_run(dataclasses.asdict(config), study) as run_id:
        tracking.log_dataset(dataset)
    print(f"study '{config.study}' is ready: its run is {run_id}, its data {study.dataset}")


if __name__ == "__main__":
    cli.run(lambda: run_init(cli.parse(InitConfig)))
