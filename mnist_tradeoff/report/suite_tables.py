"""What the suite finds, as Markdown tables."""

from collections.abc import Collection, Mapping, Sequence

from mnist_tradeoff.analysis.comparison import Costs, Step
from mnist_tradeoff.analysis.statistics import Difference, Sample
from mnist_tradeoff.analysis.trainings import Training, balanced, by_model, median_seconds, sample
from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.report.conclusions import Conclusion
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.report.numbers import MISSING, interval, mean_and_sd


def summary_table(
    trainings: Sequence[Training],
    seeds: int,
    costs: Costs,
    is_mnist: bool,
    wanted: Collection[str] = tuple(REFERENCES),
) -> str:
    """Markdown table of the references and others: cost, seconds, accuracies, what is documented.

    Args:
        seeds: how many trainings of each there should be; what is missing shows in column n.
        is_mnist: whether the documented accuracies apply.
        wanted: the models that there should be; the references among them come first.
    """
    header = [
        *("model", "parameters", "× cnn_v1", "MACs", "× cnn_v2", "seconds"),
        *("validation %", "test %", "95 % interval", "n"),
        *(("balanced %",) if any(map(balanced, by_model(trainings).values())) else ()),
        *(("documented %", "difference") if is_mnist else ()),
    ]
    groups = {name: [] for name in REFERENCES if name in wanted and name in costs} | by_model(
        trainings
    )
    rows = [_summary_row(name, group, seeds, costs) for name, group in groups.items()]
    if "balanced %" in header:
        for row, group in zip(rows, groups.values(), strict=True):
            found = balanced(group)
            row.append(mean_and_sd(found) if found else MISSING)
    if is_mnist:
        for row, (name, group) in zip(rows, groups.items(), strict=True):
            row += _documented_cells(name, sample(group, "test_accuracy") if group else None)
    return table(header, rows)


def _summary_row(name: str, group: Sequence[Training], seeds: int, costs: Costs) -> list[str]:
    num_params, macs = costs[name]["num_params"], costs[name]["macs"]
    test = sample(group, "test_accuracy") if group else None
    return [
        f"`{name}`",
        f"{num_params:,}",
        _ratio(num_params, costs, "cnn_v1", "num_params", 1),
        f"{macs:,}",
        _ratio(macs, costs, "cnn_v2", "macs", 2),
        f"{median_seconds(group):.1f}" if group else MISSING,
        mean_and_sd(sample(group, "val_accuracy")) if group else MISSING,
        mean_and_sd(test) if test else MISSING,
        interval(test) if test else MISSING,
        str(seeds) if len(group) == seeds else f"{len(group)} of {seeds}",
    ]


def _ratio(value: int, costs: Costs, reference: str, cost: str, digits: int) -> str:
    """How many times a reference's cost it is, where that one fits on the images."""
    return f"{value / costs[reference][cost]:.{digits}f}" if reference in costs else MISSING


def _documented_cells(name: str, test: Sample | None) -> tuple[str, str]:
    if name not in REFERENCES:
        return MISSING, MISSING
    documented = REFERENCES[name].documented_test_accuracy
    gain = f"{100 * (test.mean - documented):+.2f}" if test else MISSING
    return f"{100 * documented:.2f}", gain


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


def step_table(found: Sequence[Step], thing: str = "digit") -> str:
    """Markdown table of steps: what is paid, what is corrected and broken.

    Args:
        thing: what a test image shows.
    """
    header = ["from", "to", "paid", "corrected", "broken", "net", f"paid for one {thing}"]
    rows = []
    for step in found:
        label = COSTS[step.cost].label
        net = len(step.corrected) - len(step.broken)
        rows.append(
            [
                f"`{step.cheaper}`",
                f"`{step.costlier}`",
                f"{step.paid:,} {label}",
                str(len(step.corrected)),
                str(len(step.broken)),
                f"{net:+d}",
                f"{step.paid / net:,.0f} {label}" if net > 0 else "nothing gained",
            ]
        )
    return table(header, rows, left=2)


def conclusion_table(found: Sequence[Conclusion]) -> str:
    """Markdown table of the documented claims and what became of them."""
    header = ["documented", "here", "measured"]
    rows = [[c.claim, "confirmed" if c.confirmed else "contradicted", c.evidence] for c in found]
    return table(header, rows, left=3)
