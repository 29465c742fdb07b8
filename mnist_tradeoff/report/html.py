"""A study's interactive report: one HTML page that needs no network. The only plotly."""

import html
import math
from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.io import to_html

from mnist_tradeoff.analysis.statistics import margin
from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.report.search_tables import tables
from mnist_tradeoff.report.style import (
    FRONT_COLOR,
    REFERENCE_STYLES,
    VALIDATION_COLOR,
    error_limits,
)
from mnist_tradeoff.search.results import (
    DOCUMENTED_HV2,
    SearchResults,
    hv2_of_finalists,
)
from mnist_tradeoff.search.successive_halving import Candidate, candidates, front

TRIAL_COLOR = "#888888"
SYMBOLS = {"ann": "square", "simple_cnn": "triangle-up", "cnn_v1": "circle", "cnn_v2": "diamond"}
EVOLUTION = (0.25, 0.5, 0.75, 1.0)
STYLE = """
body { font-family: system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 0.9rem; display: block;
        overflow-x: auto; }
th, td { border-bottom: 1px solid #ddd; padding: 0.3rem 0.6rem; text-align: right;
         white-space: nowrap; }
td.text, th.text { text-align: left; }
"""


def render(results: SearchResults) -> str:
    """The page, with plotly.js inside."""
    title = html.escape(f"Study {results.study} on {results.dataset}")
    parts = [f"<h1>{title}</h1>", f"<p>{html.escape(_introduction(results))}</p>"]
    parts += [
        to_html(chart, include_plotlyjs=number == 0, full_html=False)
        for number, chart in enumerate(charts(results))
    ]
    parts += [
        f"<h2>{html.escape(name)}</h2>{_table(header, rows, left)}"
        for name, header, rows, left in tables(results)
    ]
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _introduction(results: SearchResults) -> str:
    return (
        f"{len(results.trials)} trials, of up to {results.epochs} epochs; they saw training and "
        f"validation images only. The front's models and the references were trained anew, "
        "several seeds each, and tested once. Hover over a point to see what it is; click in a "
        "legend to hide or show."
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        rendered = (
            f"<{tag}{' class=text' if i < left else ''}>{html.escape(cell.strip('`'))}</{tag}>"
            for i, cell in enumerate(cells)
        )
        return f"<tr>{''.join(rendered)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(header, 'th')}</thead><tbody>{body}</tbody></table>"


def charts(results: SearchResults) -> list[go.Figure]:
    """All charts, in the order of the page."""
    found = [front_chart(results, cost) for cost in results.costs]
    found += [hypervolume_chart(results), evolution_chart(results), parallel_chart(results)]
    if results.importances:
        found.append(importance_chart(results))
    return found


def _figure(title: str, x: str, y: str, log: bool = False) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(title=title, template="plotly_white", height=560, hovermode="closest")
    figure.update_xaxes(title=x, type="log" if log else "linear")
    figure.update_yaxes(title=y)
    return figure


def front_chart(results: SearchResults, cost: str) -> go.Figure:
    """Accuracy against a cost: trials, front, finals with intervals, references, budget."""
    figure = _figure(
        f"Accuracy against {COSTS[cost].label}", f"{COSTS[cost].label} (log)", "accuracy", log=True
    )
    lengths = sorted({rung.epochs for trial in results.trials for rung in trial.rungs})
    for length in lengths:
        ended = [t for t in results.trials if t.rungs and t.rungs[-1].epochs == length]
        figure.add_scatter(
            x=[trial.costs[cost] for trial in ended],
            y=[trial.rungs[-1].val_accuracy for trial in ended],
            mode="markers",
            marker={"color": TRIAL_COLOR, "opacity": 0.3 + 0.5 * (length == results.epochs)},
            name=f"trials of {length} epochs, validation",
            text=[f"{t.architecture}<br>trial {t.number}, seed {t.seed}" for t in ended],
            hovertemplate="%{text}<br>%{x:,} · %{y:.2%}<extra></extra>",
            visible=True if length == results.epochs else "legendonly",
        )
    finalists = sorted(results.finalists, key=lambda finalist: finalist.costs[cost])
    _add_finalists(figure, finalists, cost, "val", "front, validation", VALIDATION_COLOR)
    _add_finalists(figure, finalists, cost, "test", "front, test", FRONT_COLOR)
    for reference in results.references:
        _add_reference(figure, reference, cost)
    if budget := results.budgets.get(cost):
        figure.add_vline(x=budget, line_dash="dash", annotation_text=f"budget {budget:,}")
    _accuracy_axis(figure, [f.test.mean for f in [*finalists, *results.references]])
    return figure


def _accuracy_axis(figure: go.Figure, accuracies: Sequence[float]) -> None:
    """What the static figures show; a double click shows the rest."""
    limits = error_limits([1 - accuracy for accuracy in accuracies])
    figure.update_yaxes(tickformat=".1%", range=[1 - limit for limit in limits])


def _add_finalists(
    figure: go.Figure, finalists: Sequence[Model], cost: str, split: str, name: str, color: str
) -> None:
    samples = [getattr(finalist, split) for finalist in finalists]
    figure.add_scatter(
        x=[finalist.costs[cost] for finalist in finalists],
        y=[sample.mean for sample in samples],
        error_y={"array": [margin(sample) for sample in samples]},
        mode="lines+markers",
        line={"color": color},
        name=name,
        text=[_description(finalist) for finalist in finalists],
        hovertemplate="%{text}<br>%{x:,} · %{y:.2%}<extra></extra>",
    )


def _add_reference(figure: go.Figure, reference: Model, cost: str) -> None:
    looks = {"color": REFERENCE_STYLES[reference.name]["color"], "size": 13}
    figure.add_scatter(
        x=[reference.costs[cost]],
        y=[reference.test.mean],
        error_y={"array": [margin(reference.test)]},
        mode="markers",
        marker={**looks, "symbol": SYMBOLS[reference.name]},
        name=f"{reference.name}, test",
        text=[_description(reference)],
        hovertemplate="%{text}<br>%{x:,} · %{y:.2%}<extra></extra>",
    )


def _description(finalist: Model) -> str:
    lines = [finalist.name]
    if finalist.name != finalist.architecture:
        lines.append(finalist.architecture)
    lines.append(f"validation {finalist.val.mean:.2%}, test {finalist.test.mean:.2%}")
    if finalist.trials:
        lines.append(f"trials {', '.join(map(str, finalist.trials))}")
    lines.append(f"run {finalist.run_ids[0]}")
    return "<br>".join(map(html.escape, lines))


def hypervolume_chart(results: SearchResults) -> go.Figure:
    """HV2 over trials and over seconds, with the references' levels."""
    figure = _figure("Hypervolume (HV2) of the front", "completed trials", "HV2, validation")
    grown = results.progress
    over_trials = list(range(1, len(grown) + 1))
    over_seconds = [point.seconds for point in grown]
    figure.add_scatter(
        x=over_trials,
        y=[point.hv2 for point in grown],
        mode="lines+markers",
        line={"shape": "hv", "color": FRONT_COLOR},
        name="front",
        text=[f"trial {p.trial_number}, after {p.seconds:,.0f} s of trials" for p in grown],
        hovertemplate="%{text}<br>HV2 %{y:.3f}<extra></extra>",
    )
    levels = {"documented references": DOCUMENTED_HV2}
    if results.references:
        levels["references, trained here"] = hv2_of_finalists(results.references, "val")
    for (name, level), side in zip(levels.items(), ("bottom right", "top right"), strict=False):
        text = f"{name}: {level:.3f}"
        figure.add_hline(y=level, line_dash="dot", annotation_text=text, annotation_position=side)
    buttons = [
        {
            "label": label,
            "method": "update",
            "args": [{"x": [x]}, {"xaxis.title.text": label}],
        }
        for label, x in (("completed trials", over_trials), ("seconds of trials", over_seconds))
    ]
    figure.update_layout(
        updatemenus=[{"type": "buttons", "direction": "right", "buttons": buttons}]
    )
    return figure


def evolution_chart(results: SearchResults) -> go.Figure:
    """The front of the trials after a quarter, a half, three quarters and all of them."""
    cost = results.cost
    figure = _figure(
        "How the front moved", f"{COSTS[cost].label} (log)", "validation accuracy", log=True
    )
    ordered = sorted(results.trials, key=lambda trial: trial.completed)
    found: list[Candidate] = []
    for share in EVOLUTION:
        count = max(1, round(share * len(ordered)))
        found = front(candidates(ordered[:count], results.epochs), results.costs)
        _add_front(figure, found, cost, f"after {count} trials", opacity=0.25 + 0.75 * share**2)
    _accuracy_axis(figure, [one.val_accuracy for one in found])
    return figure


def _add_front(
    figure: go.Figure, found: Sequence[Candidate], cost: str, name: str, opacity: float
) -> None:
    figure.add_scatter(
        x=[one.costs[cost] for one in found],
        y=[one.val_accuracy for one in found],
        mode="lines+markers",
        line={"shape": "hv", "color": FRONT_COLOR},
        opacity=opacity,
        name=name,
        text=[one.architecture for one in found],
        hovertemplate="%{text}<br>%{x:,} · %{y:.2%}<extra></extra>",
    )


def parallel_chart(results: SearchResults) -> go.Figure:
    """Parallel coordinates of the full-length trials: filters, units, costs and accuracy."""
    full = [trial for trial in results.trials if trial.at(results.epochs)]
    widths = ["filters_1_1", "filters_1_2", "filters_2_1", "filters_2_2", "filters_3_1", "units"]
    dimensions = [
        {"label": name, "values": [trial.params.get(name, 0) for trial in full]} for name in widths
    ]
    dimensions += [
        {"label": f"log10 {name}", "values": [math.log10(trial.costs[name]) for trial in full]}
        for name in EXACT_OBJECTIVES
    ]
    accuracies = [trial.rungs[-1].val_accuracy for trial in full]
    dimensions.append({"label": "val_accuracy", "values": accuracies})
    figure = _figure("Parallel coordinates of the full-length trials (0: no such layer)", "", "")
    line = {"color": accuracies, "colorscale": "Viridis", "showscale": True}
    figure.add_parcoords(dimensions=dimensions, line=line)
    figure.update_layout(margin={"t": 120})
    return figure


def importance_chart(results: SearchResults) -> go.Figure:
    """How much each parameter matters to each objective (fANOVA)."""
    figure = _figure(
        "Importance of the parameters that all trials have (fANOVA)", "share of the variance", ""
    )
    for objective, importances in results.importances.items():
        figure.add_bar(
            y=list(importances), x=list(importances.values()), name=objective, orientation="h"
        )
    figure.update_layout(barmode="group")
    figure.update_yaxes(autorange="reversed")
    return figure
