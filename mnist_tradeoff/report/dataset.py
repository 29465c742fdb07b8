"""A set as a figure and as tables: in MLflow below ``dataset/``, and from ``doctor``."""

import json
import re

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.data.summary import Summary
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.report.style import new_figure, rendered
from mnist_tradeoff.system.plain import shortened

IMAGES_SHOWN = 10
CLASSES_SHOWN = 30
# A picture of larger ones would have more pixels than anybody sees.
MAX_PIXELS = 64
NAME_LETTERS = 24
GAP, GAP_GREY = 2, 160
FOLDER_PREFIX = "dataset_"
FOLDER_LETTERS = 60


def folder_name(dataset: Dataset) -> str:
    """What ``doctor`` calls the folder of a set's files: ``dataset_NAME``."""
    return FOLDER_PREFIX + re.sub(r"[^\w.-]", "_", dataset.name)[:FOLDER_LETTERS]


def dataset_files(dataset: Dataset, summary: Summary) -> dict[str, str | bytes]:
    """A set's figure and tables by file name."""
    return {
        "classes.png": rendered(class_figure(dataset)),
        "classes.csv": classes_frame(dataset, summary).to_csv(index=False),
        "summary.json": json.dumps(facts(dataset, summary), indent=1, ensure_ascii=False) + "\n",
    }


def facts(dataset: Dataset, summary: Summary) -> dict[str, object]:
    """All that is known of a set but its single classes, as JSON takes it."""
    return {
        "name": dataset.name,
        "digest": dataset.digest,
        "source": dataset.source,
        "shape": list(dataset.task.input_shape),
        "classes": dataset.task.classes,
        "images": {part: int(count.sum()) for part, count in summary.counts.items()},
        "values": [summary.lowest, summary.highest],
        "copies_within": dict(summary.copies),
        "copies_across": {f"{one} in {other}": n for (one, other), n in summary.shared.items()},
        "images_with_two_labels": summary.two_labels,
        "constant_images": dict(summary.constant),
        "warnings": list(summary.warnings),
        "notes": list(dataset.notes),
    }


def classes_frame(dataset: Dataset, summary: Summary) -> pd.DataFrame:
    """Images of every class by part."""
    named = {"class": range(dataset.task.classes), "name": dataset.names}
    return pd.DataFrame({**named, **summary.counts})


def class_figure(dataset: Dataset) -> Figure:
    """The first ten training images of each of the first thirty classes, a row each."""
    classes = min(dataset.task.classes, CLASSES_SHOWN)
    picture = _mosaic(dataset, classes)
    cell = picture.shape[0] / classes
    width = 7.0
    figure = new_figure(width, 0.8 + 0.75 * width * picture.shape[0] / picture.shape[1])
    axes = figure.subplots()
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    of = f"the first {classes} of " if classes < dataset.task.classes else ""
    name = shortened(dataset.name, 2 * NAME_LETTERS)
    axes.set_title(
        f"{name}: training images of {of}{dataset.task.classes:,} classes", parse_math=False
    )
    names = [shortened(one, NAME_LETTERS) for one in dataset.names[:classes]]
    axes.set_yticks([(i + 0.5) * cell for i in range(classes)], names, parse_math=False)
    axes.tick_params(length=0)
    axes.set_xticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def _mosaic(dataset: Dataset, classes: int) -> np.ndarray:
    """A picture of a row a class: uint8 (height, width) or (height, width, 3)."""
    step = -(-max(dataset.task.image_shape[:2]) // MAX_PIXELS)
    height, width, *channels = dataset.train.images[:1, ::step, ::step].shape[1:]
    shape = (classes, height + GAP, IMAGES_SHOWN, width + GAP, *channels)
    cells = np.full(shape, GAP_GREY, np.uint8)
    for one in range(classes):
        places = np.flatnonzero(dataset.train.labels == one)[:IMAGES_SHOWN]
        for column, image in enumerate(dataset.train.images[places, ::step, ::step]):
            cells[one, :height, column, :width] = image
    return cells.reshape(classes * (height + GAP), IMAGES_SHOWN * (width + GAP), *channels)


def dataset_lines(dataset: Dataset, summary: Summary) -> list[str]:
    """A set for the terminal: its table and what else there is to know, a line each."""
    frame = classes_frame(dataset, summary)
    rows = [
        [str(row[0]), shortened(row[1], NAME_LETTERS), *(f"{n:,}" for n in row[2:])]
        for row in frame[:CLASSES_SHOWN].itertuples(index=False)
    ]
    lines = table(list(frame.columns), rows, left=2).splitlines()
    if len(frame) > CLASSES_SHOWN:
        lines.append(f"… {len(frame) - CLASSES_SHOWN:,} more classes: all are in classes.csv")
    shape = "×".join(map(str, dataset.task.input_shape))
    within = ", ".join(f"{part} {n:,}" for part, n in summary.copies.items())
    across = ", ".join(f"{a} in {b} {n:,}" for (a, b), n in summary.shared.items())
    lines += [
        f"shape     {shape}, values {summary.lowest} to {summary.highest}",
        f"copies    {within}; {across}",
        f"digest    {dataset.digest}",
        f"source    {dataset.source}",
    ]
    lines += [f"note      {note}" for note in dataset.notes]
    return [*lines, *(f"warning   {warning}" for warning in summary.warnings)]
