"""The tables of one model's page."""

from collections.abc import Sequence

import numpy as np

from mnist_tradeoff.analysis.classes import ByClass
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.architecture.layer_costs import LayerCost
from mnist_tradeoff.report.classes import GAMMA, OTHERS, class_table, drawn_part
from mnist_tradeoff.report.html import table_html
from mnist_tradeoff.report.model_charts import Place
from mnist_tradeoff.report.numbers import MISSING
from mnist_tradeoff.report.plain import escaped
from mnist_tradeoff.report.search_tables import Table, cost_text

# Of more classes those with the lowest accuracy; the run's table has all.
MAX_CLASS_ROWS = 100
DARKEST = 0.75


def confusion_section(found: ByClass, names: Sequence[str]) -> str:
    """The confusion matrix as a table whose cells are coloured by their share of the row."""
    counts, shown = drawn_part(found, names)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    head = "".join(f"<th scope=col>{escaped(name)}</th>" for name in shown)
    rows = "".join(
        f"<tr><th scope=row>{escaped(name)}</th>{_cells(row, of_row)}</tr>"
        for name, row, of_row in zip(shown, counts, shares, strict=True)
    )
    note = "A row is a class, a column the answer; a cell counts test images."
    if len(shown) < len(names):
        note += f" The {len(shown) - 1} classes with most mistakes, the rest as '{OTHERS}'."
    return (
        f"<h2>What it takes for what</h2><p class=quiet>{escaped(note)}</p>"
        '<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">'
        f'<table class="confusion"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cells(counts: np.ndarray, shares: np.ndarray) -> str:
    return "".join(
        f'<td style="--share:{DARKEST * share**GAMMA:.2f}">{count}</td>' if count else "<td></td>"
        for count, share in zip(counts, shares, strict=True)
    )


def class_section(found: ByClass, names: Sequence[str]) -> str:
    """Each class's accuracy, and what it is most often taken for."""
    columns = class_table(found, names)
    every = np.arange(len(names))
    by_accuracy = np.argsort(np.nan_to_num(found.accuracies, nan=2), kind="stable")
    kept = every if len(names) <= MAX_CLASS_ROWS else by_accuracy[:MAX_CLASS_ROWS]
    rows = []
    for i in kept:
        name, images, right, accuracy, taken_for, times = (one[i] for one in columns.values())
        share = MISSING if accuracy is None else f"{accuracy:.2%}"
        rows.append([name, f"{images:,}", f"{right:,}", share, taken_for, str(times or "")])
    header = ["class", "images", "right", "accuracy", "most often taken for", "so many times"]
    title = "Accuracy by class"
    if len(kept) < len(names):
        title = f"Accuracy by class: the {len(kept)} lowest of {len(names):,}"
    return f"<h2>{escaped(title)}</h2>{table_html((title, header, rows, 1))}"


def layer_table(layers: Sequence[LayerCost]) -> Table:
    """Layers with output shape, parameters and MACs, and the sums."""
    known = [layer.macs for layer in layers if layer.macs is not None]
    rows = [
        [
            layer.name,
            "×".join(map(str, layer.shape)),
            f"{layer.num_params:,}",
            MISSING if layer.macs is None else f"{layer.macs:,}",
        ]
        for layer in layers
    ]
    macs = f"{sum(known):,}" if len(known) == len(layers) else MISSING
    rows.append(["all", "", f"{sum(layer.num_params for layer in layers):,}", macs])
    return "Layers", ["layer", "output", "parameters", "MACs"], rows, 1


def file_table(files: Sequence[tuple[str, int]]) -> Table:
    """Paths of the run's artifacts and their bytes."""
    rows = [[path, f"{size:,}"] for path, size in files]
    return "Files", ["artifact of the run", "bytes"], rows, 1


def place_table(places: Sequence[Place]) -> Table:
    """The models of the charts of its place."""
    header = ["model", "", *(COSTS[cost].label for cost in EXACT_OBJECTIVES), "test error"]
    rows = [
        [
            place.name,
            place.role,
            *(cost_text(place.costs[c]) if c in place.costs else MISSING for c in EXACT_OBJECTIVES),
            f"{place.error:.2%}",
        ]
        for place in places
    ]
    return "Its place", header, rows, 2
