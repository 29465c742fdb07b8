"""What a model makes of each class: the confusion matrix as a figure, and the tables behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from mnist_tradeoff.analysis.classes import ByClass
from mnist_tradeoff.report.style import new_figure, rendered
from mnist_tradeoff.system.plain import shortened, visible

# Of more classes the figure shows those with the most mistakes, and the others as one.
MAX_CLASSES_DRAWN = 20
# Counts of more classes would not be legible in their cells.
MAX_CLASSES_WITH_COUNTS = 16
OTHERS = "others"
MAX_NAME = 14
INCHES_PER_CLASS, LEAST_INCHES = 0.32, 4.5
# Shows a single mistake of a thousand images, too.
GAMMA = 0.35
# It has few details, and every run waits for it.
DOTS_PER_INCH = 100


def confusion_picture(found: ByClass, names: Sequence[str], title: str) -> bytes:
    """``confusion_figure`` as PNG."""
    return rendered(confusion_figure(found, names, title), DOTS_PER_INCH)


def confusion_figure(found: ByClass, names: Sequence[str], title: str) -> Figure:
    """Which class got which answer, each row by its share; beside its name a class's accuracy.

    Of more than 20 classes it shows the 19 with the most mistakes, the others as one.

    Args:
        names: of all classes.
    """
    counts, shown = drawn_part(found, names)
    classes = len(counts)
    side = max(LEAST_INCHES, 1.8 + INCHES_PER_CLASS * classes)
    figure = new_figure(side + 1, side)
    axes = figure.subplots()
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    axes.imshow(shares, cmap="Blues", norm=PowerNorm(GAMMA, 0, 1))
    rows = [
        name if name == OTHERS else f"{name}  {share:.1%}"
        for name, share in zip(shown, np.diag(shares), strict=True)
    ]
    looks: dict[str, Any] = {"fontsize": 8, "parse_math": False}
    axes.set_xticks(range(classes), shown, rotation=90 if max(map(len, shown)) > 3 else 0, **looks)
    axes.set_yticks(range(classes), rows, **looks)
    axes.tick_params(length=0)
    axes.set(xlabel="answer", ylabel="class, and share that is right")
    of_all = "" if classes == len(names) else f"\nthe {classes - 1} classes with most mistakes"
    axes.set_title(f"{title}{of_all}", fontsize=10, parse_math=False, wrap=True)
    if classes <= MAX_CLASSES_WITH_COUNTS:
        _write_counts(axes, counts, shares)
    return figure


def drawn_part(found: ByClass, names: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """The confusion as it is drawn, with the names of its rows.

    Of more than 20 classes the last row and column are all that have the fewest mistakes: what
    is taken for another of these stands in its cell, too.
    """
    short = [shortened(visible(name), MAX_NAME) for name in names]
    if len(short) <= MAX_CLASSES_DRAWN:
        return found.confusion, short
    involved = found.mistakes.sum(axis=0) + found.mistakes.sum(axis=1)
    kept = np.sort(np.argsort(-involved, kind="stable")[: MAX_CLASSES_DRAWN - 1])
    places = np.full(len(short), MAX_CLASSES_DRAWN - 1)
    places[kept] = np.arange(len(kept))
    counts = np.zeros((MAX_CLASSES_DRAWN, MAX_CLASSES_DRAWN), int)
    np.add.at(counts, (places[:, None], places[None]), found.confusion)
    return counts, [*(short[i] for i in kept), OTHERS]


def _write_counts(axes: Axes, counts: np.ndarray, shares: np.ndarray) -> None:
    for row, column in zip(*np.nonzero(counts), strict=True):
        color = "white" if shares[row, column] > 0.2 else "black"
        looks: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 7, "color": color}
        axes.text(column, row, str(counts[row, column]), **looks)


def class_table(found: ByClass, names: Sequence[str]) -> dict[str, list[Any]]:
    """Columns of a table with a row for each class: images, right, accuracy, commonest mistake."""
    columns: Mapping[str, list[Any]] = {
        "class": [visible(name) for name in names],
        "images": found.images.tolist(),
        "right": found.right.tolist(),
        "accuracy": [None if np.isnan(one) else float(one) for one in found.accuracies],
        "most often taken for": [],
        "so many times": [],
    }
    for row in found.mistakes:
        most = int(row.argmax())
        columns["most often taken for"].append(visible(names[most]) if row[most] else "")
        columns["so many times"].append(int(row[most]))
    return dict(columns)


def confusion_table(found: ByClass, names: Sequence[str]) -> dict[str, list[Any]]:
    """Columns of a table with a row for each mistake that was made, the commonest first."""
    confusions = found.confusions()
    return {
        "class": [visible(names[a]) for a, _, _ in confusions],
        "answer": [visible(names[b]) for _, b, _ in confusions],
        "images": [count for _, _, count in confusions],
    }
