"""Finished trainings, as a tidy table and as the suite's summary."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mnist_tradeoff.analysis.statistics import Sample, summarize
from mnist_tradeoff.architecture.costs import complexity
from mnist_tradeoff.architecture.layers import REFERENCES, resolve
from mnist_tradeoff.report.markdown import table

MISSING = "–"


@dataclass(frozen=True)
class Training:
    """One finished training as its run tells it.

    model: a reference's name, or a notation.
    curves: values by epoch of loss, accuracy, val_loss and val_accuracy.
    predictions: predicted class of every test image, int (n,).
    """

    model: str
    seed: int
    run_id: str
    metrics: Mapping[str, float]
    curves: Mapping[str, tuple[float, ...]]
    predictions: np.ndarray


def by_model(trainings: Sequence[Training]) -> dict[str, list[Training]]:
    """Trainings of each model, by seed: the references in their order, then the others."""
    ordered = sorted(trainings, key=lambda training: (training.model, training.seed))
    models = dict.fromkeys([*REFERENCES, *(training.model for training in ordered)])
    groups = {name: [t for t in ordered if t.model == name] for name in models}
    return {name: group for name, group in groups.items() if group}


def sample(trainings: Sequence[Training], metric: str) -> Sample:
    """Mean, sd and interval of a metric over trainings."""
    return summarize([training.metrics[metric] for training in trainings])


def tidy(trainings: Sequence[Training]) -> pd.DataFrame:
    """One row per model, seed and metric: model, architecture, seed, metric, value, run_id."""
    return pd.DataFrame(
        [
            {
                "model": name,
                "architecture": str(resolve(name)),
                "seed": training.seed,
                "metric": metric,
                "value": training.metrics[metric],
                "run_id": training.run_id,
            }
            for name, group in by_model(trainings).items()
            for training in group
            for metric in sorted(training.metrics)
        ],
        columns=["model", "architecture", "seed", "metric", "value", "run_id"],
    )


def summary_table(trainings: Sequence[Training], seeds: int, is_mnist: bool) -> str:
    """Markdown table of the references: cost, seconds, accuracies, and what is documented.

    Args:
        seeds: how many trainings of each there should be; what is missing shows in column n.
        is_mnist: whether the documented accuracies apply.
    """
    header = [
        *("model", "parameters", "× cnn_v1", "MACs", "× cnn_v2", "seconds"),
        *("validation %", "test %", "95 % interval", "n"),
        *(("documented %", "difference") if is_mnist else ()),
    ]
    groups = by_model(trainings)
    rows = [_summary_row(name, groups.get(name, []), seeds, is_mnist) for name in REFERENCES]
    return table(header, rows)


def _summary_row(name: str, group: Sequence[Training], seeds: int, is_mnist: bool) -> list[str]:
    cost = complexity(REFERENCES[name].architecture)
    small = complexity(REFERENCES["cnn_v1"].architecture)
    deep = complexity(REFERENCES["cnn_v2"].architecture)
    documented = REFERENCES[name].documented_test_accuracy
    test = sample(group, "test_accuracy") if group else None
    cells = [
        f"`{name}`",
        f"{cost.num_params:,}",
        f"{cost.num_params / small.num_params:.1f}",
        f"{cost.macs:,}",
        f"{cost.macs / deep.macs:.2f}",
        f"{median_seconds(group):.1f}" if group else MISSING,
        mean_and_sd(sample(group, "val_accuracy")) if group else MISSING,
        mean_and_sd(test) if test else MISSING,
        interval(test) if test else MISSING,
        str(seeds) if len(group) == seeds else f"{len(group)} of {seeds}",
    ]
    if is_mnist:
        gain = f"{100 * (test.mean - documented):+.2f}" if test else MISSING
        cells += [f"{100 * documented:.2f}", gain]
    return cells


def median_seconds(group: Sequence[Training]) -> float:
    """Median training seconds of a group."""
    return statistics.median(training.metrics["train_seconds"] for training in group)


def mean_and_sd(accuracy: Sample) -> str:
    """In percent: ``99.04 ± 0.06``, or the mean alone where n is 1."""
    if math.isnan(accuracy.sd):
        return f"{100 * accuracy.mean:.2f}"
    return f"{100 * accuracy.mean:.2f} ± {100 * accuracy.sd:.2f}"


def interval(accuracy: Sample) -> str:
    """In percent: ``98.97–99.11``, within 0 and 100; a dash where n is 1."""
    if math.isnan(accuracy.low):
        return MISSING
    return f"{100 * max(0, accuracy.low):.2f}–{100 * min(1, accuracy.high):.2f}"
