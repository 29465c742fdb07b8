"""What the suite finds, as figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter, StrMethodFormatter

from mnist_tradeoff.analysis.comparison import Costs, Step
from mnist_tradeoff.analysis.statistics import margin
from mnist_tradeoff.analysis.trainings import Training, by_model, sample
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report.curves import epoch_axis
from mnist_tradeoff.report.style import new_figure, styles_of

DOCUMENTED_STYLE: dict[str, Any] = {"color": "grey", "markersize": 26, "markeredgewidth": 2.5}
GALLERY_COLUMNS = 10


def metric_by_epoch(trainings: Sequence[Training], metric: str) -> Figure:
    """``val_accuracy`` or ``val_loss`` by epoch for all references: mean, and all seeds as band."""
    figure = new_figure(8, 4.2)
    axes = figure.subplots()
    groups = by_model(trainings)
    for (name, group), looks in zip(groups.items(), styles_of(groups).values(), strict=True):
        curves = np.array([training.curves[metric] for training in group])
        numbers = np.arange(1, curves.shape[1] + 1)
        axes.plot(numbers, curves.mean(axis=0), label=name, **looks)
        axes.fill_between(
            numbers,
            curves.min(axis=0),
            curves.max(axis=0),
            color=looks["color"],
            alpha=0.25,
            linewidth=0,
        )
        epoch_axis(axes, len(numbers))
    what = metric.replace("val_", "validation ")
    axes.set(ylabel=what, title=f"{what.capitalize()} by epoch: mean and range over the seeds")
    if metric == "val_accuracy":
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    else:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.legend()
    return figure


def final_accuracy(trainings: Sequence[Training], documented: bool) -> Figure:
    """Bars of the test error, from zero, with 95 % intervals; the accuracy is written in them.

    Args:
        documented: mark the documented accuracies, and write them beside the marks.
    """
    groups = by_model(trainings)
    samples = {name: sample(group, "test_accuracy") for name, group in groups.items()}
    styles = styles_of(groups)
    order = sorted(samples, key=lambda name: samples[name].mean)
    figure = new_figure(8, 0.9 + 0.7 * len(order))
    axes = figure.subplots()
    for row, name in enumerate(order):
        test = samples[name]
        half = 100 * margin(test)
        error = 100 * (1 - test.mean)
        color = styles[name]["color"]
        axes.barh(row, error, height=0.6, color=color, xerr=half, capsize=4, ecolor="grey")
        _write(axes, f"{test.mean:.2%}", 0, row)
        if documented and name in REFERENCES:
            single = REFERENCES[name].documented_test_accuracy
            axes.plot(100 * (1 - single), row, "|", **DOCUMENTED_STYLE)
            _write(axes, f"{single:.2%}", 100 * (1 - single), row)
    if documented:
        axes.plot([], [], "|", label="documented", **{**DOCUMENTED_STYLE, "markersize": 12})
        axes.legend(loc="lower right")
    axes.set_yticks(range(len(order)), order)
    axes.invert_yaxis()
    axes.set(xlabel="test error (100 % − accuracy), mean and 95 % interval over the seeds")
    axes.xaxis.set_major_formatter(PercentFormatter(100))
    axes.margins(x=0.12)
    axes.set_xlim(left=0)
    axes.grid(axis="x", alpha=0.3)
    axes.set_title("Final test accuracy")
    return figure


def _write(axes: Axes, text: str, x: float, y: float) -> None:
    axes.annotate(text, (x, y), (8, 0), textcoords="offset points", va="center")


def accuracy_against_cost(trainings: Sequence[Training], costs: Costs) -> Figure:
    """Mean test accuracy with its 95 % interval over parameters and over MACs, log axes."""
    figure = new_figure(10, 4.4)
    panels = figure.subplots(1, 2, sharey=True)
    groups = by_model(trainings)
    styles = styles_of(groups)
    for axes, cost in zip(panels, EXACT_OBJECTIVES, strict=True):
        for name, group in groups.items():
            test = sample(group, "test_accuracy")
            half = margin(test)
            looks = {**styles[name], "linestyle": "none"}
            place = (costs[name][cost], test.mean)
            axes.errorbar(*place, half, markersize=9, capsize=4, **looks)
            above = name == "cnn_v2"  # beside simple_cnn, when it comes to parameters
            axes.annotate(
                f"{name}\n{test.mean:.2%}",
                place,
                (0, 12 if above else -12),
                textcoords="offset points",
                ha="center",
                va="bottom" if above else "top",
            )
        axes.set(xscale="log", xlabel=f"{COSTS[cost].label} (log scale)")
        axes.margins(x=0.3, y=0.25)
        axes.grid(alpha=0.3, which="both")
    panels[0].set_ylabel("test accuracy")
    panels[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    figure.suptitle("Accuracy against cost: mean and 95 % interval over the seeds")
    return figure


def step_gallery(
    steps: Sequence[Step], dataset: Dataset, mistakes: Mapping[str, np.ndarray]
) -> Figure:
    """The first test images that each step to a more expensive model corrects and breaks.

    Args:
        mistakes: the wrong class that a model's seeds give each image most often, int (n,).
    """
    figure = new_figure(10, 1.5 * 2 * len(steps))
    rows = iter(figure.subfigures(2 * len(steps), 1, squeeze=False).flat)
    for step in steps:
        kinds = (("corrects", step.corrected, step.cheaper), ("breaks", step.broken, step.costlier))
        for verb, indices, wrong_model in kinds:
            row = next(rows)
            title = f"{step.cheaper} → {step.costlier} {verb} {len(indices)}"
            row.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")
            _fill_row(row.subplots(1, GALLERY_COLUMNS), indices, dataset, mistakes[wrong_model])
    return figure


def _fill_row(row, indices: np.ndarray, dataset: Dataset, wrong: np.ndarray) -> None:
    for axes in row:
        axes.axis("off")
    names = dataset.names
    for axes, index in zip(row, indices, strict=False):
        axes.imshow(dataset.test.images[index], cmap="gray_r", vmin=0, vmax=255)
        axes.text(
            0.5,
            1.02,
            f"{names[dataset.test.labels[index]]}, not {names[wrong[index]]}",
            fontsize=8,
            ha="center",
            transform=axes.transAxes,
        )
