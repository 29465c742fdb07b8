"""Finished trainings: one of them, and all seeds of one model together."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from mnist_tradeoff.analysis.statistics import Sample, summarize
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.system.plain import plural

# Of sets whose classes differ much in size, see ``analysis.classes``.
BALANCED = "test_balanced_accuracy"
TIDY_COLUMNS = ["model", "architecture", "epochs", "seed", "metric", "value", "run_id"]


def _nothing() -> np.ndarray:
    return np.zeros(0, int)


@dataclass(frozen=True)
class Training:
    """One finished training as its run tells it.

    model: a reference's name, a notation, or a user's own.
    architecture: its canonical notation.
    epochs: passes over the training images; 0 where they are unknown.
    recipe: how else it was trained, by the setting's name.
    curves: values by epoch of loss, accuracy, val_loss and val_accuracy, where they were asked for.
    predictions: predicted class of every test image, int (n,), where they were asked for.
    left_out: by the name of an exported file that cannot be had of it, why.
    """

    model: str
    seed: int
    run_id: str
    metrics: Mapping[str, float]
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    predictions: np.ndarray = field(default_factory=_nothing)
    architecture: str = ""
    epochs: int = 0
    recipe: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Model:
    """One architecture, trained with several seeds: of a study's front, or a reference.

    name: a reference's, or what was proposed.
    costs: by name; measured ones may be missing.
    trainings: at least one, by seed.
    search_accuracy: mean validation accuracy of its trials, NaN for one that was no trial.
    trials: numbers of its trials.
    labels: of the test images, where its trainings have predictions.
    """

    name: str
    architecture: str
    costs: Mapping[str, float]
    trainings: Sequence[Training]
    search_accuracy: float = float("nan")
    trials: Sequence[int] = ()
    labels: np.ndarray = field(default_factory=_nothing)

    @cached_property
    def val(self) -> Sample:
        """Validation accuracy over the seeds."""
        return sample(self.trainings, "val_accuracy")

    @cached_property
    def test(self) -> Sample:
        """Test accuracy over the seeds."""
        return sample(self.trainings, "test_accuracy")

    @cached_property
    def correct(self) -> np.ndarray:
        """Bool (seeds, images): which seed is right on which test image."""
        return np.stack([training.predictions == self.labels for training in self.trainings])

    @property
    def run_ids(self) -> list[str]:
        """Of its trainings, by seed."""
        return [training.run_id for training in self.trainings]

    @cached_property
    def left_out(self) -> dict[str, str]:
        """By the name of an exported file that some training does not have, why."""
        return {file: why for one in self.trainings for file, why in one.left_out.items()}

    @property
    def best(self) -> Training:
        """The training that is best on validation."""
        return max(self.trainings, key=lambda training: training.metrics["val_accuracy"])

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Those that all trainings have: medians of the times over the seeds, else means."""
        found = {}
        for name in self.trainings[0].metrics:
            values = [training.metrics.get(name) for training in self.trainings]
            known = [value for value in values if value is not None]
            if len(known) == len(values):
                is_time = "_us" in name or "second" in name
                found[name] = statistics.median(known) if is_time else statistics.fmean(known)
        return found


def told_apart(trainings: Sequence[Training]) -> list[Training]:
    """Trainings whose models are named by their architecture where several share a name.

    So do a user's own models of one file name: of two folders, or before and after an edit.
    """
    apart = _apart(trainings, lambda one: {"architecture": one.architecture})
    return [
        replace(one, model=parts[0]) if parts else one
        for one, parts in zip(trainings, apart, strict=True)
    ]


def told_apart_by_recipe(trainings: Sequence[Training]) -> list[Training]:
    """Trainings told apart, whose models are named with what differs in their recipes, too.

    So do those of two suites or studies: a mean over both would be of neither.
    """
    named = told_apart(trainings)
    return [
        replace(one, model=", ".join([one.model, *parts]))
        for one, parts in zip(named, _apart(named, _recipe), strict=True)
    ]


def _recipe(training: Training) -> dict[str, str]:
    """A training's settings as words for a name."""
    others = {name: f"{name} {value}" for name, value in training.recipe.items()}
    return {"epochs": plural(training.epochs, "epoch"), **others}


def _apart(
    trainings: Sequence[Training], parts: Callable[[Training], Mapping[str, str]]
) -> list[list[str]]:
    """Of each training the parts that others of its model have otherwise."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in trainings:
        for name, text in parts(one).items():
            found.setdefault((one.model, name), set()).add(text)
    return [
        [text for name, text in parts(one).items() if len(found[one.model, name]) > 1]
        for one in trainings
    ]


def by_model(trainings: Sequence[Training]) -> dict[str, list[Training]]:
    """Trainings of each model, by epochs and seed: references in their order, then the others."""
    ordered = sorted(told_apart(trainings), key=lambda one: (one.model, one.epochs, one.seed))
    models = dict.fromkeys([*REFERENCES, *(training.model for training in ordered)])
    groups = {name: [t for t in ordered if t.model == name] for name in models}
    return {name: group for name, group in groups.items() if group}


def sample(trainings: Sequence[Training], metric: str) -> Sample:
    """Mean, sd and interval of a metric over trainings."""
    return summarize([training.metrics[metric] for training in trainings])


def balanced(trainings: Sequence[Training]) -> Sample | None:
    """Balanced test accuracy over trainings; None where it was not asked for."""
    if not trainings or any(BALANCED not in training.metrics for training in trainings):
        return None
    return sample(trainings, BALANCED)


def median_seconds(group: Sequence[Training]) -> float:
    """Median training seconds of a group."""
    return statistics.median(training.metrics["train_seconds"] for training in group)


def tidy(trainings: Sequence[Training]) -> pd.DataFrame:
    """One row per model, epochs, seed and metric, with the columns ``TIDY_COLUMNS``."""
    rows = [
        (name, one.architecture, one.epochs, one.seed, metric, one.metrics[metric], one.run_id)
        for name, group in by_model(trainings).items()
        for one in group
        for metric in sorted(one.metrics)
    ]
    return pd.DataFrame(rows, columns=pd.Index(TIDY_COLUMNS))
