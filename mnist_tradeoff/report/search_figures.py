"""What a search found, as figures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_tradeoff.analysis.pareto import on_front
from mnist_tradeoff.analysis.statistics import margin
from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.report.style import (
    FRONT_STYLE,
    REFERENCE_STYLES,
    error_axis,
    new_figure,
    shown_error,
)
from mnist_tradeoff.search.results import (
    DOCUMENTED_HV2,
    SearchResults,
    hv2_of_finalists,
)

PANELS = 2


def pareto_front(results: SearchResults) -> Figure:
    """Test accuracy of the front and of the references over the study's costs, log axes.

    The line joins, in each panel, the models that no other one dominates there.
    """
    figure = new_figure(10, 5.2)
    # The study's own costs first, then those that every trial has.
    shown = list(dict.fromkeys([*results.costs, *EXACT_OBJECTIVES]))[:PANELS]
    panels = figure.subplots(1, len(shown), sharey=True)
    for axes, cost in zip(panels, shown, strict=True):
        full = [trial for trial in results.trials if trial.at(results.epochs)]
        errors = [1 - trial.rungs[-1].val_accuracy for trial in full]
        looks = {"color": "grey", "alpha": 0.6, "label": "trials (validation)"}
        axes.plot([trial.costs[cost] for trial in full], errors, ".", **looks)
        _draw_finalists(axes, results.finalists, cost)
        for reference in results.references:
            looks = {**REFERENCE_STYLES[reference.name], "linestyle": "none", "markersize": 9}
            _draw_error(axes, [reference], cost, label=reference.name, **looks)
        if budget := results.budgets.get(cost):
            axes.axvline(budget, linestyle="--", color="grey", label="budget")
        axes.set(xscale="log", xlabel=f"{COSTS[cost].label} (log scale)")
        axes.grid(alpha=0.3, which="both")
    errors = [1 - one.test.mean for one in (*results.finalists, *results.references)]
    error_axis(panels[0], errors)
    panels[0].legend(loc="lower right", fontsize=8)
    figure.suptitle("The Pareto front and the references: mean test accuracy, 95 % interval")
    return figure


def _draw_finalists(axes: Axes, finalists: Sequence[Model], cost: str) -> None:
    _draw_error(axes, finalists, cost, **FRONT_STYLE, linestyle="none", label="front of the search")
    points = np.array(
        [[finalist.costs[cost], shown_error(1 - finalist.test.mean)] for finalist in finalists]
    )
    best = points[on_front(points)] if len(points) else points.reshape(0, 2)
    best = best[np.argsort(best[:, 0])]
    axes.step(*best.T, where="post", color=FRONT_STYLE["color"], linewidth=1, alpha=0.6)


def _draw_error(axes: Axes, finalists: Sequence[Model], cost: str, **looks: Any) -> None:
    costs = [finalist.costs[cost] for finalist in finalists]
    errors = [shown_error(1 - finalist.test.mean) for finalist in finalists]
    margins = [min(margin(finalist.test), 0.9 * (1 - finalist.test.mean)) for finalist in finalists]
    axes.errorbar(costs, errors, margins, **{"capsize": 4, **looks})


def hypervolume_by_trial(results: SearchResults) -> Figure:
    """HV2 of the trials' front over trials and over seconds, with the references' level."""
    figure = new_figure(10, 3.6)
    grown = results.progress
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
