"""How figures look, and how they become files: one palette, one axis of the error, two themes."""

import io
import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from mnist_tradeoff.analysis.statistics import Sample, margin
from mnist_tradeoff.report.labels import PLACES, log_shares, place_labels
from mnist_tradeoff.report.numbers import ENOUGH_SEEDS

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
# Of published nets, by what their accuracy is; open symbols, legible on white and on black.
PUBLIC_COLOR = "#8A8A8A"
PUBLIC_MARKERS = {"best of many": "v", "one run": "o", "mean": "s"}
# By objective: accuracy, then one or two costs.
OBJECTIVE_COLORS = (VALIDATION_COLOR, FRONT_COLOR, "#CC79A7")
# By study, with a dash of its own each; as the references' they are Okabe and Ito's.
STUDY_COLORS = (FRONT_COLOR, VALIDATION_COLOR, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# Below, a front's first models would press all others into a line.
LOWEST_ACCURACY_SHOWN, MAX_ERROR_RATIO = 0.95, 12
LOWEST_ERROR_SHOWN = 0.0005
ERROR_STEPS = (1, 2, 5)
# Where the models are so much alike that fewer ticks would fall between them.
FINER_STEPS, FINEST_STEPS = (1, 1.5, 2, 3, 4, 5, 7), tuple(step / 10 for step in range(10, 100, 2))
LEAST_TICKS = 3
DARK = "_dark"
THEMES = {"": "default", DARK: "dark_background"}
DOTS_PER_INCH = 150
SMALL_DOTS_PER_INCH = 75
# As labels.py counts: letters of 9 points are 12 pixels high.
PIXELS_PER_INCH = 96
HORIZONTAL = {-1: "right", 0: "center", 1: "left"}
VERTICAL = {-1: "top", 0: "center", 1: "bottom"}


def styles_of(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Colour, marker and line of each model: the references have theirs, the others one each."""
    looks = zip(itertools.cycle(OTHER_COLORS), itertools.cycle(OTHER_MARKERS), strict=False)
    others = ({"color": color, "marker": marker, "linestyle": "-"} for color, marker in looks)
    return {name: REFERENCE_STYLES.get(name) or next(others) for name in names}


def themed(
    name: str, draw: Callable[..., Figure], *data: object, also_small: bool = False
) -> Figures:
    """A figure of data for light and for dark pages: PNG of ``NAME.png`` and ``NAME_dark.png``.

    Args:
        also_small: adds ``small/NAME.png``, for MLflow's descriptions, which show a picture as
            large as it is.
    """
    figures = {}
    for suffix, theme in THEMES.items():
        with style.context(theme):
            figure = draw(*data)
            figures[f"{name}{suffix}.png"] = rendered(figure)
            if also_small and suffix != DARK:
                figures[f"small/{name}.png"] = rendered(figure, SMALL_DOTS_PER_INCH)
    return figures


def in_folders(figures: Figures) -> Figures:
    """The pictures by their paths in a report: ``figures/NAME.png``, ``figures/dark/NAME.png``."""
    return {
        f"figures/dark/{name.replace(DARK, '')}" if DARK in name else f"figures/{name}": content
        for name, content in figures.items()
    }


def rendered(figure: Figure, dots_per_inch: float = DOTS_PER_INCH) -> bytes:
    """A figure as PNG."""
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # of a name; a box stands for it
        figure.savefig(content, dpi=dots_per_inch)
    return content.getvalue()


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, its size in inches."""
    return Figure(figsize=(width, height), layout="constrained", dpi=DOTS_PER_INCH)


def shown_error(error: float) -> float:
    """An error on the log scale, where none at all has no place."""
    return max(error, LOWEST_ERROR_SHOWN)


def error_limits(errors: Sequence[float]) -> tuple[float, float]:
    """Largest and smallest error that a picture of accuracies shows.

    It is all from 95 % on, and all within ``MAX_ERROR_RATIO`` of the smallest.
    """
    best = max(min(errors, default=0), LOWEST_ERROR_SHOWN)
    worst = max([best, *errors] if errors else [1])
    worst = min(worst, max(1 - LOWEST_ACCURACY_SHOWN, MAX_ERROR_RATIO * best))
    return 1.3 * worst, 0.7 * best


def error_axis(axes: Axes, errors: Sequence[float], what: str = "test error") -> None:
    """The error on a log scale, the better the higher: from 2 to 1 % is as far as from 1 to 0.5 %.

    Args:
        what: is plotted, for the label.
    """
    # In this order: a log scale without limits of its own complains about models that are alike.
    axes.set_ylim(*error_limits(errors))
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(FixedLocator(error_ticks(error_limits(errors))))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: error_text(error)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel(f"{what} (log scale, up is better)")


def lay_out(figure: Figure) -> None:
    """Give the panels of a figure that has all but the names of its points their places for good.

    This takes longer than to draw: it is done once, and not again when the figure is written.
    """
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.execute(figure)
    figure.set_layout_engine("none")


def name_points(
    axes: Axes,
    points: Sequence[tuple[float, float]],
    texts: Sequence[str],
    limits: tuple[float, float],
) -> None:
    """Write the names of the first points of a panel with two log axes beside them.

    The panel has the size that it will have: see ``lay_out``.

    Args:
        points: cost and error, also of those that have no name and must not be covered.
        limits: of the error, see ``error_limits``.
    """
    if not points:
        return
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    box = axes.get_position()
    width, height = figure.get_size_inches() * PIXELS_PER_INCH
    size = (width * box.width, height * box.height)
    shares = log_shares(points, axes.get_xlim(), limits)
    padded = [*texts, *[""] * (len(points) - len(texts))]
    for place, point, text in zip(place_labels(shares, padded, size), points, texts, strict=False):
        x, y = PLACES[place]
        axes.annotate(
            text,
            point,
            (7 * x, 7 * y),
            textcoords="offset points",
            ha=HORIZONTAL[x],
            va=VERTICAL[y],
            fontsize=9,
            annotation_clip=True,
            parse_math=False,
        )


def error_ticks(limits: tuple[float, float]) -> list[float]:
    """The round errors between two limits."""
    low, high = sorted(limits)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)))
    found: list[float] = []
    for steps in (ERROR_STEPS, FINER_STEPS, FINEST_STEPS):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        found = [tick for tick in ticks if low <= tick <= high]
        if len(found) >= LEAST_TICKS:
            break
    return found


def error_text(error: float) -> str:
    """An error in percent: ``0.5 %``."""
    return f"{100 * error:.4g} %"


def shown_margin(accuracy: Sample) -> float:
    """Half the interval that a figure shows: 0 where so few seeds make it as tall as the figure.

    The tables give it all the same.
    """
    return margin(accuracy) if accuracy.n >= ENOUGH_SEEDS else 0.0


def mean_of_seeds(accuracies: Iterable[Sample]) -> str:
    """What a figure's points are: how many seeds there are, and where it shows their interval."""
    counts = [one.n for one in accuracies]
    fewest, most = min(counts), max(counts)
    if most == 1:
        return "one seed each"
    words = f"mean of {most if fewest == most else f'{fewest} to {most}'} seeds"
    if most < ENOUGH_SEEDS:
        return words
    some = f" from {ENOUGH_SEEDS} on" if fewest < ENOUGH_SEEDS else ""
    return f"{words}, 95 % interval{some}"
