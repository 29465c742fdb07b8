"""How figures look, and how they become files: one palette, one accuracy axis, two themes."""

import io
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

Figures = dict[str, bytes]

# Okabe and Ito's palette, told apart by colour-blind readers.
VALIDATION_COLOR = "#0072B2"
TRAINING_COLOR = "#999999"
# The documented figures have cnn_v2 purple and cnn_v1 green. Marker and line tell the four apart
# without colour; all four are legible on white and on black.
REFERENCE_STYLES: dict[str, dict[str, Any]] = {
    "ann": {"color": "#E69F00", "marker": "s", "linestyle": ":"},
    "simple_cnn": {"color": "#2F8FD0", "marker": "^", "linestyle": "-."},
    "cnn_v1": {"color": "#009E73", "marker": "o", "linestyle": "--"},
    "cnn_v2": {"color": "#A05CD5", "marker": "D", "linestyle": "-"},
}
# Of the models that are compared with them.
OTHER_COLORS = ("#D55E00", "#CC79A7", "#56B4E9", "#8C6D31")
OTHER_MARKERS = "vP*X<>"
FRONT_COLOR = "#D55E00"
FRONT_STYLE: dict[str, Any] = {"color": FRONT_COLOR, "marker": ".", "capsize": 2}
# Below, a front's first models would press all others into a line.
LOWEST_ACCURACY_SHOWN = 0.95
LOWEST_ERROR_SHOWN = 0.0005
THEMES = {"": "default", "_dark": "dark_background"}
DOTS_PER_INCH = 150


def styles_of(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Colour, marker and line of each model: the references have theirs, the others one each."""
    looks = zip(itertools.cycle(OTHER_COLORS), itertools.cycle(OTHER_MARKERS), strict=False)
    others = ({"color": color, "marker": marker, "linestyle": "-"} for color, marker in looks)
    return {name: REFERENCE_STYLES.get(name) or next(others) for name in names}


def themed(name: str, draw: Callable[..., Figure], *data: object) -> Figures:
    """A figure of data for light and for dark pages: PNG of ``NAME.png`` and ``NAME_dark.png``."""
    figures = {}
    for suffix, theme in THEMES.items():
        with style.context(theme):
            figures[f"{name}{suffix}.png"] = rendered(draw(*data))
    return figures


def rendered(figure: Figure) -> bytes:
    """A figure as PNG."""
    content = io.BytesIO()
    figure.savefig(content)
    return content.getvalue()


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, its size in inches."""
    return Figure(figsize=(width, height), layout="constrained", dpi=DOTS_PER_INCH)


def shown_error(error: float) -> float:
    """An error on the log scale, where none at all has no place."""
    return max(error, LOWEST_ERROR_SHOWN)


def error_limits(errors: Sequence[float]) -> tuple[float, float]:
    """Largest and smallest error that a picture of accuracies shows: all from 95 % on.

    Where all are below, it is all of them.
    """
    best = max(min(errors, default=0), LOWEST_ERROR_SHOWN)
    worst = max([best, *errors] if errors else [1])
    if best < 1 - LOWEST_ACCURACY_SHOWN:
        worst = min(worst, 1 - LOWEST_ACCURACY_SHOWN)
    return 1.3 * worst, 0.7 * best


def accuracy_axis(axes: Axes, errors: Sequence[float]) -> None:
    """Accuracy upwards, with the error on a log scale: from 99 to 99.5 % is as far as to 98 %."""
    # In this order: a log scale without limits of its own complains about models that are alike.
    axes.set_ylim(*error_limits(errors))
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{100 * (1 - error):g} %"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("accuracy (log scale of the error)")
