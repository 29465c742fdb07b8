"""What the exported models cost, as a figure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_tradeoff.analysis.pareto import on_front
from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.report.style import (
    FRONT_COLOR,
    VALIDATION_COLOR,
    error_axis,
    new_figure,
    shown_error,
)

# By panel: the cost in float32 and in int8.
PANELS = (("size_bytes", "int8_size_bytes"), ("latency_us", "int8_latency_us"))
LOOKS = (
    {"color": VALIDATION_COLOR, "marker": "o", "label": "float32"},
    {"color": FRONT_COLOR, "marker": "^", "label": "int8"},
)


def device_fronts(models: Sequence[Model]) -> Figure:
    """Test accuracy in float32 and in int8 over bytes and over microseconds, log axes.

    The lines join the models that no other one dominates.

    Args:
        models: see ``report.device.by_cost``.
    """
    figure = new_figure(10, 5.2)
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, costs in zip(panels, PANELS, strict=True):
        for cost, looks in zip(costs, LOOKS, strict=True):
            _draw_front(axes, models, cost, looks)
        _name_references(axes, models, costs[0])
        axes.set(xscale="log", xlabel=f"{COSTS[costs[0]].label} (log scale)")
        axes.grid(alpha=0.3, which="both")
    accuracies = {COSTS[cost].accuracy for cost in PANELS[0]}
    error_axis(panels[0], [1 - m.metrics[name] for m in models for name in accuracies])
    panels[0].legend(loc="lower right")
    figure.suptitle("What a device pays: the fronts in float32 and in int8, mean test accuracy")
    return figure


def _points(models: Sequence[Model], cost: str) -> np.ndarray:
    accuracy = COSTS[cost].accuracy
    return np.array([[m.metrics[cost], shown_error(1 - m.metrics[accuracy])] for m in models])


def _draw_front(axes: Axes, models: Sequence[Model], cost: str, looks: dict[str, Any]) -> None:
    points = _points(models, cost)
    axes.plot(*points.T, linestyle="none", alpha=0.8, **looks)
    best = points[on_front(points)]
    best = best[np.argsort(best[:, 0])]
    axes.step(*best.T, where="post", color=looks["color"], linewidth=1, alpha=0.6)


def _name_references(axes: Axes, models: Sequence[Model], cost: str) -> None:
    for model, point in zip(models, _points(models, cost), strict=True):
        if model.name in REFERENCES:
            axes.annotate(model.name, point, (6, -10), textcoords="offset points", size=8)
