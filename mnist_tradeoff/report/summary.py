"""What is printed when a command has ended: a few rows, no wider than a terminal."""

import textwrap
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from mnist_tradeoff.analysis.comparison import costs_of
from mnist_tradeoff.analysis.recommendation import Recommendation
from mnist_tradeoff.analysis.trainings import Model, Training, balanced, by_model, sample
from mnist_tradeoff.architecture.costs import (
    COSTS,
    EXACT_OBJECTIVES,
    FLOAT_ACCURACY,
    INT8_ACCURACY,
)
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report.answer import answer, interim_text
from mnist_tradeoff.report.numbers import MISSING, mean_and_sd, shown
from mnist_tradeoff.report.search_tables import cost_text
from mnist_tradeoff.search.results import SearchResults, on_test_front
from mnist_tradeoff.system.plain import COLUMNS, shortened, visible

ROWS = 6
MODEL_WIDTH = 40
# Longer than any net of the frontier's: it has a line or two.
MAX_NAME = 240


def search_summary(results: SearchResults, folder: Path) -> str:
    """The answer, six rows of the front and where the rest is, at most 80 columns wide.

    Args:
        folder: of the report's files.
    """
    lines = [f"Study {results.study} on {visible(results.dataset)}: {len(results.trials)} trials"]
    if results.interim:
        lines += textwrap.wrap(interim_text(results), COLUMNS)
    lines += textwrap.wrap(answer(results).replace("`", ""), COLUMNS, break_on_hyphens=False)
    lines += ["", *_front(results), "", f"  {'report':<14}{nearby(folder / 'report.html')}"]
    return (
        "\n".join([*lines, f"  {'tables':<14}pareto.md, pareto.csv, trials.csv beside it"]) + "\n"
    )


def suite_summary(trainings: Sequence[Training], dataset: Dataset) -> str:
    """The models with their costs and accuracies, at most 80 columns wide."""
    costs = costs_of(trainings, dataset.task)
    groups = by_model(trainings)
    balance = {name: mean_and_sd(one) for name, group in groups.items() if (one := balanced(group))}
    last = "balanced %" if balance else "seeds"
    lines = [f"Models on {visible(dataset.name)}"]
    lines.append(f"  {'model':<24}{'parameters':>12}{'MACs':>13}{'test %':>14}{last:>14}")
    for name, group in groups.items():
        params, macs = (f"{costs[name][cost]:,}" for cost in EXACT_OBJECTIVES)
        accuracy = mean_and_sd(sample(group, "test_accuracy"))
        end = balance.get(name, MISSING) if balance else str(len(group))
        lines += _row(name, 24, f"{params:>12}{macs:>13}{accuracy:>14}{end:>14}")
    lines.append(f"\n  {'tables':<14}results.md and results.csv among the run's artifacts")
    return "\n".join(lines)


def nearby(path: Path) -> str:
    """A path as it is typed from the current folder, where it lies below that."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _front(results: SearchResults) -> list[str]:
    """Evenly spread over the front, its ends included."""
    rows = _of_finals(results) if results.finalists else _of_trials(results)
    places = spread(len(rows), ROWS)
    split = "test %" if results.finalists else "validation %"
    of_all = len(results.finalists) or len(rows)
    name = "the front" if len(rows) == of_all else f"the front by test, {len(rows)} of {of_all}"
    header = (name, COSTS[results.cost].label, split)
    more = len(rows) - len(places)
    end = [f"  … and {more} more in the report"] if more else []
    return [*chain.from_iterable(map(_line, [header, *(rows[i] for i in places)])), *end]


def _of_finals(results: SearchResults) -> list[tuple[str, str, str]]:
    return [
        (one.name, cost_text(one.costs[results.cost]), mean_and_sd(one.test))
        for one, on in zip(results.finalists, on_test_front(results), strict=True)
        if on
    ]


def _of_trials(results: SearchResults) -> list[tuple[str, str, str]]:
    return [
        (
            str(one.proposal),
            cost_text(one.costs[results.cost]),
            f"{100 * one.val_accuracy:.2f}",
        )
        for one in results.trial_front
    ]


def _line(cells: tuple[str, str, str]) -> list[str]:
    name, cost, accuracy = cells
    return _row(name, MODEL_WIDTH, f"{cost:>16}{accuracy:>18}")


def _row(name: str, width: int, numbers: str, before: str = "") -> list[str]:
    """A model's numbers beside its name, or below one that is too long for its column.

    Nets of one family begin alike: a name that is cut would tell none from another.
    """
    indent = 2 + len(before)
    if len(visible(name)) < width:
        return [f"  {before}{visible(name):<{width}}{numbers}"]
    whole = shortened(visible(name), MAX_NAME)
    lines = textwrap.wrap(whole, COLUMNS - indent, break_on_hyphens=False)
    lines = [f"  {before}{lines[0]}", *(" " * indent + line for line in lines[1:])]
    return [*lines, " " * (indent + width) + numbers]


def device_summary(models: Sequence[Model]) -> str:
    """What exported models cost, float32 / int8, at most 80 columns wide and of six models.

    Args:
        models: the cheapest first, with their metrics.
    """
    kept = [models[i] for i in spread(len(models), ROWS)]
    lines = [f"Exported, float32 / int8: {len(models)} models"]
    lines.append(f"  {'model':<26}{'bytes':>20}{'µs':>14}{'test %':>16}")
    for model in kept:
        found = model.metrics
        size = " / ".join(shown(found, f"{kind}size_bytes", ",.0f") for kind in ("", "int8_"))
        times = " / ".join(shown(found, f"{kind}latency_us", ".1f") for kind in ("", "int8_"))
        both = (FLOAT_ACCURACY, INT8_ACCURACY)
        accuracies = " / ".join(shown(found, accuracy, ".2f", 100) for accuracy in both)
        lines += _row(model.name, 26, f"{size:>20}{times:>14}{accuracies:>16}")
    if len(models) > len(kept):
        lines.append(f"  … and {len(models) - len(kept)} more in costs.md")
    lines += _left_out(models)
    lines.append(f"\n  {'tables':<14}costs.md and costs.csv among the run's artifacts")
    return "\n".join(lines)


def _left_out(models: Sequence[Model]) -> list[str]:
    """Which files could not be made or run, and why; six of them."""
    found = [(file, model.name, why) for model in models for file, why in model.left_out.items()]
    lines = []
    for file, name, why in found[:ROWS]:
        line = f"left out: {file} of {shortened(visible(name), MODEL_WIDTH)}: {why}"
        lines += textwrap.wrap(line, COLUMNS, initial_indent="  ", subsequent_indent="    ")
    more = [f"  … and {len(found) - ROWS} more in costs.md"] if len(found) > ROWS else []
    return [*lines, *more]


def recommendation_summary(found: Recommendation, cost: str) -> str:
    """The model to take between its neighbours, at most 80 columns wide."""
    options = (
        ("next cheaper", found.cheaper),
        ("take this", found.chosen),
        ("next better", found.better),
    )
    lines = [f"  {'':<14}{'model':<32}{COSTS[cost].label:>14}{'test %':>16}"]
    for what, option in options:
        if option:
            numbers = f"{cost_text(option.costs[cost]):>14}{mean_and_sd(option.test):>16}"
            lines += _row(option.name, 32, numbers, f"{what:<14}")
    lines.append(f"\n  {'why':<14}recommendation.md among the run's artifacts")
    return "\n".join(lines)


def spread(count: int, most: int) -> list[int]:
    """At most so many places of a list, evenly over it, its ends included."""
    return [int(i) for i in np.linspace(0, count - 1, min(most, count)).round()]
