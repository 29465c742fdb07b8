"""Entry point ``report``: a study's report from what is finished, and what MLflow missed.

mlflow run . -e report -P study=widths        or        python -m experiments.report --study widths

Nothing is trained. Use it after an outage of the tracking server, or while a study still runs.
"""

import dataclasses

from experiments.search import data_identity, finish_study
from mnist_tradeoff.search.config import ReportConfig
from mnist_tradeoff.system import command_line as cli
from mnist_tradeoff.system.processes import watch_launcher


def run_report(config: ReportConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.data import dataset as data
    from mnist_tradeoff.search.study import Study
    from mnist_tradeoff.tracking import store as tracking
    from mnist_tradeoff.tracking import study_runs as study_tracking

    tracking.prepare_store()
    folder = tracking.store_folder()
    study = Study.load(config.study, folder)
    dataset = data.load(config.dataset)
    if study.dataset != data_identity(dataset):
        raise ValueError(
            f"study '{config.study}' is one of '{study.dataset.split()[0]}', not of "
            f"'{dataset.name}': name its set with dataset=PATH"
        )
    study.config = dataclasses.replace(study.config, seeds=config.seeds, dataset=config.dataset)
    with study_tracking.study_run(dataclasses.asdict(config), study) as run_id:
        log = study_tracking.TrialLog(run_id, study.config, dataset, lambda: study.lock("log"))
        text = finish_study(study, dataset, log, folder, check_launcher, train=False)
    print(text + tracking.how_to_look(run_id))


if __name__ == "__main__":
    cli.run(lambda: run_report(cli.parse(ReportConfig)))
