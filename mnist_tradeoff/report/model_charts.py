"""The charts of one model's page: its learning curve, and its place among others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_tradeoff.analysis.pareto import staircase
from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.report.style import error_text, error_ticks, shown_error
from mnist_tradeoff.report.svg import (
    Axis,
    Chart,
    Line,
    Mark,
    linear_ticks,
    log_ticks,
    render_chart,
    steps,
)

MARGIN = 1.4
THIS, FRONT, REFERENCE = "this", "front", "reference"
MAX_EPOCH_TICKS = 10


@dataclass(frozen=True)
class Place:
    """Where a model stands.

    role: ``this``, ``front`` or ``reference``.
    error: of the test images, a mean where it has several seeds.
    link: to its page or run; empty: none.
    """

    name: str
    role: str
    costs: Mapping[str, float]
    error: float
    link: str = ""


def place_charts(places: Sequence[Place]) -> str:
    """Error against parameters and against MACs, both axes logarithmic."""
    return "".join(render_chart(_place_chart(places, cost)) for cost in EXACT_OBJECTIVES)


def _place_chart(places: Sequence[Place], cost: str) -> Chart:
    known = [place for place in places if place.costs.get(cost, 0) > 0]
    points = [(place.costs[cost], shown_error(place.error)) for place in known]
    costs, errors = [x for x, _ in points] or [1], [y for _, y in points] or [1]
    limits = (MARGIN * max(errors), min(errors) / MARGIN)
    ends = (min(costs) / MARGIN, max(costs) * MARGIN)
    label = COSTS[cost].label
    ticks = [(tick, error_text(tick)) for tick in error_ticks(limits)]
    front = [point for place, point in zip(known, points, strict=True) if place.role == FRONT]
    # The mean of this model's seeds would lie under this one's name.
    own = {place.name for place in known if place.role == THIS}
    shown = [
        (place, point)
        for place, point in zip(known, points, strict=True)
        if place.role == THIS or place.name not in own
    ]
    corners = [(float(x), float(y)) for x, y in staircase(front)] if front else []
    return Chart(
        f"Test error against {label}",
        Axis(f"{label} (log)", *ends, log_ticks(*ends), is_log=True),
        Axis("test error (log)", *limits, ticks[:: 1 + len(ticks) // 8], is_log=True),
        [Line(steps(corners), "line front")],
        # The last one lies above the others.
        [_mark(*one, label) for one in sorted(shown, key=_is_this)],
    )


def _is_this(one: tuple[Place, tuple[float, float]]) -> bool:
    return one[0].role == THIS


def _mark(place: Place, point: tuple[float, float], label: str) -> Mark:
    text = f"{place.name}: {point[0]:,.0f} {label}, {place.error:.2%} test error"
    names = {THIS: "this model", REFERENCE: place.name}
    return Mark(point, f"mark {place.role}", text, place.link, names.get(place.role, ""))


def curve_charts(training: Training) -> str:
    """Loss and accuracy by epoch; nothing where the run has no curve."""
    curves = training.curves
    if not all(curves.get(name) for name in ("loss", "accuracy", "val_loss", "val_accuracy")):
        return ""
    charts = "".join(render_chart(_curve(training, metric)) for metric in ("loss", "accuracy"))
    caption = "Dashed: training, the mean over the epoch. Solid: validation, after the epoch."
    return (
        f"<h2>How it learned</h2><figure><figcaption>{caption}</figcaption>"
        f"<div class=plots>{charts}</div></figure>"
    )


def _curve(training: Training, metric: str) -> Chart:
    trained, validated = training.curves[metric], training.curves[f"val_{metric}"]
    values = [*trained, *validated]
    low, high = min(values), max(values)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1
    ticks = [(tick, f"{tick:.6g}") for tick in linear_ticks(low - margin, high + margin)]
    epochs = range(1, len(validated) + 1)
    named = epochs[:: -(-len(epochs) // MAX_EPOCH_TICKS)]
    return Chart(
        f"{metric} by epoch",
        Axis("epoch", 0.5, len(epochs) + 0.5, [(number, str(number)) for number in named]),
        Axis(metric, low - margin, high + margin, ticks),
        [
            Line(list(zip(epochs, trained, strict=False)), "line training"),
            Line(list(zip(epochs, validated, strict=True)), "line validation"),
        ],
        [
            Mark((number, value), f"mark {name}", f"{name} {metric} {value:.4g}, epoch {number}")
            for name, curve in (("training", trained), ("validation", validated))
            for number, value in zip(epochs, curve, strict=False)
        ],
    )
