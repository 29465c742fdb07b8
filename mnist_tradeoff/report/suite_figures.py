"""What the suite finds, as figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter, StrMethodFormatter

from mnist_tradeoff.analysis.comparison import Costs, Step
from mnist_tradeoff.analysis.trainings import Training, by_model, sample
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report.curves import epoch_axis
from mnist_tradeoff.report.style import (
    error_axis,
    error_limits,
    lay_out,
    mean_of_seeds,
    name_points,
    new_figure,
    shown_error,
    shown_margin,
    styles_of,
)
from mnist_tradeoff.system.plain import shortened

DOCUMENTED_STYLE: dict[str, Any] = {"color": "grey", "markersize": 26, "markeredgewidth": 2.5}
GALLERY_COLUMNS = 10
# Two names of so many letters fit above an image; longer ones are written below each other.
SHORT_NAME, MAX_NAME = 4, 12


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
    for text in axes.legend().get_texts():
        text.set_parse_math(False)
    return figure


def final_accuracy(trainings: Sequence[Training], documented: bool) -> Figure:
    """Bars of the mean test error, from zero; the accuracy is written behind them.

    Args:
        documented: mark the documented accuracies, and write them there, too.
    """
    groups = by_model(trainings)
    samples = {name: sample(group, "test_accuracy") for name, group in groups.items()}
    styles = styles_of(groups)
    order = sorted(samples, key=lambda name: samples[name].mean)
    figure = new_figure(8, 1.2 + 0.7 * len(order))
    axes = figure.subplots()
    for row, name in enumerate(order):
        test = samples[name]
        half = 100 * shown_margin(test)
        error = 100 * (1 - test.mean)
        color = styles[name]["color"]
        looks = {"elinewidth": 1, "capsize": 3, "ecolor": "grey"} if half else {}
        axes.barh(row, error, height=0.5, color=color, xerr=half or None, error_kw=looks)
        is_documented = documented and name in REFERENCES
        single = REFERENCES[name].documented_test_accuracy if is_documented else test.mean
        if is_documented:
            axes.plot(100 * (1 - single), row, "|", **DOCUMENTED_STYLE)
        text = f"{test.mean:.2%}" + (f" (documented {single:.2%})" if is_documented else "")
        _write_behind(axes, text, max(error + half, 100 * (1 - single)), row)
    axes.set_yticks(range(len(order)), order, parse_math=False)
    axes.invert_yaxis()
    axes.set(xlabel="test error: 100 % − accuracy")
    axes.xaxis.set_major_formatter(PercentFormatter(100))
    axes.set_xlim(0, 1.55 * axes.get_xlim()[1])  # room for what is written behind the bars
    axes.grid(axis="x", alpha=0.3)
    marks = " (|: documented)" if documented else ""
    axes.set_title(f"Final test error, and the accuracy beside it{marks}")
    return figure


def _write_behind(axes: Axes, text: str, x: float, y: float) -> None:
    axes.annotate(text, (x, y), (10, 0), textcoords="offset points", va="center")


def accuracy_against_cost(trainings: Sequence[Training], costs: Costs) -> Figure:
    """Mean test error over parameters and over MACs, log axes, the better the higher."""
    figure = new_figure(10, 4.6)
    panels = figure.subplots(1, 2, sharey=True)
    tests = {name: sample(g, "test_accuracy") for name, g in by_model(trainings).items()}
    errors = {name: shown_error(1 - test.mean) for name, test in tests.items()}
    styles = styles_of(tests)
    taken = []
    for axes, cost in zip(panels, EXACT_OBJECTIVES, strict=True):
        points, ends = [], []
        for name, test in tests.items():
            looks = {**styles[name], "linestyle": "none", "markersize": 9}
            half = min(shown_margin(test), 0.9 * errors[name])
            points.append((costs[name][cost], errors[name]))
            ends += [(points[-1][0], errors[name] + share * half) for share in (-0.9, -0.5, 0.5, 1)]
            axes.errorbar(*points[-1], half, capsize=3, elinewidth=1, **looks)
        axes.set(xscale="log", xlabel=f"{COSTS[cost].label} (log scale)")
        axes.margins(x=0.75)
        axes.grid(alpha=0.3)
        taken.append([*points, *ends])
    error_axis(panels[0], [*errors.values()])
    figure.suptitle(f"Error against cost: {mean_of_seeds(tests.values())}")
    lay_out(figure)
    texts = [f"{name} {test.mean:.2%}" for name, test in tests.items()]
    for axes, points in zip(panels, taken, strict=True):
        name_points(axes, points, texts, error_limits([*errors.values()]))
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
            looks = {"ha": "left", "fontsize": 10, "fontweight": "bold"}
            row.suptitle(title, x=0.01, parse_math=False, **looks)
            _fill_row(row.subplots(1, GALLERY_COLUMNS), indices, dataset, mistakes[wrong_model])
    return figure


def _fill_row(row, indices: np.ndarray, dataset: Dataset, wrong: np.ndarray) -> None:
    for axes in row:
        axes.axis("off")
    names = [shortened(name, MAX_NAME) for name in dataset.names]
    is_short = max(map(len, names)) <= SHORT_NAME
    between, size = (" ", 8) if is_short else ("\n", 6.5)
    for axes, index in zip(row, indices, strict=False):
        axes.imshow(dataset.test.images[index], cmap="gray_r", vmin=0, vmax=255)
        axes.text(
            0.5,
            1.02,
            f"{names[dataset.test.labels[index]]},{between}not {names[wrong[index]]}",
            fontsize=size,
            ha="center",
            parse_math=False,
            transform=axes.transAxes,
        )
