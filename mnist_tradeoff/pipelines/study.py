"""``search`` and ``init``: a study's trials, and then what ``finals`` makes of them."""

import dataclasses
import functools
import math
import time
from collections.abc import Callable
from pathlib import Path

from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.data.sets import load_configured
from mnist_tradeoff.pipelines.dataset import log_summary
from mnist_tradeoff.pipelines.finals import finish_study, what_next
from mnist_tradeoff.pipelines.live import LivePage
from mnist_tradeoff.report import terminal
from mnist_tradeoff.report.links import Links
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.system.processes import THREADS
from mnist_tradeoff.system.workers import run_workers
from mnist_tradeoff.tracking.runs import log_dataset
from mnist_tradeoff.tracking.store import (
    how_to_look,
    how_to_open,
    prepare_experiment,
    prepare_store,
    runs_page,
    store_folder,
)
from mnist_tradeoff.tracking.study_runs import TrialLog, study_run

Worker = Callable[[SearchConfig, str, Task, Path, Split, Split], None]


def run_search(config: SearchConfig, check_launcher: Callable[[], None]) -> None:
    """Go on with a study to its total, then train its finals and write its report.

    Raises:
        ValueError: some finals failed; the report is there without them. Or bad settings or data.
        OSError: a store failed.
    """
    study, dataset = _open(config)
    if config.step == "init":
        _prepare_run(study, dataset, config)
        return
    folder = store_folder()
    with study_run(dataclasses.asdict(config), study) as run_id:
        log_dataset(dataset)
        log_summary(dataset)
        log = TrialLog(run_id, config, dataset, lambda: study.lock("log"))
        search_trials(study, dataset, folder, log, check_launcher)
        if study.missing() and (running := study.running()):
            outcome = (
                f"  trials that other processes still run: {running}; the one that ends last "
                "writes the report\n"
            )
        else:
            outcome = finish_study(study, dataset, log, folder, check_launcher)
    # Printed when the run has ended: a closed terminal must not fail what is finished.
    print(outcome + how_to_look(run_id))
    print(what_next(study))


def _open(config: SearchConfig) -> tuple[Study, Dataset]:
    prepare_store()
    if config.step == "init" or config.artifact_location:
        prepare_experiment(config.artifact_location)
    dataset = load_configured(config)
    terminal.tell_dataset(dataset)
    terminal.tell_misfits(REFERENCES, dataset.task)
    study = Study(config, dataset.identity, dataset.task, store_folder())
    study.wanted = {"trials": config.trials, "seeds": config.seeds}
    terminal.tell_foreign(config.study, study.foreign())
    return study, dataset


def _prepare_run(study: Study, dataset: Dataset, config: SearchConfig) -> None:
    with study_run(dataclasses.asdict(config), study) as run_id:
        log_dataset(dataset)
        log_summary(dataset)
    print(f"study '{config.study}' is ready: its run is {run_id}, its data {study.dataset}")


def work(
    config: SearchConfig, data_identity: str, task: Task, folder: Path, training: Split, val: Split
) -> None:
    """A worker process: it has no test images."""
    # Here, because it starts TensorFlow, which a study without missing trials does without.
    from mnist_tradeoff.search.trials import run_trials

    run_trials(Study(config, data_identity, task, folder, wait=True), training, val)


def search_trials(
    study: Study,
    dataset: Dataset,
    folder: Path,
    log: TrialLog,
    check_launcher: Callable[[], None],
    target: Worker = work,
) -> None:
    """Run the study's missing trials in worker processes, and write these into MLflow.

    Args:
        target: what a worker process does, with the arguments of ``work``.
    """
    started, timeout = time.monotonic(), study.config.timeout or math.inf
    study.release_abandoned()
    links = Links(runs_page(log.experiment_id), how_to_open(), trials=log.run_ids)
    page = LivePage(study, dataset.name, folder, links)
    seen = {trial.number for trial in study.finished()}
    with terminal.SearchProgress(len(seen), study.config.trials) as progress:

        def on_poll() -> None:
            check_launcher()
            finished = study.finished()
            for trial in finished:
                if trial.number not in seen:
                    seen.add(trial.number)
                    progress.on_trial(trial)
            log.write_own(finished)
            progress.on_poll(study.running_architectures() if progress.is_shown else ())
            if study.missing():
                page.on_poll(finished)

        go_on = study.missing() > 0
        while go_on:
            _run_workers(study, dataset, folder, on_poll, target)
            study.release_abandoned()
            in_time = time.monotonic() - started < timeout
            # Again, when a process elsewhere died at the trial that these workers left to it.
            go_on = in_time and study.missing() > 0 and not study.running()
        on_poll()


def _run_workers(
    study: Study, dataset: Dataset, folder: Path, on_poll: Callable[[], None], target: Worker
) -> None:
    config = study.config
    images = (dataset.train, dataset.val)
    run_workers(
        target,
        (config, dataset.identity, dataset.task, folder, *images),
        config.workers,
        max(1, THREADS // config.workers),
        on_poll,
        on_killed=study.release_abandoned,
        on_stopped=functools.partial(study.release_abandoned, count_deaths=False),
    )
