"""The end of a study: its final trainings, its report, and ``report`` without the trainings."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.architecture.references import references_of
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.data.options import DataConfig, data_flags, data_settings
from mnist_tradeoff.data.sets import load_configured
from mnist_tradeoff.pipelines.live import results_of_trials
from mnist_tradeoff.pipelines.model_pages import pages_of_study
from mnist_tradeoff.pipelines.trainings import Trained, train_all
from mnist_tradeoff.report import terminal
from mnist_tradeoff.report.comparison import write_comparison
from mnist_tradeoff.report.links import Links
from mnist_tradeoff.report.notes import study_metrics, study_note
from mnist_tradeoff.report.search import report_folder, search_pictures, search_texts, write
from mnist_tradeoff.report.search_frames import pareto_frame
from mnist_tradeoff.report.studies import write_index
from mnist_tradeoff.report.summary import nearby, search_summary
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.identity import data_name, same_data
from mnist_tradeoff.search.importances import importances
from mnist_tradeoff.search.proposals import Proposal
from mnist_tradeoff.search.reference_costs import reference_costs
from mnist_tradeoff.search.results import (
    Interim,
    SearchResults,
    finalist_name,
    finalists_of,
    standings,
)
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.successive_halving import candidates, front
from mnist_tradeoff.tracking.runs import log_files, log_metrics, log_note
from mnist_tradeoff.tracking.store import (
    how_to_look,
    how_to_open,
    prepare_store,
    runs_page,
    store_folder,
)
from mnist_tradeoff.tracking.study_runs import TrialLog, study_run
from mnist_tradeoff.training.recipe import RunConfig

ROLE = "final"


def report_studies(
    names: Sequence[str],
    seeds: int,
    source: DataConfig,
    params: Mapping[str, Any],
    check_launcher: Callable[[], None],
) -> None:
    """Write the report of each study, and of several a page that compares them.

    Args, Raises:
        see ``report_study``.
    """
    for name in names:
        report_study(name, seeds, source, params, check_launcher)
    if len(names) > 1:
        page = write_comparison(list(names), store_folder())
        print(f"  {'side by side':<14}{nearby(page)}")


def report_study(
    name: str,
    seeds: int,
    source: DataConfig,
    params: Mapping[str, Any],
    check_launcher: Callable[[], None],
) -> None:
    """Write a study's report from what is finished, without training.

    Args:
        seeds: trainings of each final model that there may be; 0: as many as the search wanted.
        source: which images, see ``DataConfig``.
        params: what is logged as parameters.

    Raises:
        ValueError: there is no such study, or it is one of other data.
        OSError: a store failed.
    """
    prepare_store()
    folder = store_folder()
    study = Study.load(name, folder)
    terminal.tell_foreign(name, study.foreign())
    data = load_configured(source)
    if not same_data(study.dataset, data.identity):
        raise ValueError(
            f"study '{name}' is one of '{data_name(study.dataset)}', not of '{data.name}': name "
            "its set with dataset=SET"
        )
    trials = max(study.config.trials, study.wanted.get("trials", 0))
    seeds = seeds or study.wanted.get("seeds", study.config.seeds)
    changed = {"trials": trials, "seeds": seeds, **data_settings(source)}
    study.config = dataclasses.replace(study.config, **changed)
    with study_run(params, study, is_end=False) as run_id:
        log = TrialLog(run_id, study.config, data, lambda: study.lock("log"))
        text = finish_study(study, data, log, folder, check_launcher, train=False)
    print(text + how_to_look(run_id))
    print(what_next(study))


def what_next(study: Study) -> str:
    """A line for the terminal: what to do next with a study."""
    if study.missing():
        return f"  {'next':<14}the study's search command again: it goes on"
    config = study.config
    return terminal.next_step("recommend", study=config.study, **data_flags(config))


def finish_study(
    study: Study,
    dataset: Dataset,
    log: TrialLog,
    folder: Path,
    check_launcher: Callable[[], None],
    train: bool = True,
) -> str:
    """Train the front's models, write what MLflow does not have yet, and the report.

    Args:
        train: whether finals that are missing are trained; else they are missing in the report.

    Returns:
        what is printed when the run has ended.

    Raises:
        ValueError: some trainings failed; the report is there without them.
    """
    asked = time.time()
    with study.lock("finals"):
        if study.report_time > asked:
            return "  report        another process has just written it\n"
        terminal.tell("writing the trials into MLflow")
        log.write_patiently(study.finished())
        trained, failures = train_finalists(study, dataset, check_launcher, train)
        results = collect(study, trained, dataset.name, dataset.test.labels)
        log.write_patiently(results.trials)
        place = report_folder(folder, study.config.study)
        _write_report(results, trained, log, place, dataset, data_flags(study.config))
        write_index(folder)
        if train and not failures:  # a report without its finals lets nobody off
            study.report_time = time.time()
    if failures:
        raise ValueError(
            f"{len(failures)} trainings of the front failed and are missing in the report "
            f"({'; '.join(failures)}); run again to train only these"
        )
    return search_summary(results, place)


def _write_report(
    results: SearchResults,
    trained: Trained,
    log: TrialLog,
    place: Path,
    dataset: Dataset,
    flags: dict[str, str],
) -> None:
    terminal.tell("marking the front in MLflow")
    log.tag_front(standings(results.trials, results.costs, results.epochs))
    terminal.tell("comparing the models on the same test images")
    shown = {one.best.run_id: one.best for one in (*results.finalists, *results.references)}
    links = Links(runs_page(log.experiment_id), how_to_open(), set(shown), log.run_ids)
    texts = search_texts(results, list(trained.values()), links)
    terminal.tell("drawing the figures")
    front_rows = pareto_frame(results)
    pages = pages_of_study([*shown.values()], log.experiment_id, dataset, links, front_rows)
    log_files(write({**pages, **texts, **search_pictures(results)}, place), place)
    log_metrics(study_metrics(results))
    config = {"study": results.study, **flags}
    log_note(
        study_note(results, terminal.command("recommend", **config)), "figures/small/pareto.png"
    )


def collect(study: Study, trained: Trained, dataset_name: str, labels: np.ndarray) -> SearchResults:
    """What the study and the final trainings of its front say.

    Args:
        labels: of the test images.
    """
    config = study.config
    trials = study.finished()
    groups: dict[str, list[Training]] = {}
    for name, one in final_configs(study).items():
        found = [trained[run] for run in one if run in trained]
        groups[name] = sorted(found, key=lambda training: training.seed)
    found = front(candidates(trials, config.epochs), config.costs)
    finalists, references = finalists_of(found, reference_costs(study), groups, labels, study.task)
    return dataclasses.replace(
        results_of_trials(study, dataset_name, trials),
        importances=importances(study),
        finalists=finalists,
        references=references,
        interim=interim_of(study, [len(group) for group in groups.values()]),
    )


def interim_of(study: Study, seeds: Sequence[int]) -> Interim | None:
    """What the study still lacks; None for a finished one.

    Args:
        seeds: how many trainings each final model has.
    """
    running = study.running_architectures()
    wanted = study.wanted.get("seeds", max(seeds))
    missing = sum(max(0, wanted - count) for count in seeds)
    if not study.missing() and not running and not missing:
        return None
    return Interim(study.config.trials, running, missing)


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
        code=study.code,
    )


def final_configs(study: Study) -> dict[str, list[RunConfig]]:
    """The full-length trainings of the front's models and of the references, by their names."""
    config = study.config
    found = front(candidates(study.finished(), config.epochs), config.costs)
    proposals = [one.proposal for one in found]
    references = references_of(study.task).values()
    proposals += [Proposal(reference.architecture) for reference in references]
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
