"""The document's claims about the four references, held against the measurements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_tradeoff.analysis.comparison import Correct, Costs, differences
from mnist_tradeoff.analysis.statistics import Difference
from mnist_tradeoff.analysis.trainings import Training, by_model, median_seconds, sample
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.report.numbers import mean_and_sd


@dataclass(frozen=True)
class Conclusion:
    """A documented claim held against the measurements."""

    claim: str
    confirmed: bool
    evidence: str


def conclusions(trainings: Sequence[Training], correct: Correct, costs: Costs) -> list[Conclusion]:
    """The document's claims, one by one; empty unless all four references were trained."""
    trained = by_model(trainings)
    if not set(REFERENCES) <= set(trained):
        return []
    groups = {name: trained[name] for name in REFERENCES}
    found = differences({name: correct[name] for name in REFERENCES}, costs)
    accuracies = {name: sample(group, "test_accuracy").mean for name, group in groups.items()}
    text = {name: f"{mean_and_sd(sample(g, 'test_accuracy'))} %" for name, g in groups.items()}
    return [
        _most_efficient(accuracies, text, costs),
        _most_accurate(found, text),
        _most_expensive(groups, costs),
        _neighbourhoods(found, text, costs),
    ]


def _most_efficient(
    accuracies: Mapping[str, float], text: Mapping[str, str], costs: Costs
) -> Conclusion:
    params = {name: costs[name]["num_params"] for name in REFERENCES}
    # Nothing is smaller, and it does not pay for that with the last place.
    confirmed = (
        min(params, key=params.__getitem__)
        == "cnn_v1"
        != min(accuracies, key=accuracies.__getitem__)
    )
    macs = costs["cnn_v1"]["macs"] / costs["ann"]["macs"]
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


def _most_expensive(groups: Mapping[str, Sequence[Training]], costs: Costs) -> Conclusion:
    seconds = {name: median_seconds(group) for name, group in groups.items()}
    params, macs = (
        {name: costs[name][cost] for name in REFERENCES} for cost in ("num_params", "macs")
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
    found: Mapping[tuple[str, str], Difference], text: Mapping[str, str], costs: Costs
) -> Conclusion:
    against = {b: d for (a, b), d in found.items() if a == "ann"}
    share = costs["ann"]["num_params"] / costs["cnn_v1"]["num_params"]
    return Conclusion(
        "the `ann` loses what neighbouring pixels tell",
        all(d.is_real and d.difference > 0 for d in against.values()),
        f"{text['ann']}, below every CNN, and {100 * against['cnn_v1'].difference:.2f} points "
        f"below `cnn_v1` with {share:.1f} times its parameters",
    )
