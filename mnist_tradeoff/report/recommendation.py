"""A recommendation in words."""

from collections.abc import Mapping

from mnist_tradeoff.analysis.recommendation import Recommendation, budget_text, number
from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.report.numbers import interval, mean_and_sd


def describe(found: Recommendation, budgets: Mapping[str, float], cost: str) -> str:
    """The recommendation as Markdown: the model, its costs and interval, and the next steps."""
    chosen = found.chosen
    asked = ", ".join(budget_text(name, budget) for name, budget in budgets.items())
    lines = [
        f"# `{chosen.name}`",
        "",
        f"Budget: {asked or 'none'}. Of the models that fit, `{found.best.name}` is the best on "
        f"validation ({mean_and_sd(found.best.val)} %, standard error "
        f"{100 * found.standard_error:.2f} points); the cheapest in {cost} within one standard "
        "error of it is this one.",
        "",
        table(
            ["", "model", cost, "×", "validation %", "test %", "95 % interval", "n"],
            [
                _row(what, option, chosen, cost)
                for what, option in (
                    ("next cheaper", found.cheaper),
                    ("take this", chosen),
                    ("next better", found.better),
                )
                if option
            ],
            left=2,
        ),
        "",
        "Costs: "
        + ", ".join(f"{name} {number(value)}" for name, value in chosen.costs.items())
        + ".",
    ]
    return "\n".join(lines) + "\n"


def _row(what: str, option: Model, chosen: Model, cost: str) -> list[str]:
    return [
        what,
        f"`{option.name}`",
        number(option.costs[cost]),
        f"{option.costs[cost] / chosen.costs[cost]:.2f}",
        mean_and_sd(option.val),
        mean_and_sd(option.test),
        interval(option.test),
        str(option.test.n),
    ]
