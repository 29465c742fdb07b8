"""Small charts as SVG: they take the page's colours, weigh little, and their points are links."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mnist_tradeoff.report.labels import PLACES, place_labels
from mnist_tradeoff.report.plain import escaped

WIDTH, HEIGHT = 440.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 12.0, 12.0, 44.0
INNER = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM)
ANCHORS = {-1: "end", 0: "middle", 1: "start"}
LABEL_GAP = 8.0


@dataclass(frozen=True)
class Axis:
    """One axis.

    first, last: values at its ends; the first may be the larger one.
    ticks: values with their texts.
    """

    title: str
    first: float
    last: float
    ticks: Sequence[tuple[float, str]]
    is_log: bool = False

    def share(self, value: float) -> float:
        """Where a value stands: 0 at the first end, 1 at the last."""
        scale: Callable[[float], float] = math.log if self.is_log else float
        span = scale(self.last) - scale(self.first)
        return (scale(value) - scale(self.first)) / span if span else 0.5


@dataclass(frozen=True)
class Line:
    """A line through points.

    look: its class in ``page.css``.
    """

    points: Sequence[tuple[float, float]]
    look: str


@dataclass(frozen=True)
class Mark:
    """A point.

    look: its class in ``page.css``.
    text: what it is, for pointers and screen readers.
    link: where it leads; empty: nowhere.
    label: written beside it.
    """

    place: tuple[float, float]
    look: str
    text: str
    link: str = ""
    label: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart: what it shows, its axes, and what is in it."""

    title: str
    x: Axis
    y: Axis
    lines: Sequence[Line] = field(default_factory=tuple)
    marks: Sequence[Mark] = field(default_factory=tuple)


def render_chart(chart: Chart) -> str:
    """The chart as SVG within HTML; texts are escaped here."""
    shares = [(chart.x.share(mark.place[0]), chart.y.share(mark.place[1])) for mark in chart.marks]
    sides = place_labels(shares, [mark.label for mark in chart.marks], INNER)
    parts = [
        f'<svg class="plot" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="group" '
        f'aria-label="{escaped(chart.title)}">',
        *_grid(chart),
        *(_line(chart, line) for line in chart.lines),
        *(_mark(chart, mark, side) for mark, side in zip(chart.marks, sides, strict=True)),
        "</svg>",
    ]
    return "".join(parts)


def _at(chart: Chart, point: tuple[float, float]) -> tuple[float, float]:
    x, y = chart.x.share(point[0]), chart.y.share(point[1])
    return LEFT + x * INNER[0], TOP + (1 - y) * INNER[1]


def _grid(chart: Chart) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    found = []
    for value, text in chart.x.ticks:
        x = LEFT + chart.x.share(value) * INNER[0]
        found.append(f'<path class="grid" d="M{x:.1f} {TOP:g}V{bottom:g}"/>')
        found.append(f'<text x="{x:.1f}" y="{bottom + 15:g}" text-anchor="middle">{text}</text>')
    for value, text in chart.y.ticks:
        y = TOP + (1 - chart.y.share(value)) * INNER[1]
        found.append(f'<path class="grid" d="M{LEFT:g} {y:.1f}H{right:g}"/>')
        found.append(f'<text x="{LEFT - 5:g}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    middle = LEFT + INNER[0] / 2, TOP + INNER[1] / 2
    title = f'<text text-anchor="middle" x="{middle[0]:g}" y="{HEIGHT - 6:g}">{{}}</text>'
    turned = f'<text text-anchor="middle" transform="translate(12 {middle[1]:g}) rotate(-90)">{{}}'
    found.append(title.format(escaped(chart.x.title)))
    return [*found, turned.format(escaped(chart.y.title)) + "</text>"]


def _line(chart: Chart, line: Line) -> str:
    places = " ".join("{:.1f},{:.1f}".format(*_at(chart, point)) for point in line.points)
    return f'<polyline class="{line.look}" points="{places}"/>'


def _mark(chart: Chart, mark: Mark, side: str) -> str:
    x, y = _at(chart, mark.place)
    text = escaped(mark.text)
    found = f'<circle class="{mark.look}" cx="{x:.1f}" cy="{y:.1f}" r="5"><title>{text}</title>'
    found += "</circle>"
    if mark.label:
        right, up = PLACES[side]
        place = f'x="{x + LABEL_GAP * right:.1f}" y="{y + 4 - (LABEL_GAP + 4) * up:.1f}"'
        found += f'<text {place} text-anchor="{ANCHORS[right]}">{escaped(mark.label)}</text>'
    if not mark.link:
        return found
    return f'<a href="{escaped(mark.link)}" aria-label="{text}">{found}</a>'


def steps(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of a front with those between: right first, then up."""
    found: list[tuple[float, float]] = []
    for x, y in corners:
        if found:
            found.append((x, found[-1][1]))
        found.append((x, y))
    return found


def log_ticks(first: float, last: float) -> list[tuple[float, str]]:
    """Round values between two costs: ``1k``, ``10k``, with 2 and 5 between them if few."""
    decades = range(math.floor(math.log10(first)), math.ceil(math.log10(last)) + 1)
    for between in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        values = [step * 10.0**decade for decade in decades for step in between]
        found = [(value, _short(value)) for value in values if first <= value <= last]
        if len(found) >= 3:
            break
    return found[:: 1 + len(found) // 8]


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def linear_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round values between two others, about so many."""
    raw = (high - low) / count
    power = 10 ** math.floor(math.log10(raw)) if raw > 0 else 1
    step = next((size * power for size in (1, 2, 5) if size * power >= raw), 10 * power)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]
