"""What the exported models cost, as a figure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_tradeoff.analysis.pareto import staircase
from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.report.style import (
    FRONT_COLOR,
    VALIDATION_COLOR,
    error_axis,
    error_limits,
    lay_out,
    name_points,
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
    figure = new_figure(10, 5.4)
    accuracies = {COSTS[cost].accuracy for cost in PANELS[0]}
    errors = [1 - model.metrics[a] for model in models for a in accuracies if a in model.metrics]
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, costs in zip(panels, PANELS, strict=True):
        for cost, looks in zip(costs, LOOKS, strict=True):
            _draw_front(axes, models, cost, looks)
        axes.set(xscale="log", xlabel=f"{COSTS[costs[0]].label} (log scale)")
        axes.margins(x=0.12)
        axes.grid(alpha=0.3)
    error_axis(panels[0], errors)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    figure.suptitle("What a device pays: the fronts in float32 and in int8, mean over the seeds")
    lay_out(figure)
    for axes, costs in zip(panels, PANELS, strict=True):
        _name_references(axes, models, costs, error_limits(errors))
    return figure


def has(model: Model, cost: str) -> bool:
    """Whether the file that has this cost was made, and its accuracy measured."""
    return cost in model.metrics and COSTS[cost].accuracy in model.metrics


def _points(models: Sequence[Model], cost: str) -> np.ndarray:
    """(models that have the cost, 2): it, and the error as it is drawn."""
    accuracy = COSTS[cost].accuracy
    found = [model.metrics for model in models if has(model, cost)]
    points = [[metrics[cost], shown_error(1 - metrics[accuracy])] for metrics in found]
    return np.array(points).reshape(len(points), 2)


def _draw_front(axes: Axes, models: Sequence[Model], cost: str, looks: dict[str, Any]) -> None:
    points = _points(models, cost)
    if not len(points):
        return
    axes.plot(*points.T, linestyle="none", alpha=0.8, **looks)
    axes.step(*staircase(points).T, where="post", color=looks["color"], linewidth=1)


def _name_references(
    axes: Axes, models: Sequence[Model], costs: Sequence[str], limits: tuple[float, float]
) -> None:
    """Beside their float32 marks, where the names cover none of the marks."""
    known = [model for model in models if has(model, costs[0])]
    named = [model for model in known if model.name in REFERENCES]
    others = [model for model in known if model.name not in REFERENCES]
    first = _points([*named, *others], costs[0])
    points = [(float(x), float(y)) for x, y in (*first, *_points(models, costs[1]))]
    name_points(axes, points, [model.name for model in named], limits)
