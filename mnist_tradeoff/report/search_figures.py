"""What a search found, as figures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_tradeoff.analysis.pareto import staircase
from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.architecture.public_nets import PUBLIC_NETS
from mnist_tradeoff.report.public_points import draw_public
from mnist_tradeoff.report.style import (
    FRONT_COLOR,
    FRONT_STYLE,
    REFERENCE_STYLES,
    error_axis,
    error_limits,
    lay_out,
    mean_of_seeds,
    name_points,
    new_figure,
    shown_error,
    shown_margin,
)
from mnist_tradeoff.search.results import DOCUMENTED_HV2, SearchResults, hv2_of_finalists

PANELS = 2
LEGEND_COLUMNS = 5


def pareto_front(results: SearchResults) -> Figure:
    """Test error of the front and of the references over the study's costs, log axes.

    The steps join, in each panel, the models that no other one dominates there. Where no final
    model has been trained, it is the front of the trials, by validation.
    """
    figure = new_figure(10, 5.4)
    # The study's own costs first, then those that every trial has.
    shown = list(dict.fromkeys([*results.costs, *EXACT_OBJECTIVES]))[:PANELS]
    panels = figure.subplots(1, len(shown), sharey=True)
    errors = _errors(results)
    marks = [_draw_panel(*panel, results) for panel in zip(panels, shown, strict=True)]
    error_axis(panels[0], errors, "test error" if results.finalists else "validation error")
    handles, labels = panels[0].get_legend_handles_labels()
    columns = min(len(labels), LEGEND_COLUMNS)
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, fontsize=9)
    figure.suptitle(_title(results))
    lay_out(figure)
    for axes, cost, of_panel in zip(panels, shown, marks, strict=True):
        _name(axes, results, cost, of_panel, error_limits(errors))
    return figure


def _title(results: SearchResults) -> str:
    interim = ", interim" if results.interim else ""
    if not results.finalists:
        return f"The front of the trials so far{interim}"
    seeds = mean_of_seeds(one.test for one in results.finalists)
    return f"The Pareto front and the references: {seeds}{interim}"


def _errors(results: SearchResults) -> list[float]:
    """Those that decide what the figure shows."""
    errors = [1 - one.test.mean for one in (*results.finalists, *results.references)]
    errors = errors or [1 - one.val_accuracy for one in results.trial_front]
    public = PUBLIC_NETS if results.is_mnist else ()
    return [*errors, *(1 - net.test_accuracy for net in public)]


def _draw_panel(axes: Axes, cost: str, results: SearchResults) -> list[tuple[float, float]]:
    """All but the names; cost and error of the trials."""
    full = [trial for trial in results.trials if trial.at(results.epochs)]
    errors = [shown_error(1 - trial.rungs[-1].val_accuracy) for trial in full]
    looks = {"color": "grey", "alpha": 0.6, "label": "trials (validation)"}
    costs = [trial.costs[cost] for trial in full]
    axes.plot(costs, errors, ".", **looks)
    if results.is_mnist:
        draw_public(axes, cost)
    _draw_front(axes, results, cost)
    for reference in results.references:
        looks = {**REFERENCE_STYLES[reference.name], "linestyle": "none", "markersize": 9}
        _draw_error(axes, [reference], cost, label=reference.name, **looks)
    axes.set(xscale="log", xlabel=f"{COSTS[cost].label} (log scale)")
    if budget := results.budgets.get(cost):
        axes.axvline(budget, linestyle="--", linewidth=1, color="grey", label="budget")
    axes.margins(x=0.09)
    axes.grid(alpha=0.3)
    return list(zip(costs, errors, strict=True))


def _draw_front(axes: Axes, results: SearchResults, cost: str) -> None:
    points = [(one.costs[cost], shown_error(1 - one.test.mean)) for one in results.finalists]
    if points:
        _draw_error(axes, results.finalists, cost, **FRONT_STYLE, linestyle="none", label="front")
    else:
        found = results.trial_front
        points = [(one.costs[cost], shown_error(1 - one.val_accuracy)) for one in found]
        axes.plot(*np.array(points).reshape(-1, 2).T, ".", color=FRONT_COLOR, label="front so far")
    axes.step(*staircase(points).T, where="post", color=FRONT_COLOR, linewidth=1)


def _draw_error(axes: Axes, finalists: Sequence[Model], cost: str, **looks: Any) -> None:
    costs = [finalist.costs[cost] for finalist in finalists]
    errors = [shown_error(1 - finalist.test.mean) for finalist in finalists]
    shown = [min(shown_margin(one.test), 0.9 * (1 - one.test.mean)) for one in finalists]
    axes.errorbar(costs, errors, shown, **{"capsize": 2, "elinewidth": 1, **looks})


def _name(
    axes: Axes,
    results: SearchResults,
    cost: str,
    marks: Sequence[tuple[float, float]],
    limits: tuple[float, float],
) -> None:
    """Write the references' names where they cover nothing."""
    models = [*results.references, *results.finalists]
    points = [(one.costs[cost], shown_error(1 - one.test.mean)) for one in models]
    texts = [one.name for one in results.references]
    name_points(axes, [*points, *marks], texts, limits)


def hypervolume_by_trial(results: SearchResults) -> Figure:
    """HV2 of the trials' front over trials and over seconds, with the references' level."""
    figure = new_figure(10, 3.9)
    grown = results.progress
    hv2 = [point.hv2 for point in grown]
    trials = list(range(1, len(grown) + 1))
    seconds = [point.seconds for point in grown]
    xs = (("completed trials", trials), ("seconds of trials", seconds))
    for axes, (label, x) in zip(figure.subplots(1, 2, sharey=True), xs, strict=True):
        axes.step(x, hv2, where="post", color=FRONT_STYLE["color"], label="front (validation)")
        if results.references:
            level = hv2_of_finalists(results.references, "val", results.scale)
            axes.axhline(level, linestyle="--", color="grey", label=f"references {level:.3f}")
        if results.is_mnist:
            label_of_line = f"documented {DOCUMENTED_HV2:.3f}"
            axes.axhline(DOCUMENTED_HV2, linestyle=":", color="grey", label=label_of_line)
        axes.set(xlabel=label, ylim=(0, None))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("HV2 (0 to about 1)")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=9)
    figure.suptitle("Hypervolume of the front")
    return figure
