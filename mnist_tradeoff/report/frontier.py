"""The front of the small nets that a suite trained on MNIST, against the published ones."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib.figure import Figure

from mnist_tradeoff.analysis.comparison import Costs
from mnist_tradeoff.analysis.hv2 import MNIST_SCALE, hv2
from mnist_tradeoff.analysis.pareto import staircase
from mnist_tradeoff.analysis.trainings import Model, Training, by_model, median_seconds
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.architecture.public_nets import PUBLIC_NETS
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.report.numbers import MISSING, interval, mean_and_sd
from mnist_tradeoff.report.public_points import draw_public
from mnist_tradeoff.report.public_table import public_hv2
from mnist_tradeoff.report.style import (
    FRONT_STYLE,
    REFERENCE_STYLES,
    error_axis,
    mean_of_seeds,
    new_figure,
    shown_error,
    shown_margin,
)

# Parameters of the published nets that are to be beaten, twice the last, and accuracies asked for.
BUDGETS = (700, 1_200, 2_000, 4_000, 6_200, 8_000, 10_000, 20_000)
ACCURACIES = (0.98, 0.99, 0.995)


def small_nets(trainings: Sequence[Training], costs: Costs) -> list[Model]:
    """The models that are no references, by parameters; one trained for longer is another."""
    models = [
        Model(name, seeds[0].architecture, costs[name], seeds)
        for name, group in by_model(trainings).items()
        if name not in REFERENCES
        for seeds in _of_equal_epochs(group)
    ]
    return sorted(models, key=lambda one: one.costs["num_params"])


def _of_equal_epochs(trainings: Sequence[Training]) -> list[list[Training]]:
    return [list(group) for _, group in groupby(trainings, key=lambda one: one.epochs)]


def frontier_tables(models: Sequence[Model], references: Costs) -> list[tuple[str, str]]:
    """Title and Markdown of: every net, the best within budgets, the cheapest to accuracies.

    Args:
        references: their costs by name.
    """
    params, accuracies = zip(
        *((one.costs["num_params"], one.test.mean) for one in models), strict=True
    )
    found = hv2(np.array(params), np.array(accuracies), MNIST_SCALE)
    title = f"The small nets: HV2 {found:.3f} of test means, public nets {public_hv2():.3f}"
    smallest = _accuracy_table(models, references, "num_params")
    fewest_macs = _accuracy_table(models, references, "macs")
    return [
        (title, _nets_table(models)),
        ("The best on validation within a budget of parameters", _budget_table(models)),
        ("The smallest whose validation accuracy is there", smallest),
        ("The fewest MACs whose validation accuracy is there", fewest_macs),
    ]


def _nets_table(models: Sequence[Model]) -> str:
    header = ["net", "parameters", "MACs", "epochs", "validation %", "test %", "95 % interval"]
    rows = [
        [
            f"`{one.name}`",
            *(f"{one.costs[cost]:,}" for cost in EXACT_OBJECTIVES),
            _epochs(one),
            mean_and_sd(one.val),
            mean_and_sd(one.test),
            interval(one.test),
            str(one.test.n),
            f"{median_seconds(one.trainings):.0f}",
        ]
        for one in models
    ]
    return table([*header, "n", "seconds"], rows)


def _budget_table(models: Sequence[Model]) -> str:
    """Of published nets the best that is not chosen among many on the test images."""
    header = [
        "at most",
        "net",
        "parameters",
        "epochs",
        "test %",
        "95 % interval",
        "public, one run or mean %",
    ]
    rows = []
    for budget in BUDGETS:
        within = [one for one in models if one.costs["num_params"] <= budget]
        best = max(within, key=lambda one: one.val.mean, default=None)
        public = [
            net.test_accuracy
            for net in PUBLIC_NETS
            if net.num_params <= budget and net.protocol != "best of many"
        ]
        reported = f"{100 * max(public):.2f}" if public else MISSING
        rows.append([f"{budget:,}", *_cells(best, "num_params"), reported])
    return table(header, rows, left=2)


def _accuracy_table(models: Sequence[Model], references: Costs, cost: str) -> str:
    """Of plain accuracies, and of the references' as they are documented."""
    asked = [(f"{accuracy:.1%}", accuracy, None) for accuracy in ACCURACIES]
    asked += [
        (f"`{name}` {one.documented_test_accuracy:.2%}", one.documented_test_accuracy, name)
        for name, one in REFERENCES.items()
    ]
    rows = []
    for text, accuracy, reference in asked:
        reached = [one for one in models if one.val.mean >= accuracy]
        best = min(reached, key=lambda one: one.costs[cost], default=None)
        times = MISSING
        if best and reference:
            times = f"{references[reference][cost] / best.costs[cost]:.0f} times"
        rows.append([text, *_cells(best, cost), times])
    label = COSTS[cost].label
    header = ["accuracy", "net", label, "epochs", "test %", "95 % interval", f"fewer {label}"]
    return table(header, rows, left=2)


def _cells(model: Model | None, cost: str) -> list[str]:
    if not model:
        return [MISSING] * 5
    spent = f"{model.costs[cost]:,}"
    accuracy = (mean_and_sd(model.test), interval(model.test))
    return [f"`{model.name}`", spent, _epochs(model), *accuracy]


def _epochs(model: Model) -> str:
    return str(model.trainings[0].epochs or MISSING)


def frontier(models: Sequence[Model], references: Costs) -> Figure:
    """Mean test error over parameters and MACs, log axes; published nets as open symbols.

    Args:
        references: their costs by name; they are drawn as they are documented.
    """
    figure = new_figure(10, 5.4)
    panels = figure.subplots(1, 2, sharey=True)
    errors = [shown_error(1 - one.test.mean) for one in models]
    margins = [min(shown_margin(one.test), 0.9 * (1 - one.test.mean)) for one in models]
    for axes, cost in zip(panels, EXACT_OBJECTIVES, strict=True):
        draw_public(axes, cost)
        costs = [one.costs[cost] for one in models]
        looks = {**FRONT_STYLE, "linestyle": "none", "elinewidth": 1, "label": "this project"}
        axes.errorbar(costs, errors, margins, **looks)
        corners = staircase(list(zip(costs, errors, strict=True)))
        axes.step(*corners.T, where="post", color=FRONT_STYLE["color"], linewidth=1)
        for name, one in REFERENCES.items():
            marker = {**REFERENCE_STYLES[name], "linestyle": "none", "label": f"{name}, documented"}
            axes.plot(references[name][cost], 1 - one.documented_test_accuracy, **marker)
        axes.set(xscale="log", xlabel=f"{COSTS[cost].label} (log scale)")
        axes.grid(alpha=0.3)
    error_axis(panels[0], [*errors, *(1 - net.test_accuracy for net in PUBLIC_NETS)])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9)
    figure.suptitle(f"The front of small nets: {mean_of_seeds(one.test for one in models)}")
    return figure
