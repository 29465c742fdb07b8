"""``search``, ``init`` and ``report``: a study's trials, its finals, and its report."""

import dataclasses
import functools
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.architecture.references import REFERENCES, references_of
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.data.options import DataConfig, data_settings
from mnist_tradeoff.data.sets import load_configured
from mnist_tradeoff.pipelines.trainings import Trained, train_all
from mnist_tradeoff.report import terminal
from mnist_tradeoff.report.search import search_pictures, search_texts, write
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.importances import importances
from mnist_tradeoff.search.results import (
    SearchResults,
    finalist_name,
    finalists_of,
    standings,
)
from mnist_tradeoff.search.spaces import Proposal
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.successive_halving import candidates, front
from mnist_tradeoff.search.trials import reference_costs, run_trials
from mnist_tradeoff.system.workers import run_workers
from mnist_tradeoff.tracking.runs import log_dataset, log_files
from mnist_tradeoff.tracking.store import (
    how_to_look,
    prepare_experiment,
    prepare_store,
    store_folder,
)
from mnist_tradeoff.tracking.study_runs import TrialLog, study_run
from mnist_tradeoff.training.backend import THREADS
from mnist_tradeoff.training.recipe import RunConfig

ROLE = "final"
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


def _open(config: SearchConfig) -> tuple[Study, Dataset]:
    prepare_store()
    if config.step == "init" or config.artifact_location:
        prepare_experiment(config.artifact_location)
    dataset = load_configured(config)
    terminal.tell_dataset(dataset)
    terminal.tell_misfits(REFERENCES, dataset.task)
    return Study(config, dataset.identity, dataset.task, store_folder()), dataset


def _prepare_run(study: Study, dataset: Dataset, config: SearchConfig) -> None:
    with study_run(dataclasses.asdict(config), study) as run_id:
        log_dataset(dataset)
    print(f"study '{config.study}' is ready: its run is {run_id}, its data {study.dataset}")


def report_study(
    name: str,
    seeds: int,
    source: DataConfig,
    params: Mapping[str, Any],
    check_launcher: Callable[[], None],
) -> None:
    """Write a study's report from what is finished, without training.

    Args:
        seeds: trainings of each final model that there may be.
        source: which images, see ``DataConfig``.
        params: what is logged as parameters.

    Raises:
        ValueError: there is no such study, or it is one of other data.
        OSError: a store failed.
    """
    prepare_store()
    folder = store_folder()
    study = Study.load(name, folder)
    data = load_configured(source)
    if study.dataset != data.identity:
        raise ValueError(
            f"study '{name}' is one of '{study.dataset.split()[0]}', not of '{data.name}': name "
            "its set with dataset=PATH"
        )
    study.config = dataclasses.replace(study.config, seeds=seeds, **data_settings(source))
    with study_run(params, study) as run_id:
        log = TrialLog(run_id, study.config, data, lambda: study.lock("log"))
        text = finish_study(study, data, log, folder, check_launcher, train=False)
    print(text + how_to_look(run_id))


def finish_study(
    study: Study,
    dataset: Dataset,
    log: TrialLog,
    folder: Path,
    check_launcher: Callable[[], None],
    train: bool = True,
) -> str:
    """Train the front's models, write what MLflow does not have yet, and the report; its text.

    Args:
        train: whether finals that are missing are trained; else they are missing in the report.

    Raises:
        ValueError: some trainings failed; the report is there without them.
    """
    asked = time.time()
    with study.lock("finals"):
        if study.report_time > asked:
            return "  report        another process has just written it\n"
        log.write_patiently(study.finished())
        trained, failures = train_finalists(study, dataset, check_launcher, train)
        results = collect(study, trained, dataset)
        log.write_patiently(results.trials)
        log.tag_front(standings(results.trials, results.costs, results.epochs))
        texts = search_texts(results, list(trained.values()))
        report_folder = folder / f"search_{study.config.study}"
        log_files(write({**texts, **search_pictures(results)}, report_folder))
        if not failures:
            study.report_time = time.time()
    if failures:
        raise ValueError(
            f"{len(failures)} trainings of the front failed and are missing in the report "
            f"({'; '.join(failures)}); run again to train only these"
        )
    return f"{texts['pareto.md']}\n  {'report':<14}{report_folder / 'report.html'}\n"


def collect(study: Study, trained: Trained, dataset: Dataset) -> SearchResults:
    """What the study and the final trainings of its front say."""
    config = study.config
    trials = study.finished()
    groups: dict[str, list[Training]] = {}
    for name, one in final_configs(study).items():
        found = [trained[run] for run in one if run in trained]
        groups[name] = sorted(found, key=lambda training: training.seed)
    found = front(candidates(trials, config.epochs), config.costs)
    finalists, references = finalists_of(
        found, reference_costs(study), groups, dataset.test.labels, dataset.task
    )
    return SearchResults(
        study=config.study,
        dataset=dataset.name,
        costs=config.costs,
        budgets=config.budgets,
        epochs=config.epochs,
        trials=trials,
        rejected=study.rejected(),
        importances=importances(study),
        finalists=finalists,
        references=references,
    )


def work(
    config: SearchConfig, data_identity: str, task: Task, folder: Path, training: Split, val: Split
) -> None:
    """A worker process: it has no test images."""
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

        go_on = study.missing() > 0
        while go_on:
            _run_workers(study, dataset, folder, on_poll, target)
            study.release_abandoned()
            in_time = not config.timeout or time.monotonic() - started < config.timeout
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


def train_finalists(
    study: Study, dataset: Dataset, check_launcher: Callable[[], None], train: bool
) -> tuple[Trained, list[str]]:
    """Train the front's models and the references with several seeds, and test each once.

    Returns:
        see ``trainings.train_all``.
    """
    groups = final_configs(study).values()
    return train_all(
        [config for seed in zip(*groups, strict=True) for config in seed],
        dataset,
        check_launcher,
        ROLE,
        reused_roles=[ROLE, "reference"],
        more_tags={"study": study.config.study},
        train=train,
    )


def final_configs(study: Study) -> dict[str, list[RunConfig]]:
    """The full-length trainings of the front's models and of the references, by their names."""
    config = study.config
    found = front(candidates(study.finished(), config.epochs), config.costs)
    proposals = [one.proposal for one in found]
    proposals += [
        Proposal(reference.architecture) for reference in references_of(study.task).values()
    ]
    return {
        finalist_name(one, study.task): children(config, one, study.task)
        for one in dict.fromkeys(proposals)
    }


def children(config: SearchConfig, proposal: Proposal, task: Task) -> list[RunConfig]:
    """One full-length training per seed, with the seeds 0, 1, 2, …"""
    recipe = config.recipe(dict(proposal.overrides))
    model = finalist_name(Proposal(proposal.architecture), task)
    return [
        RunConfig(**recipe, model=model, seed=seed, **data_settings(config))
        for seed in range(config.seeds)
    ]
