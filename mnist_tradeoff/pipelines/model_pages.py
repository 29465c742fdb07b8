"""The pages of single models: of any finished run, and of the models that a study ends with."""

import dataclasses
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd

from mnist_tradeoff.analysis.trainings import Training, by_model, sample
from mnist_tradeoff.architecture.costs import EXACT_OBJECTIVES, exact_costs
from mnist_tradeoff.architecture.layer_costs import LayerCost, layer_costs
from mnist_tradeoff.architecture.own_model import is_own
from mnist_tradeoff.architecture.references import REFERENCES, references_of, resolve
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.data.sets import load_configured
from mnist_tradeoff.report import terminal
from mnist_tradeoff.report.links import PAGES, Links, page_of
from mnist_tradeoff.report.model_charts import FRONT, REFERENCE, THIS, Place
from mnist_tradeoff.report.model_page import ModelFacts, render_model
from mnist_tradeoff.report.search import report_folder, write
from mnist_tradeoff.report.summary import nearby
from mnist_tradeoff.system.processes import RUN_VARIABLE
from mnist_tradeoff.tracking.model_runs import (
    ModelRun,
    front_of_study,
    log_page,
    read_model_run,
    read_model_runs,
    references_on,
    require_page_possible,
)
from mnist_tradeoff.tracking.models import finals_of, load_model
from mnist_tradeoff.tracking.runs import tracked_run
from mnist_tradeoff.tracking.store import (
    TrackingError,
    how_to_open,
    prepare_store,
    runs_page,
    store_folder,
)
from mnist_tradeoff.tracking.trainings import read_training
from mnist_tradeoff.training.recipe import RunConfig

# The model is named even where it is the default: the line then says what it trains.
DEFAULTS = {one.name: str(one.default) for one in dataclasses.fields(RunConfig)} | {"model": ""}


def report_runs(
    run_ids: Sequence[str],
    source: DataConfig,
    params: Mapping[str, Any],
    check_launcher: Callable[[], None],
) -> None:
    """Write the page of each model, beside its study's report or the store, and log it.

    Args:
        run_ids: of trainings, or of suites and studies, all of whose trainings get one.
        source: which images, see ``DataConfig``.
        params: what is logged as parameters.

    Raises:
        OSError: the store failed, or a run is none of these, or one of other data; the other ones
            have their pages.
    """
    prepare_store()
    by_mlflow = RUN_VARIABLE in os.environ
    pages, failures = [], []
    try:
        with tracked_run("report", params, {"role": "report"}) if by_mlflow else nullcontext():
            data = load_configured(source)
            terminal.tell_dataset(data)
            for one in finals_of("", run_ids, data):
                check_launcher()
                try:
                    pages.append(_write_page(one.run_id, data))
                except TrackingError as error:
                    failures.append(str(error))
            if failures:
                raise TrackingError("; ".join(failures))
    finally:
        # Printed when the run has ended: a closed terminal must not fail what is finished.
        for path in pages:
            print(f"  {'page':<14}{nearby(path)}")


def _write_page(run_id: str, dataset: Dataset) -> Path:
    run = read_model_run(read_training(run_id))
    folder = store_folder()
    beside = report_folder(folder, run.study) if run.study else folder
    has_report = bool(run.study) and (beside / "report.html").exists()
    place = beside if has_report else folder
    there = [path.stem for path in (place / PAGES).glob("*.html")]
    links = Links(runs_page(run.experiment_id), how_to_open(), {*there, run_id})
    front = front_of_study(run.study) if run.study else None
    others = _of_references(run, dataset, links) if front is None else _of_front(front, links)
    page = render_run(run, dataset, links, others, "../report.html" if has_report else "")
    (path,) = write({page_of(run_id): page}, place)
    log_page(run_id, page)
    return path


def pages_of_study(
    trainings: Sequence[Training],
    experiment_id: str,
    dataset: Dataset,
    links: Links,
    front: pd.DataFrame,
) -> dict[str, str]:
    """The pages of a study's models, by their path beside its report: one for each training.

    Args:
        experiment_id: in which the trainings are.
        links: with all of these pages.
        front: the rows of ``pareto.csv``.

    Raises:
        TrackingError: the store failed, or a file of a run is gone.
    """
    others = _of_front(front, links)
    return {
        page_of(run.training.run_id): render_run(run, dataset, links, others, "../report.html")
        for run in read_model_runs(trainings, experiment_id)
    }


def render_run(
    run: ModelRun, dataset: Dataset, links: Links, others: Sequence[Place], report: str
) -> str:
    """The page of a run's model.

    Args:
        others: what is shown beside it: the front of its study, or the references.
        report: where the study's page is, seen from this one; empty: there is none.

    Raises:
        TrackingError: its answers are not those to the test images of this set.
    """
    require_page_possible(run.training, dataset)
    return render_model(
        ModelFacts(
            training=run.training,
            dataset=dataset,
            losses=run.losses,
            layers=_layers(run.training, dataset.task),
            files=run.files,
            command=repeating(run.params),
            places=[*others, _own_place(run.training)],
            study=run.study,
            report=report,
            links=links,
        )
    )


def repeating(params: Mapping[str, str]) -> str:
    """The command that trains a run's model again: the model, and what is no default."""
    given = {
        name: value
        for name, value in params.items()
        if name in DEFAULTS and value != DEFAULTS[name]
    }
    words = [f"--{name} {shlex.quote(value)}" for name, value in given.items()]
    return " ".join(["python -m experiments.train", *words])


def _layers(training: Training, task: Task) -> list[LayerCost]:
    if is_own(training.model):
        from mnist_tradeoff.training.own_layers import own_layer_costs

        return own_layer_costs(load_model(training.run_id))
    return layer_costs(resolve(training.model, task), task)


def _own_place(training: Training) -> Place:
    costs = {name: training.metrics[name] for name in EXACT_OBJECTIVES if name in training.metrics}
    return Place(training.model, THIS, costs, 1 - training.metrics["test_accuracy"])


def _of_front(front: pd.DataFrame, links: Links) -> list[Place]:
    return [
        Place(
            str(row["model"]),
            FRONT if row["role"] == FRONT else REFERENCE,
            {name: float(row[name]) for name in EXACT_OBJECTIVES},
            1 - float(row["test_accuracy"]),
            _beside(str(row["run_ids"]).split(), links),
        )
        for row in front.to_dict("records")
    ]


def _beside(run_ids: Sequence[str], links: Links) -> str:
    """Of the runs of a model the page, seen from another page; else the first run in MLflow."""
    page = next((f"{run_id}.html" for run_id in run_ids if run_id in links.pages), "")
    return page or (links.in_mlflow(run_ids[0]) if run_ids else "")


def _of_references(run: ModelRun, dataset: Dataset, links: Links) -> list[Place]:
    """The references that were trained on these images; of MNIST else as they are documented."""
    groups = by_model(references_on(dataset, run.experiment_id, run.training))
    if not groups and dataset.is_mnist:
        return [
            Place(
                f"{name}, documented",
                REFERENCE,
                exact_costs(one.architecture, dataset.task),
                1 - one.documented_test_accuracy,
            )
            for name, one in references_of(dataset.task).items()
        ]
    return [
        Place(
            name,
            REFERENCE,
            {cost: group[0].metrics[cost] for cost in EXACT_OBJECTIVES},
            1 - sample(group, "test_accuracy").mean,
            _beside([one.run_id for one in group], links),
        )
        for name, group in groups.items()
        if name in REFERENCES
    ]
