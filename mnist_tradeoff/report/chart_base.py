"""What a study's interactive charts have in common: no colours of a theme, and the axes."""

import math
import re
from collections.abc import Sequence

import plotly.graph_objects as go

from mnist_tradeoff.report.plain import escaped
from mnist_tradeoff.report.style import error_limits, error_text, error_ticks

HOVER = "%{text}<extra></extra>"
# What a screen of 400 pixels has room for: plotly.js does not break lines.
HOVER_LETTERS = 34


def hover_name(name: str) -> str:
    """A model's name for a point, as lines of HTML: a long notation goes on in the next one."""
    lines = [""]
    for part in re.split("(?<=-)", name):
        if lines[-1] and len(lines[-1] + part) > HOVER_LETTERS:
            lines.append("")
        lines[-1] += part
    return "<br>".join(map(escaped, lines))


def empty_chart(x: str, y: str, log: bool = False) -> go.Figure:
    """An empty chart without colours of a theme: the page gives it those of light or dark."""
    figure = go.Figure()
    clear = "rgba(0,0,0,0)"
    figure.update_layout(
        template="none",
        paper_bgcolor=clear,
        plot_bgcolor=clear,
        hovermode="closest",
        margin={"l": 60, "r": 12, "t": 12, "b": 48},
        legend={"orientation": "h", "y": -0.16, "yanchor": "top", "bgcolor": clear},
    )
    title = {"standoff": 8}
    figure.update_xaxes(title={"text": x, **title}, type="log" if log else "linear")
    if log:
        figure.update_xaxes(dtick="D2")
    figure.update_yaxes(title={"text": y, **title}, zeroline=False)
    figure.update_xaxes(zeroline=False, tickformat="~s", automargin=True)
    return figure


def error_scale(figure: go.Figure, errors: Sequence[float], split: str) -> None:
    """What the static figures show: the error on a log axis, small errors above."""
    limits = error_limits(errors)
    ticks = error_ticks(limits)
    figure.update_yaxes(
        title=f"{split} error (log, up is better)",
        type="log",
        range=[math.log10(limit) for limit in limits],
        tickvals=ticks,
        ticktext=[error_text(tick) for tick in ticks],
    )
