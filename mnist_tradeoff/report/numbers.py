"""Numbers as people read them."""

import math
from collections.abc import Mapping

from mnist_tradeoff.analysis.statistics import Sample

MISSING = "–"
# Student's interval of fewer is wider than the differences between models, and a test says little.
ENOUGH_SEEDS = 5


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


def shown(metrics: Mapping[str, float], name: str, form: str, unit: float = 1) -> str:
    """A metric times a unit in a format such as ``,.0f``; a dash where it is missing."""
    return format(unit * metrics[name], form) if name in metrics else MISSING


def duration(seconds: float) -> str:
    """Rounded to what a person plans with: ``40 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 60:
        return f"{max(0, seconds):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
