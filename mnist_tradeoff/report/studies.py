"""Pages about several studies, made of the tables that their reports left: index, comparison."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import plotly.graph_objects as go

from mnist_tradeoff.analysis.pareto import staircase
from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.report.chart_base import empty_chart, error_scale
from mnist_tradeoff.report.html import chart_section, page, table_html
from mnist_tradeoff.report.numbers import MISSING
from mnist_tradeoff.report.plain import escaped
from mnist_tradeoff.report.search import FOLDER_PREFIX, NUMBERS_FILE, report_folder, write
from mnist_tradeoff.report.search_tables import Table
from mnist_tradeoff.report.style import STUDY_COLORS, shown_error

INDEX = "studies.html"
COST = "num_params"
DASHES = ("solid", "dash", "dot", "dashdot")
TITLE = "The fronts, by mean test accuracy"


def write_index(folder: Path) -> Path:
    """``studies.html``: all studies whose reports are in a folder, with links to these.

    Raises:
        OSError: the folder cannot be written.
    """
    names = sorted(
        path.parent.name.removeprefix(FOLDER_PREFIX)
        for path in folder.glob(f"{FOLDER_PREFIX}*/report.html")
    )
    fronts = {name: front_of(folder, name) for name in names}
    body = ["<h1>Studies</h1>", _overview(fronts, folder)]
    (path,) = write({INDEX: page("Studies", body, has_charts=False)}, folder)
    return path


def write_comparison(names: list[str], folder: Path) -> Path:
    """``compare_A_B.html``: the fronts of several studies in one chart.

    Raises:
        OSError: the folder cannot be written.
    """
    fronts = {name: front_of(folder, name) for name in names}
    title = escaped(f"Studies {', '.join(names)}")
    body = [f"<h1>{title}</h1>", _overview(fronts, folder), _chart_of(fronts)]
    (path,) = write({f"compare_{'_'.join(names)}.html": page(title, body)}, folder)
    return path


def front_of(folder: Path, study: str) -> pd.DataFrame | None:
    """The front's rows of a study's ``pareto.csv``; None where there is none that can be read."""
    try:
        frame = pd.read_csv(report_folder(folder, study) / "pareto.csv")
        return frame.loc[(frame["role"] == "front") & frame["test_accuracy"].notna()]
    except (OSError, ValueError, KeyError):
        return None


def numbers_of(folder: Path, study: str) -> dict[str, Any]:
    """A study's ``numbers.json``; empty where there is none that can be read."""
    try:
        found = json.loads((report_folder(folder, study) / NUMBERS_FILE).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _overview(fronts: Mapping[str, pd.DataFrame | None], folder: Path) -> str:
    header = ["images", "models", f"{COSTS[COST].label} from", "to", "best test %", "HV2, test"]
    rows = [[name, *_numbers(frame, numbers_of(folder, name))] for name, frame in fronts.items()]
    links = [
        f'<a href="{quote(FOLDER_PREFIX + name)}/report.html">{escaped(name)}</a>'
        for name in fronts
    ]
    return table_html(("All studies", ["study", *header, "report"], rows, 2), links)


def _numbers(frame: pd.DataFrame | None, numbers: Mapping[str, Any]) -> list[str]:
    images = str(numbers.get("dataset", MISSING))
    if frame is None or frame.empty:
        return [images, *[MISSING] * 5]
    volume = numbers.get("hv2_test")
    return [
        images,
        str(len(frame)),
        f"{frame[COST].min():,.0f}",
        f"{frame[COST].max():,.0f}",
        f"{100 * frame['test_accuracy'].max():.2f}",
        f"{volume:.3f}" if isinstance(volume, float) else MISSING,
    ]


def _chart_of(fronts: Mapping[str, pd.DataFrame | None]) -> str:
    known = {name: frame for name, frame in fronts.items() if frame is not None}
    figure = empty_chart(f"{COSTS[COST].label} (log)", "", log=True)
    for i, (name, frame) in enumerate(known.items()):
        _add(figure, name, frame, i)
    errors = [1 - value for frame in known.values() for value in frame["test_accuracy"]]
    error_scale(figure, errors, "test")
    caption = "Up and to the left is better. Compare studies of the same images only."
    return chart_section(f"Error against {COSTS[COST].label}", caption, figure, _table_of(known))


def _add(figure: go.Figure, name: str, frame: pd.DataFrame, number: int) -> None:
    errors = [shown_error(1 - value) for value in frame["test_accuracy"]]
    corners = staircase(list(zip(frame[COST], errors, strict=True)))
    color = STUDY_COLORS[number % len(STUDY_COLORS)]
    figure.add_scatter(
        x=corners[:, 0].tolist(),
        y=corners[:, 1].tolist(),
        mode="lines+markers",
        line={"shape": "hv", "color": color, "dash": DASHES[number % len(DASHES)]},
        name=escaped(name),
        hovertemplate=f"{escaped(name)}<br>%{{x:,}} · error %{{y:.2%}}<extra></extra>",
    )


def _table_of(fronts: Mapping[str, pd.DataFrame]) -> Table:
    rows = [
        [name, f"`{row['model']}`", f"{row[COST]:,.0f}", f"{100 * row['test_accuracy']:.2f}"]
        for name, frame in fronts.items()
        for row in frame.to_dict("records")
    ]
    return TITLE, ["study", "model", COSTS[COST].label, "test %"], rows, 2
