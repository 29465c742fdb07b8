"""Models against each other: which differences are real, and what the dearer one buys."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.analysis.statistics import Difference, majority_correct, paired_difference
from mnist_tradeoff.analysis.trainings import (
    Training,
    by_model,
    mean_and_sd,
    median_seconds,
    sample,
)
from mnist_tradeoff.architecture.layers import CLASSES, REFERENCES, resolve
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.search.config import exact_cost

# The two exact costs: attribute of a Complexity, and its name in a sentence.
COSTS = {"num_params": "parameters", "macs": "MACs"}

Correct = Mapping[str, np.ndarray]


def correct_by_model(trainings: Sequence[Training], labels: np.ndarray) -> dict[str, np.ndarray]:
    """Bool (seeds, images) of each model: which seed is right on which test image."""
    return {
        name: np.stack([training.predictions == labels for training in group])
        for name, group in by_model(trainings).items()
    }


def cost_of(name: str, cost: str) -> int:
    """A model's exact cost, ``num_params`` or ``macs``."""
    return exact_cost(resolve(name), cost)


def differences(correct: Correct) -> dict[tuple[str, str], Difference]:
    """Paired difference of every two models (a, b), b − a, a being the one with fewer MACs."""
    names = sorted(correct, key=lambda name: cost_of(name, "macs"))
    return {
        (a, b): paired_difference(correct[a], correct[b])
        for a, b in itertools.combinations(names, 2)
    }


def difference_table(found: Mapping[tuple[str, str], Difference]) -> str:
    """Markdown table of paired differences, in points of a percent."""
    header = ["from", "to", "points", "95 % interval", "McNemar p", "real?"]
    rows = [
        [
            f"`{a}`",
            f"`{b}`",
            f"{100 * d.difference:+.2f}",
            f"{100 * d.low:+.2f} to {100 * d.high:+.2f}",
            f"{d.p_value:.1e}" if d.p_value < 0.001 else f"{d.p_value:.3f}",
            "yes" if d.is_real else "not told apart",
        ]
        for (a, b), d in found.items()
    ]
    return table(header, rows, left=2)


def common_mistakes(trainings: Sequence[Training], labels: np.ndarray) -> dict[str, np.ndarray]:
    """The wrong class that each model's seeds give each test image most often, int (images,)."""
    return {name: _common_mistakes(group, labels) for name, group in by_model(trainings).items()}


def _common_mistakes(group: Sequence[Training], labels: np.ndarray) -> np.ndarray:
    classes = np.arange(CLASSES)[:, None]
    votes = np.sum([training.predictions == classes for training in group], axis=0)
    return np.where(classes == labels, -1, votes).argmax(axis=0)


@dataclass(frozen=True)
class Step:
    """From one model to the next dearer: test images (indices) that it mends and that it breaks.

    An image counts as right where more than half of the seeds are right.
    """

    cost: str
    cheaper: str
    dearer: str
    fixed: np.ndarray
    broken: np.ndarray


def steps(correct: Correct, cost: str) -> list[Step]:
    """The steps between neighbours when the models are ordered by a cost."""
    names = sorted(correct, key=lambda name: cost_of(name, cost))
    right = {name: majority_correct(correct[name]) for name in names}
    return [
        Step(
            cost,
            a,
            b,
            fixed=np.flatnonzero(right[b] & ~right[a]),
            broken=np.flatnonzero(right[a] & ~right[b]),
        )
        for a, b in itertools.pairwise(names)
    ]


def step_table(found: Sequence[Step]) -> str:
    """Markdown table of steps: what is paid, what is mended and broken."""
    header = ["from", "to", "paid", "mended", "broken", "net", "paid for one digit"]
    rows = []
    for step in found:
        paid = cost_of(step.dearer, step.cost) - cost_of(step.cheaper, step.cost)
        net = len(step.fixed) - len(step.broken)
        rows.append(
            [
                f"`{step.cheaper}`",
                f"`{step.dearer}`",
                f"{paid:,} {COSTS[step.cost]}",
                str(len(step.fixed)),
                str(len(step.broken)),
                f"{net:+d}",
                f"{paid / net:,.0f} {COSTS[step.cost]}" if net > 0 else "nothing gained",
            ]
        )
    return table(header, rows, left=2)


@dataclass(frozen=True)
class Conclusion:
    """A documented claim held against the measurements."""

    claim: str
    confirmed: bool
    evidence: str


def conclusions(trainings: Sequence[Training], correct: Correct) -> list[Conclusion]:
    """The document's claims, one by one; empty unless all four references were trained."""
    groups = by_model(trainings)
    if set(groups) != set(REFERENCES):
        return []
    found = differences(correct)
    accuracies = {name: sample(group, "test_accuracy").mean for name, group in groups.items()}
    text = {name: f"{mean_and_sd(sample(g, 'test_accuracy'))} %" for name, g in groups.items()}
    return [
        _most_efficient(accuracies, text),
        _most_accurate(found, text),
        _dearest(groups),
        _neighbourhoods(found, text),
    ]


def _most_efficient(accuracies: Mapping[str, float], text: Mapping[str, str]) -> Conclusion:
    params = {name: cost_of(name, "num_params") for name in REFERENCES}
    # Nothing is smaller, and it does not pay for that with the last place.
    confirmed = (
        min(params, key=params.__getitem__)
        == "cnn_v1"
        != min(accuracies, key=accuracies.__getitem__)
    )
    macs = cost_of("cnn_v1", "macs") / cost_of("ann", "macs")
    return Conclusion(
        "`cnn_v1` is the most efficient: 18 times fewer parameters than `simple_cnn`",
        confirmed,
        f"{params['simple_cnn'] / params['cnn_v1']:.1f} times fewer, {text['cnn_v1']} against "
        f"{text['simple_cnn']}; in MACs the `ann` is {macs:.1f} times cheaper, "
        f"at {text['ann']}",
    )


def _most_accurate(
    found: Mapping[tuple[str, str], Difference], text: Mapping[str, str]
) -> Conclusion:
    against = {a: d for (a, b), d in found.items() if b == "cnn_v2"}
    nearest = min(against, key=lambda name: against[name].difference)
    gap = against[nearest]
    return Conclusion(
        "`cnn_v2` is the most accurate",
        all(d.is_real and d.difference > 0 for d in against.values()),
        f"{text['cnn_v2']}; {100 * gap.difference:+.2f} points on `{nearest}` "
        f"(95 % interval {100 * gap.low:+.2f} to {100 * gap.high:+.2f})",
    )


def _dearest(groups: Mapping[str, Sequence[Training]]) -> Conclusion:
    seconds = {name: median_seconds(group) for name, group in groups.items()}
    params, macs = (
        {name: cost_of(name, cost) for name in REFERENCES} for cost in ("num_params", "macs")
    )
    confirmed = (
        params["cnn_v2"] < params["simple_cnn"]
        and max(macs, key=macs.__getitem__) == "cnn_v2"
        and max(seconds, key=seconds.__getitem__) == "cnn_v2"
    )
    return Conclusion(
        "`cnn_v2` has fewer parameters than `simple_cnn`, yet the most compute and training time",
        confirmed,
        f"{params['cnn_v2']:,} against {params['simple_cnn']:,} parameters, "
        f"{macs['cnn_v2'] / macs['simple_cnn']:.1f} times the MACs, "
        f"{seconds['cnn_v2'] / seconds['simple_cnn']:.1f} times the seconds",
    )


def _neighbourhoods(
    found: Mapping[tuple[str, str], Difference], text: Mapping[str, str]
) -> Conclusion:
    against = {b: d for (a, b), d in found.items() if a == "ann"}
    share = cost_of("ann", "num_params") / cost_of("cnn_v1", "num_params")
    return Conclusion(
        "the `ann` loses what neighbouring pixels tell",
        all(d.is_real and d.difference > 0 for d in against.values()),
        f"{text['ann']}, below every CNN, and {100 * against['cnn_v1'].difference:.2f} points "
        f"below `cnn_v1` with {share:.1f} times its parameters",
    )


def conclusion_table(found: Sequence[Conclusion]) -> str:
    """Markdown table of the documented claims and what became of them."""
    header = ["documented", "here", "measured"]
    rows = [[c.claim, "confirmed" if c.confirmed else "contradicted", c.evidence] for c in found]
    return table(header, rows, left=3)
