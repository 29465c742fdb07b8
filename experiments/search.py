"""Entry point ``search``: an Optuna study of filter widths, and the Pareto front that it finds.

mlflow run . -e search -P trials=60        or        python -m experiments.search --trials 60

Run it again after an interruption, or with more trials: it goes on where it stopped. Run it several
times at once, on one machine or on many: all work at the same study.
"""

import dataclasses
import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from experiments.trainings import train_all
from mnist_tradeoff.architecture.layers import REFERENCES
from mnist_tradeoff.search.config import RunConfig, SearchConfig
from mnist_tradeoff.system import command_line as cli
from mnist_tradeoff.system.processes import watch_launcher

ROLE = "final"


def run_search(config: SearchConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.data import dataset as data
    from mnist_tradeoff.report import terminal
    from mnist_tradeoff.search.study import Study
    from mnist_tradeoff.tracking import store as tracking
    from mnist_tradeoff.tracking import study_runs as study_tracking

    tracking.prepare_store()
    dataset = data.load(config.dataset)
    terminal.warn_of_fallback(dataset)
    folder = tracking.store_folder()
    study = Study(config, data_identity(dataset), folder)
    with study_tracking.study_run(dataclasses.asdict(config), study) as run_id:
        tracking.log_dataset(dataset)
        log = study_tracking.TrialLog(run_id, config, dataset, lambda: study.lock("log"))
        search_trials(study, dataset, folder, log, check_launcher)
        if study.missing() and (running := study.running()):
            outcome = (
                f"  trials that other processes still run: {running}; the one that ends last "
                "writes the report\n"
            )
        else:
            outcome = finish_study(study, dataset, log, folder, check_launcher)
    # Printed when the run has ended: a closed terminal must not fail what is finished.
    print(outcome + tracking.how_to_look(run_id))


def finish_study(
    study, dataset, log, folder: Path, check_launcher: Callable[[], None], train: bool = True
) -> str:
    """Train the front's models, write what MLflow does not have yet, and the report; its text.

    Args:
        train: whether finals that are missing are trained; else they are missing in the report.

    Raises:
        ValueError: some trainings failed; the report is there without them.
    """
    from mnist_tradeoff.report import search as search_report
    from mnist_tradeoff.search.results import standings
    from mnist_tradeoff.search.storage import NO_END
    from mnist_tradeoff.tracking import store as tracking

    config = study.config
    asked = time.time()
    with study.lock("finals", NO_END):
        if study.report_time > asked:
            return "  report        another process has just written it\n"
        log.write_patiently(study.finished())
        trainings, failures = train_finalists(study, dataset, check_launcher, train)
        results = search_report.collect(study, trainings, dataset)
        log.write_patiently(results.trials)
        log.tag_front(standings(results.trials, config.costs, config.epochs))
        texts = search_report.texts(results, trainings)
        figures = search_report.drawn(results)
        report_folder = folder / f"search_{config.study}"
        tracking.log_files(search_report.write(texts, figures, report_folder))
        if not failures:
            study.report_time = time.time()
    if failures:
        raise ValueError(
            f"{len(failures)} trainings of the front failed and are missing in the report "
            f"({'; '.join(failures)}); run again to train only these"
        )
    return f"{texts['pareto.md']}\n  {'report':<14}{report_folder / 'report.html'}\n"


def data_identity(dataset) -> str:
    """Name and content of a set, by which a study knows its data again."""
    return f"{dataset.name} {dataset.digest}"


def work(config: SearchConfig, data_identity: str, folder: Path, training, val) -> None:
    """A worker process: it has no test images."""
    from mnist_tradeoff.search.study import Study
    from mnist_tradeoff.search.trials import run_trials

    run_trials(Study(config, data_identity, folder, wait=True), training, val)


def search_trials(
    study, dataset, folder: Path, log, check_launcher: Callable[[], None], target=work
) -> None:
    """Run the study's missing trials in worker processes, and write these into MLflow.

    Args:
        target: what a worker process does, with the arguments of ``work``.
    """
    from mnist_tradeoff.report import terminal
    from mnist_tradeoff.system.workers import run_workers
    from mnist_tradeoff.training.backend import THREADS

    config = study.config
    started = time.monotonic()
    study.release_abandoned()
    seen = {trial.number for trial in study.finished()}
    with terminal.SearchProgress(len(seen), config.trials) as progress:

        def on_poll() -> None:
            check_launcher()
            finished = study.finished()
            for trial in finished:
                if trial.number not in seen:
                    seen.add(trial.number)
                    progress.on_trial(trial)
            log.write_own(finished)
            progress.on_poll()

        arguments = (config, data_identity(dataset), folder, dataset.train, dataset.val)
        threads = max(1, THREADS // config.workers)
        stopped = functools.partial(study.release_abandoned, count_deaths=False)
        go_on = study.missing() > 0
        while go_on:
            run_workers(
                *(target, arguments, config.workers, threads),
                *(on_poll, study.release_abandoned, stopped),
            )
            study.release_abandoned()
            in_time = not config.timeout or time.monotonic() - started < config.timeout
            # Again, when a process elsewhere died at the trial that these workers left to it.
            go_on = in_time and study.missing() > 0 and not study.running()
        on_poll()


def train_finalists(
    study, dataset, check_launcher: Callable[[], None], train: bool
) -> tuple[list, list[str]]:
    """Train the front's models and the references with several seeds, and test each once.

    Returns:
        see ``trainings.train_all``.
    """
    from mnist_tradeoff.search.results import model_name
    from mnist_tradeoff.search.successive_halving import candidates, front

    config = study.config
    found = front(candidates(study.finished(), config.epochs), config.costs)
    models = dict.fromkeys([*(model_name(one.architecture) for one in found), *REFERENCES])
    return train_all(
        children(config, list(models)),
        dataset,
        check_launcher,
        ROLE,
        reused_roles=[ROLE, "reference"],
        more_tags={"study": config.study},
        train=train,
    )


def children(config: SearchConfig, models: Sequence[str]) -> list[RunConfig]:
    """One full-length training per model and seed, with the seeds 0, 1, 2, …"""
    return [
        RunConfig(
            model=model,
            seed=seed,
            epochs=config.epochs,
            batch_size=config.batch_size,
            learning_rate=config.learning_rate,
            precision=config.precision,
            dataset=config.dataset,
        )
        for seed in range(config.seeds)
        for model in models
    ]


if __name__ == "__main__":
    cli.run(lambda: run_search(cli.parse(SearchConfig)))
