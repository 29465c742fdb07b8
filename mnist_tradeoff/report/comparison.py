"""The page that shows several studies side by side, made of the tables that their reports left."""

import json
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_tradeoff.analysis.pareto import staircase
from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.architecture.public_nets import PROTOCOLS, PUBLIC_NETS
from mnist_tradeoff.data.dataset import MNIST_NAME
from mnist_tradeoff.report.chart_base import HOVER, empty_chart, error_scale, hover_name
from mnist_tradeoff.report.html import below_text, chart_section, page, table_html
from mnist_tradeoff.report.links import page_of
from mnist_tradeoff.report.numbers import MISSING
from mnist_tradeoff.report.plain import escaped
from mnist_tradeoff.report.public_table import public_nets_with
from mnist_tradeoff.report.search import report_folder, write
from mnist_tradeoff.report.search_tables import Table
from mnist_tradeoff.report.studies import COST, address_of, front_of, numbers_of, overview
from mnist_tradeoff.report.style import PUBLIC_COLOR, STUDY_COLORS, shown_error

DASHES = ("solid", "dash", "dot", "dashdot")
SYMBOLS = {"best of many": "triangle-down-open", "one run": "circle-open", "mean": "square-open"}
SHARES = (0.25, 0.5, 0.75, 1.0)


def write_comparison(names: Sequence[str], folder: Path) -> Path:
    """``compare_A_B.html``: fronts, hypervolumes and settings of several studies.

    Raises:
        OSError: the folder cannot be written.
    """
    fronts = {name: front_of(folder, name) for name in names}
    numbers = {name: numbers_of(folder, name) for name in names}
    title = escaped(f"Studies {', '.join(names)}")
    body = [f"<h1>{title}</h1>", overview(fronts, folder), _front_section(fronts, numbers, folder)]
    body += [_hypervolume_section(numbers), _settings_section(numbers)]
    (path,) = write({f"compare_{'_'.join(names)}.html": page(title, body)}, folder)
    return path


def _front_section(
    fronts: Mapping[str, pd.DataFrame | None],
    numbers: Mapping[str, Mapping[str, Any]],
    folder: Path,
) -> str:
    known = {name: frame for name, frame in fronts.items() if frame is not None}
    is_mnist = all(one.get("dataset") == MNIST_NAME for one in numbers.values())
    figure = empty_chart(f"{COSTS[COST].label} (log)", "", log=True)
    for i, (name, frame) in enumerate(known.items()):
        _add_front(figure, name, frame, i, folder)
    errors = [1 - value for frame in known.values() for value in frame["test_accuracy"]]
    public = [1 - net.test_accuracy for net in PUBLIC_NETS] if is_mnist else []
    caption = "Up and to the left is better. Compare studies of the same images only. A click on a"
    caption += " point of a front opens the page of its model, or else its study's."
    if is_mnist:
        _add_public(figure)
        caption += " Open marks are published nets, as their authors report them."
    caption += f" {below_text(errors, public)}"
    error_scale(figure, [*errors, *public], "test")
    table = _table_of_fronts(known, is_mnist)
    return chart_section(f"Error against {COSTS[COST].label}", caption, figure, table)


def _looks(number: int) -> dict[str, Any]:
    """How the line of a study looks in all charts."""
    color, dash = STUDY_COLORS[number % len(STUDY_COLORS)], DASHES[number % len(DASHES)]
    return {"shape": "hv", "color": color, "dash": dash}


def _add_front(
    figure: go.Figure, name: str, frame: pd.DataFrame, number: int, folder: Path
) -> None:
    errors = [shown_error(1 - value) for value in frame["test_accuracy"]]
    places = list(zip(frame[COST].astype(float), errors, strict=True))
    corners = {tuple(corner) for corner in staircase(places)}
    rows = zip(places, frame.to_dict("records"), strict=True)
    points = sorted((one for one in rows if one[0] in corners), key=lambda one: one[0][0])
    figure.add_scatter(
        x=[cost for (cost, _), _ in points],
        y=[error for (_, error), _ in points],
        mode="lines+markers",
        line=_looks(number),
        name=escaped(name),
        text=[hover_name(f"{name}: {row.get('model', MISSING)}") for _, row in points],
        customdata=[_page_of(row, name, folder) for _, row in points],
        hovertemplate="%{text}<br>"
        f"%{{x:,}} {COSTS[COST].label}, test error %{{y:.2%}}<extra></extra>",
    )


def _page_of(row: Mapping[Hashable, Any], study: str, folder: Path) -> str:
    """Seen from beside the store: the page of one of a model's runs, or else its study's."""
    pages = [page_of(run_id) for run_id in str(row.get("run_ids", "")).split()]
    there = (page for page in pages if (report_folder(folder, study) / page).exists())
    return address_of(study, next(there, "report.html"))


def _add_public(figure: go.Figure) -> None:
    for protocol, words in PROTOCOLS.items():
        nets = public_nets_with(COST, protocol)
        figure.add_scatter(
            x=[net.num_params for net in nets],
            y=[1 - net.test_accuracy for net in nets],
            mode="markers",
            marker={"color": PUBLIC_COLOR, "size": 9, "symbol": SYMBOLS[protocol]},
            name=f"public: {words}",
            text=[
                f"{escaped(net.source)}<br>{net.num_params:,} {COSTS[COST].label}<br>"
                f"reported {net.test_accuracy:.2%}, {words}"
                for net in nets
            ],
            hovertemplate=HOVER,
        )


def _table_of_fronts(fronts: Mapping[str, pd.DataFrame], is_mnist: bool) -> Table:
    rows = [
        [name, f"`{row['model']}`", f"{row[COST]:,.0f}", f"{100 * row['test_accuracy']:.2f}"]
        for name, frame in fronts.items()
        for row in frame.to_dict("records")
    ]
    for net in PUBLIC_NETS if is_mnist else ():
        where = f"public: {PROTOCOLS[net.protocol]}"
        rows.append([where, net.source, f"{net.num_params:,}", f"{100 * net.test_accuracy:.2f}"])
    header = ["study", "model", COSTS[COST].label, "test %"]
    return "The fronts, by mean test accuracy", header, rows, 2


def _hypervolume_section(numbers: Mapping[str, Mapping[str, Any]]) -> str:
    figure = empty_chart("seconds of trials", "HV2, validation")
    rows = []
    for i, (name, found) in enumerate(numbers.items()):
        points = _progress(found)
        figure.add_scatter(
            x=[seconds for seconds, _ in points],
            y=[volume for _, volume in points],
            mode="lines",
            line=_looks(i),
            name=escaped(name),
            customdata=[address_of(name)] * len(points),
            hovertemplate=f"{escaped(name)}<br>HV2 %{{y:.3f}} after %{{x:,.0f}} s<extra></extra>",
        )
        rows.append([name, *_volumes(points)])
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(rangemode="tozero")
    header = ["study", "seconds of trials", *(f"HV2 after {share:.0%} of them" for share in SHARES)]
    caption = "The seconds of all trials together, however many ran at once. Higher is better."
    table = "The hypervolumes as a table", header, rows, 1
    return chart_section("Hypervolume over seconds", caption, figure, table)


def _progress(numbers: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Seconds and HV2; empty where an older report has left none."""
    try:
        return [(float(seconds), float(volume)) for seconds, volume in numbers["progress"]]
    except (KeyError, TypeError, ValueError):
        return []


def _volumes(points: Sequence[tuple[float, float]]) -> list[str]:
    if not points:
        return [MISSING] * (1 + len(SHARES))
    end = points[-1][0]
    reached = [
        max((point for point in points if point[0] <= share * end), default=(0.0, 0.0))[1]
        for share in SHARES
    ]
    return [f"{end:,.0f}", *(f"{volume:.3f}" for volume in reached)]


def _settings_section(numbers: Mapping[str, Mapping[str, Any]]) -> str:
    """What the studies were asked for, where it differs."""
    settings = [_settings(found) for found in numbers.values()]
    names = dict.fromkeys(name for one in settings for name in one)
    rows = [
        [name, *values]
        for name in names
        if len(set(values := [one.get(name, MISSING) for one in settings])) > 1
    ]
    title = "Settings that differ"
    if not rows:
        return f"<h2>{title}</h2><p>None that the reports say.</p>"
    return f"<h2>{title}</h2>{table_html((title, ['setting', *numbers], rows, 1))}"


def _settings(numbers: Mapping[str, Any]) -> dict[str, str]:
    found = numbers.get("settings", {})
    known = {"trials": numbers.get("trials", MISSING), **(found if isinstance(found, dict) else {})}
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in known.items()
    }
