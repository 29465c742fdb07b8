"""Which model to take under a budget: the cheapest that cannot be told from the best that fits.

The one-standard-error rule (Breiman et al., "Classification and Regression Trees", 1984): the best
of many is the best partly by luck, and what lies within its standard error may be as good. Models
are compared on validation; the test accuracies are only reported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_tradeoff.analysis.statistics import Sample
from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.architecture.costs import COSTS

ACCURACY_BUDGET = "min_accuracy"


@dataclass(frozen=True)
class Recommendation:
    """The answer to a budget.

    chosen: the model to take.
    best: the best on validation that fits, which may be the same.
    standard_error: of the best one's validation accuracy.
    cheaper, better: the next cheaper model that gives up accuracy, the next better one whether or
        not it fits; None at the ends.
    excluded: models whose costs cannot be measured, because a file of theirs cannot be made.
    """

    chosen: Model
    best: Model
    standard_error: float
    cheaper: Model | None
    better: Model | None
    excluded: Sequence[Model] = ()


def recommend(
    options: Sequence[Model], budgets: Mapping[str, float], cost: str, val_images: int
) -> Recommendation:
    """The recommendation under budgets.

    Args:
        options: of any order.
        budgets: the most of each cost; ``min_accuracy`` is the least mean validation accuracy.
        cost: the one that orders the models from cheap to expensive.
        val_images: how many images the validation accuracies are of.

    Raises:
        ValueError: no model fits; the message says which budget binds and what comes nearest. Or a
            cost is asked for that has not been measured for every model, or that cannot be.
    """
    options, excluded = _with_files(options, [*budgets, cost])
    _require_measured(options, [*budgets, cost])
    fitting = [option for option in options if fits(option, budgets)]
    if not fitting:
        raise ValueError(_why_none(options, budgets))
    best = max(fitting, key=lambda option: option.val.mean)
    error = standard_error(best.val, val_images)
    as_good = [option for option in fitting if option.val.mean >= best.val.mean - error]
    chosen = min(as_good, key=lambda option: (option.costs[cost], -option.val.mean))
    cheaper = [
        o for o in options if o.costs[cost] < chosen.costs[cost] and o.val.mean < chosen.val.mean
    ]
    better = [
        o for o in options if o.costs[cost] > chosen.costs[cost] and o.val.mean > chosen.val.mean
    ]
    return Recommendation(
        chosen,
        best,
        error,
        cheaper=max(cheaper, key=lambda o: (o.val.mean, -o.costs[cost]), default=None),
        better=min(better, key=lambda o: (o.costs[cost], -o.val.mean), default=None),
        excluded=excluded,
    )


def standard_error(accuracy: Sample, images: int) -> float:
    """Of a mean accuracy: from the seeds (where there are several) and from the images."""
    of_images = accuracy.mean * (1 - accuracy.mean) / images
    of_seeds = accuracy.sd**2 / accuracy.n if accuracy.n > 1 else 0.0
    return (of_images + of_seeds) ** 0.5


def fits(option: Model, budgets: Mapping[str, float]) -> bool:
    """Whether a model keeps every budget."""
    return all(_excess(option, name, budget) <= 0 for name, budget in budgets.items())


def _excess(option: Model, name: str, budget: float) -> float:
    """By which share of the budget it is missed; of the error, where it is an accuracy."""
    if name == ACCURACY_BUDGET:
        return (budget - option.val.mean) / max(1 - budget, 1e-6)
    return option.costs[name] / budget - 1


def _with_files(options: Sequence[Model], names: Sequence[str]) -> tuple[list[Model], list[Model]]:
    """The models that have the exported files which these costs are of, and those that cannot."""
    files = {COSTS[name].file for name in names if name != ACCURACY_BUDGET}
    kept = [option for option in options if not files & {*option.left_out}]
    excluded = [option for option in options if files & {*option.left_out}]
    if excluded and not kept:
        file, why = next(one for one in excluded[0].left_out.items() if one[0] in files)
        raise ValueError(f"no model has a {file}, which is measured: {excluded[0].name}: {why}")
    return kept, excluded


def _require_measured(options: Sequence[Model], names: Sequence[str]) -> None:
    for name in names:
        missing = [o for o in options if name != ACCURACY_BUDGET and name not in o.costs]
        if missing:
            raise ValueError(
                f"{name} has not been measured on this host for {len(missing)} of {len(options)} "
                "models: run the entry point export first"
            )


def _why_none(options: Sequence[Model], budgets: Mapping[str, float]) -> str:
    """One line: which budget alone is in the way, or that several are, and what comes nearest."""
    binding = [
        name
        for name in budgets
        if any(fits(o, {k: v for k, v in budgets.items() if k != name}) for o in options)
    ]
    asked = ", ".join(budget_text(name, budgets[name]) for name in budgets)
    in_the_way = f"only {' or '.join(binding)}" if binding else "no single budget"
    nearest = min(options, key=lambda o: max(_excess(o, k, v) for k, v in budgets.items()))
    found = ", ".join(
        f"{name} {number(nearest.costs[name])}"
        for name in budgets
        if name != ACCURACY_BUDGET and name in nearest.costs
    )
    return (
        f"no model keeps {asked}: {in_the_way} is in the way; nearest comes {nearest.name} "
        f"({found}{', ' if found else ''}val_accuracy {nearest.val.mean:.4f})"
    )


def budget_text(name: str, budget: float) -> str:
    """What is asked for: ``num_params ≤ 15,000``."""
    return f"{name} ≥ {budget:g}" if name == ACCURACY_BUDGET else f"{name} ≤ {number(budget)}"


def number(value: float) -> str:
    """Short: ``12,810`` or ``9.5``."""
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.4g}"
