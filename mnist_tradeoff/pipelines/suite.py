"""``suite``: models over several seeds, compared."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.data.options import DataConfig, data_flags, data_settings
from mnist_tradeoff.data.sets import load_configured
from mnist_tradeoff.pipelines.dataset import log_summary
from mnist_tradeoff.pipelines.trainings import train_all
from mnist_tradeoff.report import terminal
from mnist_tradeoff.report.notes import suite_metrics, suite_note
from mnist_tradeoff.report.suite import suite_pictures, suite_texts
from mnist_tradeoff.report.summary import suite_summary
from mnist_tradeoff.tracking.runs import (
    log_contents,
    log_dataset,
    log_metrics,
    log_note,
    tracked_run,
)
from mnist_tradeoff.tracking.store import how_to_look, prepare_store
from mnist_tradeoff.tracking.trainings import with_curves
from mnist_tradeoff.training.recipe import Recipe, RunConfig

ROLE = "reference"


def run_suite(
    recipe: Recipe,
    models: Sequence[str],
    seeds: int,
    source: DataConfig,
    params: Mapping[str, Any],
    check_launcher: Callable[[], None],
    together: int = 1,
) -> None:
    """Train what is missing of the models, compare them, and print the tables.

    Args:
        models: names of the references, notations, ``PATH.py:FUNCTION``.
        together: most seeds of a model that are trained at once.
        source: which images, see ``DataConfig``.
        params: what is logged as the suite's parameters.

    Raises:
        ValueError: some trainings failed; the tables are there without them. Or bad data.
        OSError: the store failed.
    """
    prepare_store()
    with tracked_run("suite", params, {"role": "suite"}) as run_id:
        data = load_configured(source)
        terminal.tell_dataset(data)
        log_dataset(data)
        log_summary(data)
        fitting = terminal.tell_misfits(models, data.task)
        configs = children(recipe, fitting, seeds, source)
        roles = (ROLE, [ROLE])
        trained, failures = train_all(configs, data, check_launcher, *roles, together=together)
        trainings = [with_curves(training) for training in trained.values()]
        if trainings:
            next_command = terminal.command("search", **data_flags(source))
            _report(trainings, data, seeds, fitting, next_command)
        if failures:
            print(suite_summary(trainings, data))
            raise ValueError(_of_failures(failures, len(configs)))
    # Printed when the run has ended: a closed terminal must not fail what is finished.
    print(suite_summary(trainings, data))
    print(how_to_look(run_id))
    print(terminal.next_step("search", **data_flags(source)))


def _of_failures(failures: Sequence[str], count: int) -> str:
    return (
        f"{len(failures)} of {count} trainings failed and are missing in the table "
        f"({'; '.join(failures)}); run again to train only these"
    )


def _report(
    trainings: Sequence[Training],
    data: Dataset,
    seeds: int,
    wanted: Sequence[str],
    next_command: str,
) -> None:
    """Log tables, figures, the few metrics that matter, and the description."""
    terminal.tell("comparing the models on the same test images")
    texts = suite_texts(trainings, data, seeds, wanted)
    terminal.tell("drawing the figures")
    log_contents({**texts, **suite_pictures(trainings, data)})
    log_metrics(suite_metrics(trainings, data))
    note = suite_note(trainings, data.name, next_command)
    log_note(note, "figures/small/accuracy_against_cost.png")


def children(
    recipe: Recipe, models: Sequence[str], seeds: int, source: DataConfig
) -> list[RunConfig]:
    """One training per model and seed, seed by seed: a slow hour touches all models alike."""
    settings = {one.name: getattr(recipe, one.name) for one in dataclasses.fields(Recipe)}
    settings |= data_settings(source)
    return [
        RunConfig(model=name, seed=seed, **settings) for seed in range(seeds) for name in models
    ]
