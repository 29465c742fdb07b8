"""The front of a study as interactive charts: as it is, and as it grew."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from mnist_tradeoff.analysis.pareto import staircase
from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.report.chart_base import HOVER, empty_chart, error_scale, hover_name
from mnist_tradeoff.report.labels import log_shares, place_labels
from mnist_tradeoff.report.links import NO_LINKS, Links
from mnist_tradeoff.report.numbers import interval, mean_and_sd
from mnist_tradeoff.report.plain import escaped
from mnist_tradeoff.report.style import (
    FRONT_COLOR,
    REFERENCE_STYLES,
    TRAINING_COLOR,
    error_limits,
    shown_error,
    shown_margin,
)
from mnist_tradeoff.search.results import SearchResults
from mnist_tradeoff.search.successive_halving import Candidate, TrialRecord

SYMBOLS = {"ann": "square", "simple_cnn": "triangle-up", "cnn_v1": "circle", "cnn_v2": "diamond"}
DASHES = ("dot", "dashdot", "dash", "solid")
STRENGTHS = (0.35, 0.5, 0.7, 1.0)
# For the places of the labels: a chart on a wide page, without its margins.
X_MARGIN = 1.5
INNER_SIZE = (1_100.0, 400.0)


def front_chart(results: SearchResults, cost: str, links: Links = NO_LINKS) -> go.Figure:
    """Error against a cost: trials, the front as steps, references, budget.

    Args:
        links: where a click on a point leads; it is the point's ``customdata``.
    """
    label = COSTS[cost].label
    split = "test" if results.finalists else "validation"
    figure = empty_chart(f"{label} (log)", "", log=True)
    _add_trials(figure, results, cost, links)
    if results.finalists:
        _add_front(figure, results.finalists, cost, links)
    else:
        _add_candidates(figure, results.trial_front, cost, "front of the trials, validation", links)
    for reference in results.references:
        _add_reference(figure, reference, cost, links)
    models = [*results.finalists, *results.references]
    errors = [1 - model.test.mean for model in models]
    error_scale(figure, errors or [1 - one.val_accuracy for one in results.trial_front], split)
    _add_labels(figure, results, cost)
    if budget := results.budgets.get(cost):
        _add_budget(figure, budget)
    return figure


def _add_budget(figure: go.Figure, budget: float) -> None:
    """A line with its name above it; a note's place on a log axis is the logarithm."""
    figure.add_vline(x=budget, line={"color": TRAINING_COLOR, "dash": "dash", "width": 1})
    place = {"x": math.log10(budget), "xanchor": "right", "y": 1, "yref": "paper"}
    text = f"budget {budget:,.0f}"
    figure.add_annotation(**place, yanchor="bottom", text=text, showarrow=False)
    figure.update_layout(margin={"t": 28})


def _add_trials(figure: go.Figure, results: SearchResults, cost: str, links: Links) -> None:
    full = [trial for trial in results.trials if trial.at(results.epochs)]
    short = [trial for trial in results.trials if trial.rungs and not trial.at(results.epochs)]
    groups = (("trials, validation", full, 0.6), ("stopped early, validation", short, 0.35))
    for name, trials, opacity in groups:
        figure.add_scatter(
            x=[trial.costs[cost] for trial in trials],
            y=[shown_error(1 - trial.rungs[-1].val_accuracy) for trial in trials],
            mode="markers",
            marker={"color": TRAINING_COLOR, "size": 6, "opacity": opacity},
            name=name,
            text=[_of_trial(trial, cost) for trial in trials],
            customdata=[links.of_trial(trial.number) for trial in trials],
            hovertemplate=HOVER,
            visible=True if trials is full else "legendonly",
        )


def _of_trial(trial: TrialRecord, cost: str) -> str:
    last = trial.rungs[-1]
    return (
        f"{hover_name(trial.architecture)}<br>trial {trial.number}<br>"
        f"{trial.costs[cost]:,.0f} {COSTS[cost].label}<br>"
        f"validation {last.val_accuracy:.2%} after {last.epochs} epochs"
    )


def _add_front(figure: go.Figure, finalists: Sequence[Model], cost: str, links: Links) -> None:
    points = [(model.costs[cost], shown_error(1 - model.test.mean)) for model in finalists]
    _add_steps(figure, staircase(points), {"color": FRONT_COLOR, "width": 1.5})
    figure.add_scatter(
        x=[x for x, _ in points],
        y=[y for _, y in points],
        error_y=_margins(finalists, FRONT_COLOR),
        mode="markers",
        marker={"color": FRONT_COLOR, "size": 8},
        name="front, test",
        text=[_of_model(model, cost) for model in finalists],
        customdata=[links.of_run(model.best.run_id) for model in finalists],
        hovertemplate=HOVER,
    )


def _add_steps(figure: go.Figure, corners: Any, line: dict[str, Any]) -> None:
    """The next model costs more before it is better: right first, then up."""
    figure.add_scatter(
        x=[x for x, _ in corners],
        y=[y for _, y in corners],
        mode="lines",
        line={"shape": "hv", **line},
        hoverinfo="skip",
        showlegend=False,
    )


def _margins(models: Sequence[Model], color: str) -> dict[str, Any]:
    return {
        "array": [shown_margin(model.test) for model in models],
        "thickness": 1,
        "width": 3,
        "color": color,
    }


def _add_reference(figure: go.Figure, reference: Model, cost: str, links: Links) -> None:
    color = REFERENCE_STYLES[reference.name]["color"]
    figure.add_scatter(
        x=[reference.costs[cost]],
        y=[shown_error(1 - reference.test.mean)],
        error_y=_margins([reference], color),
        mode="markers",
        marker={"color": color, "size": 12, "symbol": SYMBOLS[reference.name]},
        name=f"{reference.name}, test",
        text=[_of_model(reference, cost)],
        customdata=[links.of_run(reference.best.run_id)],
        hovertemplate=HOVER,
    )


def _of_model(model: Model, cost: str) -> str:
    lines = [hover_name(model.name)]
    if model.name != model.architecture:
        lines.append(hover_name(model.architecture))
    lines += [
        f"{model.costs[cost]:,.0f} {COSTS[cost].label}",
        f"test {mean_and_sd(model.test)} %, n = {model.test.n}",
        f"95 % interval {interval(model.test)}",
        f"validation {mean_and_sd(model.val)} %",
    ]
    if model.trials:
        lines.append(f"trials {', '.join(map(str, model.trials))}")
    return "<br>".join([*lines, f"run {escaped(model.best.run_id)}"])


def _add_labels(figure: go.Figure, results: SearchResults, cost: str) -> None:
    """Names of the references, and the numbers of the best of the front, where there is room."""
    models = [*results.finalists, *results.references]
    if not models:
        return
    errors = [shown_error(1 - model.test.mean) for model in models]
    full = [trial for trial in results.trials if trial.at(results.epochs)]
    y = [*errors, *(shown_error(1 - trial.rungs[-1].val_accuracy) for trial in full)]
    x = [one.costs[cost] for one in (*models, *full)]
    ends = (min(x) / X_MARGIN, max(x) * X_MARGIN)
    shares = log_shares(list(zip(x, y, strict=True)), ends, error_limits(errors))
    best = max(results.finalists, key=lambda model: model.val.mean, default=None)
    texts = [_label(model, best, results, cost) for model in models] + [""] * len(full)
    places = place_labels(shares, texts, INNER_SIZE)
    shown = [i for i, text in enumerate(texts) if text and 0 <= shares[i][1] <= 1]
    figure.add_scatter(
        x=[x[i] for i in shown],
        y=[y[i] for i in shown],
        mode="markers+text",
        marker={"size": 16, "opacity": 0},
        meta="labels",
        text=[texts[i] for i in shown],
        textposition=[places[i] for i in shown],
        hoverinfo="skip",
        showlegend=False,
    )


def _label(model: Model, best: Model | None, results: SearchResults, cost: str) -> str:
    named = {one.name for one in results.references}
    if model in results.references:
        return model.name
    if model is best and model.name not in named:  # else it lies under that reference
        return f"{model.test.mean:.2%}, {model.costs[cost]:,.0f} {COSTS[cost].label}"
    return ""


def _add_candidates(
    figure: go.Figure,
    found: Sequence[Candidate],
    cost: str,
    name: str,
    links: Links,
    opacity: float = 1,
    **looks: Any,
) -> None:
    """A front of trials as steps: its architectures that no other dominates in this one cost."""
    places = [(one.costs[cost], shown_error(1 - one.val_accuracy)) for one in found]
    corners = {tuple(corner) for corner in staircase(places)}
    points = [one for place, one in zip(places, found, strict=True) if place in corners]
    points.sort(key=lambda one: one.costs[cost])
    figure.add_scatter(
        x=[one.costs[cost] for one in points],
        y=[shown_error(1 - one.val_accuracy) for one in points],
        mode="lines+markers",
        line={"shape": "hv", "color": FRONT_COLOR, "width": 1.5, **looks},
        opacity=opacity,
        name=name,
        text=[
            f"{hover_name(one.architecture)}<br>{one.costs[cost]:,.0f} {COSTS[cost].label}<br>"
            f"validation {one.val_accuracy:.2%}"
            for one in points
        ],
        customdata=[links.of_trial(one.trials[0]) for one in points],
        hovertemplate=HOVER,
    )


def evolution_chart(results: SearchResults, links: Links = NO_LINKS) -> go.Figure:
    """The front of the trials after a quarter, a half, three quarters and all of them."""
    cost = results.cost
    figure = empty_chart(f"{COSTS[cost].label} (log)", "", log=True)
    found: Sequence[Candidate] = []
    for (count, found), dash, strength in zip(results.quarters, DASHES, STRENGTHS, strict=False):
        name = f"after {count} {'trial' if count == 1 else 'trials'}"
        _add_candidates(figure, found, cost, name, links, strength, dash=dash)
    error_scale(figure, [1 - one.val_accuracy for one in found], "validation")
    return figure
