"""The page of one model: how it learned, what it gets wrong, what it costs, and where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mnist_tradeoff.analysis.classes import BALANCED_NAMES, by_class
from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.architecture.layer_costs import LayerCost
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report.html import page, table_html
from mnist_tradeoff.report.links import NO_LINKS, Links
from mnist_tradeoff.report.mistakes import mistakes_section
from mnist_tradeoff.report.model_charts import Place, curve_charts, place_charts
from mnist_tradeoff.report.model_tables import (
    class_section,
    confusion_section,
    file_table,
    layer_table,
    place_table,
)
from mnist_tradeoff.report.plain import escaped


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a finished training.

    losses: of the test images, float (n,); empty where they are not known.
    layers: in the order they are run.
    files: paths and bytes of its artifacts.
    command: the line that repeats it.
    places: of the models beside it, and its own.
    study: the one that it belongs to; report: where the study's page is, seen from this one.
    """

    training: Training
    dataset: Dataset
    losses: np.ndarray
    layers: Sequence[LayerCost]
    files: Sequence[tuple[str, int]]
    command: str
    places: Sequence[Place] = ()
    study: str = ""
    report: str = ""
    links: Links = field(default=NO_LINKS)


def render_model(facts: ModelFacts) -> str:
    """The page in one file; it needs no network."""
    training, dataset = facts.training, facts.dataset
    title = escaped(f"{training.model} on {dataset.name}")
    found = by_class(dataset.test.labels, training.predictions, dataset.task.classes)
    body = [
        f"<h1>{title}</h1>",
        f'<p class="answer">{escaped(_answer(facts))}</p>',
        _where(facts),
        _numbers(facts),
        curve_charts(training),
        _place(facts),
        confusion_section(found, dataset.names),
        class_section(found, dataset.names),
        mistakes_section(dataset, training.predictions, facts.losses),
        _layers(facts),
        f"<h2>Its files</h2>{table_html(file_table(facts.files))}",
        "<h2>Train it again</h2><p class=quiet>With the same code and libraries the weights are "
        f"the same.</p><pre class=command>{escaped(facts.command)}</pre>"
        f'<button class="copy" data-copy="{escaped(facts.command)}">copy</button>',
    ]
    return page(title, body, has_charts=False)


def _answer(facts: ModelFacts) -> str:
    metrics = facts.training.metrics
    wrong = int((facts.training.predictions != facts.dataset.test.labels).sum())
    costs = " and ".join(
        f"{metrics[name]:,.0f} {COSTS[name].label}"
        for name in ("num_params", "macs")
        if name in metrics
    )
    return (
        f"{metrics['test_accuracy']:.2%} of {len(facts.dataset.test.labels):,} test images are "
        f"right, {wrong:,} are wrong, with {costs}."
    )


def _where(facts: ModelFacts) -> str:
    run_id = escaped(facts.training.run_id)
    shown = f"<code>{run_id}</code>"
    if address := facts.links.in_mlflow(facts.training.run_id):
        shown = f'<a href="{escaped(address)}">{shown}</a>'
    parts = [f"Run {shown} <button class=copy data-copy={run_id}>copy</button>"]
    if facts.links.runs_page and facts.links.how_to_open:
        parts.append(
            f"its link works while this runs: <code>{escaped(facts.links.how_to_open)}</code>"
        )
    if facts.study:
        name = escaped(facts.study)
        parts.append(
            f'study <a href="{escaped(facts.report)}">{name}</a>'
            if facts.report
            else f"study {name}"
        )
    return f"<p class=quiet>{'; '.join(parts)}.</p>"


def _numbers(facts: ModelFacts) -> str:
    metrics = facts.training.metrics
    rows = [["architecture", facts.training.architecture], ["seed", str(facts.training.seed)]]
    rows += [
        [name.replace("_", " "), f"{metrics[name]:.2%}"]
        for name in ("val_accuracy", "test_accuracy", *BALANCED_NAMES)
        if name in metrics
    ]
    rows += [
        [cost.label, f"{metrics[name]:,.0f}"] for name, cost in COSTS.items() if name in metrics
    ]
    if "train_seconds" in metrics:
        rows.append(["seconds of training", f"{metrics['train_seconds']:.1f}"])
    return table_html(("What it is", ["", ""], rows, 2))


def _place(facts: ModelFacts) -> str:
    others = "the front of its study" if facts.study else "the references"
    caption = (
        f"This model beside {others}, by test error; up and to the left is better. A point is a "
        "link to its model's page, or to its run."
    )
    return (
        f"<h2>Its place</h2><figure><figcaption>{escaped(caption)}</figcaption>"
        f"<div class=plots>{place_charts(facts.places)}</div></figure>"
        f"<details><summary>As a table</summary>{table_html(place_table(facts.places))}</details>"
    )


def _layers(facts: ModelFacts) -> str:
    note = "For one image, as it is deployed: batch normalisation is folded in."
    return f"<h2>Its layers</h2><p class=quiet>{note}</p>{table_html(layer_table(facts.layers))}"
