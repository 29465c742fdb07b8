"""A study's other interactive charts: hypervolume, parallel coordinates, importances."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.report.chart_base import HOVER, empty_chart
from mnist_tradeoff.report.links import NO_LINKS, Links
from mnist_tradeoff.report.style import FRONT_COLOR, OBJECTIVE_COLORS, TRAINING_COLOR
from mnist_tradeoff.report.svg import log_ticks
from mnist_tradeoff.search.results import DOCUMENTED_HV2, SearchResults, hv2_of_finalists
from mnist_tradeoff.search.successive_halving import TrialRecord

# More lines side by side cannot be followed; six blocks, the most of 256×256 pixels, need 18.
MAX_PARALLEL_PARAMS = 20
MAX_TICKS = 6


def hypervolume_chart(results: SearchResults, links: Links = NO_LINKS) -> go.Figure:
    """HV2 over trials or over seconds, with the references' levels as lines of their own."""
    figure = empty_chart("completed trials", "HV2, validation")
    grown = results.progress
    trials = list(range(1, len(grown) + 1))
    seconds = [point.seconds for point in grown]
    figure.add_scatter(
        x=trials,
        y=[point.hv2 for point in grown],
        mode="lines",
        line={"shape": "hv", "color": FRONT_COLOR, "width": 2},
        name="front",
        text=[
            f"HV2 {p.hv2:.3f}<br>trial {p.trial_number}, after {p.seconds:,.0f} s of trials"
            for p in grown
        ],
        customdata=[links.of_trial(point.trial_number) for point in grown],
        hovertemplate=HOVER,
    )
    levels = reference_levels(results)
    for (name, level), dash in zip(levels.items(), ("dot", "dash"), strict=False):
        figure.add_scatter(
            x=[trials[0], trials[-1]] if trials else [],
            y=[level, level],
            mode="lines",
            line={"color": TRAINING_COLOR, "dash": dash, "width": 1.5},
            name=f"{name}, {level:.3f}",
            hoverinfo="name",
        )
    choices = {"completed trials": trials, "seconds of trials": seconds}
    _let_choose(figure, {label: _xs(x, len(levels)) for label, x in choices.items()})
    figure.update_yaxes(rangemode="tozero")
    return figure


def _let_choose(figure: go.Figure, choices: Mapping[str, list]) -> None:
    """Buttons for what is on the x axis: of every trace its values, by the label."""
    buttons = [
        {"label": label, "method": "update", "args": [{"x": xs}, {"xaxis.title.text": label}]}
        for label, xs in choices.items()
    ]
    menu = {"type": "buttons", "direction": "right", "buttons": buttons, "showactive": False}
    place = {"x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(updatemenus=[{**menu, **place}], margin={"t": 48})


def reference_levels(results: SearchResults) -> dict[str, float]:
    """HV2 of the references: as documented for MNIST, and as trained here."""
    levels = {"documented references": DOCUMENTED_HV2} if results.is_mnist else {}
    if results.references:
        of_references = hv2_of_finalists(results.references, "val", results.scale)
        levels["references, trained here"] = of_references
    return levels


def _xs(x: Sequence[float], levels: int) -> list[Sequence[float]]:
    """The places of the front's points, and the ends of each level."""
    ends = [x[0], x[-1]] if x else []
    return [x, *[ends] * levels]


def parallel_chart(results: SearchResults) -> go.Figure:
    """Parallel coordinates of the full-length trials: their parameters, costs and accuracy."""
    full = _of_full_length(results)
    dimensions = [
        {"label": name, **_whole([trial.params.get(name, 0) for trial in full])}
        for name in searched_numbers(results)
    ]
    dimensions += [
        {"label": COSTS[name].label, **_decades([trial.costs[name] for trial in full])}
        for name in EXACT_OBJECTIVES
    ]
    accuracies = [trial.rungs[-1].val_accuracy for trial in full]
    shown = {"values": np.array(accuracies), "tickformat": ".1%"}
    dimensions.append({"label": "validation", **shown})
    figure = empty_chart("", "")
    color = {"color": np.array(accuracies), "colorscale": "Viridis"}
    figure.add_parcoords(dimensions=dimensions, line=color)
    figure.update_layout(margin={"l": 60, "r": 60, "t": 60, "b": 24})
    return figure


def _whole(values: Sequence[float]) -> dict[str, Any]:
    """An axis of whole numbers: every one that occurs, if they are few."""
    found = sorted({*values})
    ticks = {"tickvals": found} if len(found) <= MAX_TICKS else {"tickformat": "d"}
    return {"values": np.array(values), **ticks}


def _decades(values: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis, which parallel coordinates do not have of their own."""
    ticks = log_ticks(min(values), max(values)) if values else []
    return {
        "values": np.log10(values),
        "tickvals": [math.log10(value) for value, _ in ticks],
        "ticktext": [text for _, text in ticks],
    }


def _of_full_length(results: SearchResults) -> list[TrialRecord]:
    return [trial for trial in results.trials if trial.at(results.epochs)]


def searched_numbers(results: SearchResults) -> list[str]:
    """The full-length trials' numeric parameters that differ, by name.

    Of many it is those that most trials have.
    """
    found: dict[str, list[float]] = {}
    for trial in _of_full_length(results):
        for name, value in trial.params.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                found.setdefault(name, []).append(value)
    counts = {name: len(values) for name, values in found.items() if len(set(values)) > 1}
    return sorted(sorted(counts, key=lambda name: -counts[name])[:MAX_PARALLEL_PARAMS])


def importance_chart(results: SearchResults) -> go.Figure:
    """How much each parameter matters to each objective (PED-ANOVA)."""
    figure = empty_chart("share", "")
    found = results.importances.items()
    for (objective, importances), color in zip(found, OBJECTIVE_COLORS, strict=False):
        figure.add_bar(
            y=list(importances),
            x=list(importances.values()),
            name=objective,
            orientation="h",
            marker={"color": color},
        )
    figure.update_layout(barmode="group", bargap=0.4)
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure
