"""Data in, matplotlib Figure out: the only file that draws."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    PercentFormatter,
    StrMethodFormatter,
)

from mnist_tradeoff.analysis.comparison import COSTS, Step, cost_of
from mnist_tradeoff.analysis.pareto import on_front
from mnist_tradeoff.analysis.statistics import Sample
from mnist_tradeoff.analysis.trainings import Training, by_model, sample
from mnist_tradeoff.architecture.layers import REFERENCES
from mnist_tradeoff.data.dataset import Split
from mnist_tradeoff.device.measure import DeviceCosts
from mnist_tradeoff.search.results import (
    DOCUMENTED_HV2,
    Finalist,
    SearchResults,
    hv2_of_finalists,
    progress,
)
from mnist_tradeoff.training.loop import Epoch

# Okabe and Ito's palette, told apart by colour-blind readers.
VALIDATION_COLOR = "#0072B2"
TRAINING_COLOR = "#999999"
# The documented figures have cnn_v2 purple and cnn_v1 green. Marker and line tell the four apart
# without colour; all four are legible on white and on black.
REFERENCE_STYLES: dict[str, dict[str, Any]] = {
    "ann": {"color": "#E69F00", "marker": "s", "linestyle": ":"},
    "simple_cnn": {"color": "#2F8FD0", "marker": "^", "linestyle": "-."},
    "cnn_v1": {"color": "#009E73", "marker": "o", "linestyle": "--"},
    "cnn_v2": {"color": "#A05CD5", "marker": "D", "linestyle": "-"},
}
DOCUMENTED_STYLE: dict[str, Any] = {"color": "grey", "markersize": 26, "markeredgewidth": 2.5}
FRONT_STYLE: dict[str, Any] = {"color": "#D55E00", "marker": ".", "capsize": 2}
# Below, a front's first models would press all others into a line.
LOWEST_ACCURACY_SHOWN = 0.95
LOWEST_ERROR_SHOWN = 0.0005
THEMES = {"": "default", "_dark": "dark_background"}
DOTS_PER_INCH = 150
GALLERY_COLUMNS = 10


def themed(name: str, draw: Callable[..., Figure], *data: object) -> dict[str, Figure]:
    """A figure of data for light and for dark pages: ``NAME.png`` and ``NAME_dark.png``."""
    figures = {}
    for suffix, theme in THEMES.items():
        with style.context(theme):
            figures[f"{name}{suffix}.png"] = draw(*data)
    return figures


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), layout="constrained", dpi=DOTS_PER_INCH)


def learning_curve(epochs: Sequence[Epoch], title: str) -> Figure:
    """Loss and accuracy by epoch, training (dashed) and validation (solid) side by side."""
    figure = _figure(9, 3.6)
    figure.suptitle(title, parse_math=False)
    numbers = [point.epoch for point in epochs]
    for axes, metric in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        train = [getattr(point, metric) for point in epochs]
        val = [getattr(point, f"val_{metric}") for point in epochs]
        axes.plot(
            numbers, train, "o--", color=TRAINING_COLOR, label="training (mean over the epoch)"
        )
        axes.plot(numbers, val, "o-", color=VALIDATION_COLOR, label="validation (after the epoch)")
        axes.set(ylabel=metric)
        _epoch_axis(axes, len(epochs))
        axes.legend()
    return figure


def _epoch_axis(axes: Axes, epochs: int) -> None:
    axes.set(xlabel="epoch", xlim=(0.5, epochs + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)


def metric_by_epoch(trainings: Sequence[Training], metric: str) -> Figure:
    """``val_accuracy`` or ``val_loss`` by epoch for all references: mean, and all seeds as band."""
    figure = _figure(8, 4.2)
    axes = figure.subplots()
    for name, group in by_model(trainings).items():
        curves = np.array([training.curves[metric] for training in group])
        numbers = np.arange(1, curves.shape[1] + 1)
        axes.plot(numbers, curves.mean(axis=0), label=name, **REFERENCE_STYLES[name])
        axes.fill_between(
            numbers,
            curves.min(axis=0),
            curves.max(axis=0),
            color=REFERENCE_STYLES[name]["color"],
            alpha=0.25,
            linewidth=0,
        )
        _epoch_axis(axes, len(numbers))
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
    order = sorted(samples, key=lambda name: samples[name].mean)
    figure = _figure(8, 0.9 + 0.7 * len(order))
    axes = figure.subplots()
    for row, name in enumerate(order):
        test = samples[name]
        margin = 100 * _margin(test)
        error = 100 * (1 - test.mean)
        color = REFERENCE_STYLES[name]["color"]
        axes.barh(row, error, height=0.6, color=color, xerr=margin, capsize=4, ecolor="grey")
        _write(axes, f"{test.mean:.2%}", 0, row)
        if documented:
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


def accuracy_against_cost(trainings: Sequence[Training]) -> Figure:
    """Mean test accuracy with its 95 % interval over parameters and over MACs, log axes."""
    figure = _figure(10, 4.4)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (cost, label) in zip(panels, COSTS.items(), strict=True):
        for name, group in by_model(trainings).items():
            test = sample(group, "test_accuracy")
            margin = _margin(test)
            looks = {**REFERENCE_STYLES[name], "linestyle": "none"}
            axes.errorbar(cost_of(name, cost), test.mean, margin, markersize=9, capsize=4, **looks)
            above = name == "cnn_v2"  # beside simple_cnn, when it comes to parameters
            axes.annotate(
                f"{name}\n{test.mean:.2%}",
                (cost_of(name, cost), test.mean),
                (0, 12 if above else -12),
                textcoords="offset points",
                ha="center",
                va="bottom" if above else "top",
            )
        axes.set(xscale="log", xlabel=f"{label} (log scale)")
        axes.margins(x=0.3, y=0.25)
        axes.grid(alpha=0.3, which="both")
    panels[0].set_ylabel("test accuracy")
    panels[0].yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    figure.suptitle("Accuracy against cost: mean and 95 % interval over the seeds")
    return figure


def pareto_front(results: SearchResults) -> Figure:
    """Test accuracy of the front and of the references over parameters and over MACs, log axes.

    The line joins, in each panel, the models that no other one dominates there.
    """
    figure = _figure(10, 5.2)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (cost, label) in zip(panels, COSTS.items(), strict=True):
        full = [trial for trial in results.trials if trial.at(results.epochs)]
        errors = [1 - trial.rungs[-1].val_accuracy for trial in full]
        looks = {"color": "grey", "alpha": 0.6, "label": "trials (validation)"}
        axes.plot([trial.costs[cost] for trial in full], errors, ".", **looks)
        _draw_finalists(axes, results.finalists, cost)
        for reference in results.references:
            looks = {**REFERENCE_STYLES[reference.model], "linestyle": "none", "markersize": 9}
            _draw_error(axes, [reference], cost, label=reference.model, **looks)
        if budget := results.budgets.get(cost):
            axes.axvline(budget, linestyle="--", color="grey", label="budget")
        axes.set(xscale="log", xlabel=f"{label} (log scale)")
        axes.grid(alpha=0.3, which="both")
    errors = [1 - one.test.mean for one in (*results.finalists, *results.references)]
    _accuracy_axis(panels[0], errors)
    panels[0].legend(loc="lower right", fontsize=8)
    figure.suptitle("The Pareto front and the references: mean test accuracy, 95 % interval")
    return figure


def _draw_finalists(axes: Axes, finalists: Sequence[Finalist], cost: str) -> None:
    _draw_error(axes, finalists, cost, **FRONT_STYLE, linestyle="none", label="front of the search")
    points = np.array(
        [[finalist.costs[cost], _shown(1 - finalist.test.mean)] for finalist in finalists]
    )
    best = points[on_front(points)] if len(points) else points.reshape(0, 2)
    best = best[np.argsort(best[:, 0])]
    axes.step(*best.T, where="post", color=FRONT_STYLE["color"], linewidth=1, alpha=0.6)


def _draw_error(axes: Axes, finalists: Sequence[Finalist], cost: str, **looks: Any) -> None:
    costs = [finalist.costs[cost] for finalist in finalists]
    errors = [_shown(1 - finalist.test.mean) for finalist in finalists]
    margins = [
        min(_margin(finalist.test), 0.9 * (1 - finalist.test.mean)) for finalist in finalists
    ]
    axes.errorbar(costs, errors, margins, **{"capsize": 4, **looks})


def _shown(error: float) -> float:
    """An error on the log scale, where none at all has no place."""
    return max(error, LOWEST_ERROR_SHOWN)


def _accuracy_axis(axes: Axes, errors: Sequence[float]) -> None:
    """Accuracy upwards, with the error on a log scale: from 99 to 99.5 % is as far as to 98 %."""
    worst = min(max(errors, default=1), 1 - LOWEST_ACCURACY_SHOWN)
    best = max(min(errors, default=0), LOWEST_ERROR_SHOWN)
    # In this order: a log scale without limits of its own complains about models that are alike.
    axes.set_ylim(1.3 * worst, 0.7 * best)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{100 * (1 - error):g} %"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("accuracy (log scale of the error)")


def _margin(accuracy: Sample) -> float:
    return 0 if np.isnan(accuracy.high) else accuracy.high - accuracy.mean


def device_fronts(models: Sequence[DeviceCosts]) -> Figure:
    """Test accuracy in float32 and in int8 over bytes and over microseconds, log axes.

    The lines join the models that no other one dominates.

    Args:
        models: see ``device_report.by_model``.
    """
    figure = _figure(10, 5.2)
    panels = figure.subplots(1, 2, sharey=True)
    kinds = (
        ("float32", "", "litert_test_accuracy", {"color": VALIDATION_COLOR, "marker": "o"}),
        ("int8", "int8_", "int8_test_accuracy", {"color": FRONT_STYLE["color"], "marker": "^"}),
    )
    costs = {"size_bytes": "bytes of the LiteRT file", "latency_us": "microseconds an image"}
    for axes, (cost, label) in zip(panels, costs.items(), strict=True):
        for name, prefix, accuracy, looks in kinds:
            points = np.array(
                [[m.metrics[f"{prefix}{cost}"], _shown(1 - m.metrics[accuracy])] for m in models]
            )
            axes.plot(*points.T, linestyle="none", label=name, alpha=0.8, **looks)
            best = points[on_front(points)]
            best = best[np.argsort(best[:, 0])]
            axes.step(*best.T, where="post", color=looks["color"], linewidth=1, alpha=0.6)
            for costs, point in zip(models, points, strict=True):
                if costs.model in REFERENCES and name == "float32":
                    axes.annotate(costs.model, point, (6, -10), textcoords="offset points", size=8)
        axes.set(xscale="log", xlabel=f"{label} (log scale)")
        axes.grid(alpha=0.3, which="both")
    _accuracy_axis(panels[0], [1 - m.metrics[kind[2]] for m in models for kind in kinds])
    panels[0].legend(loc="lower right")
    figure.suptitle("What a device pays: the fronts in float32 and in int8, mean test accuracy")
    return figure


def hypervolume_by_trial(results: SearchResults) -> Figure:
    """HV2 of the trials' front over trials and over seconds, with the references' level."""
    figure = _figure(10, 3.6)
    grown = progress(results.trials, results.epochs)
    hv2 = [point.hv2 for point in grown]
    trials = list(range(1, len(grown) + 1))
    seconds = [point.seconds for point in grown]
    xs = (("completed trials", trials), ("seconds of trials", seconds))
    for axes, (label, x) in zip(figure.subplots(1, 2, sharey=True), xs, strict=True):
        axes.step(x, hv2, where="post", color=FRONT_STYLE["color"], label="front (validation)")
        if results.references:
            level = hv2_of_finalists(results.references, "val")
            axes.axhline(level, linestyle="--", color="grey", label=f"references {level:.3f}")
        axes.axhline(
            DOCUMENTED_HV2, linestyle=":", color="grey", label=f"documented {DOCUMENTED_HV2:.3f}"
        )
        axes.set(xlabel=label, ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right")
    figure.axes[0].set_ylabel("HV2")
    figure.suptitle("Hypervolume of the front")
    return figure


def step_gallery(steps: Sequence[Step], test: Split, mistakes: Mapping[str, np.ndarray]) -> Figure:
    """The first digits that each step to a dearer model mends and breaks.

    Args:
        mistakes: the wrong class that a model's seeds give each image most often, int (n,).
    """
    figure = _figure(10, 1.5 * 2 * len(steps))
    rows = iter(figure.subfigures(2 * len(steps), 1, squeeze=False).flat)
    for step in steps:
        kinds = (("mends", step.fixed, step.cheaper), ("breaks", step.broken, step.dearer))
        for verb, indices, wrong_model in kinds:
            row = next(rows)
            title = f"{step.cheaper} → {step.dearer} {verb} {len(indices)}"
            row.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")
            _fill_row(row.subplots(1, GALLERY_COLUMNS), indices, test, mistakes[wrong_model])
    return figure


def _fill_row(row, indices: np.ndarray, test: Split, wrong: np.ndarray) -> None:
    for axes in row:
        axes.axis("off")
    for axes, index in zip(row, indices, strict=False):
        axes.imshow(test.images[index], cmap="gray_r", vmin=0, vmax=255)
        axes.text(
            0.5,
            1.02,
            f"{test.labels[index]}, not {wrong[index]}",
            fontsize=8,
            ha="center",
            transform=axes.transAxes,
        )
