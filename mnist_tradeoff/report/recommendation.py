"""A recommendation in words, and the card of its model."""

from collections.abc import Mapping

from mnist_tradeoff.analysis.recommendation import Recommendation, budget_text, number
from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.report.numbers import interval, mean_and_sd
from mnist_tradeoff.report.plain import as_code
from mnist_tradeoff.system.plain import shortened

# A description in MLflow holds 5,000 characters.
MAX_CLASSES, MAX_NAME = 20, 40


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
        *_excluded(found),
    ]
    return "\n".join(lines) + "\n"


def _excluded(found: Recommendation) -> list[str]:
    """Models that could not be looked at under these budgets, and why."""
    names = [f"{as_code(one.name)} ({'; '.join(one.left_out.values())})" for one in found.excluded]
    lines = ["", f"Not compared, because their files cannot be made: {', '.join(names)}."]
    return lines if names else []


def model_card(description: str, exported: str, dataset: Dataset) -> str:
    """What is registered beside a model, Markdown: why it is this one, its files, and its images.

    Args:
        description: see ``describe``.
        exported: what the files cost, a line.
    """
    height, width, channels = dataset.task.input_shape
    kind = "grey" if channels == 1 else "RGB"
    lines = [
        description,
        f"Exported: {exported}.",
        f"Trained on: {as_code(dataset.name)}, {height}×{width} {kind} images (uint8) in "
        f"{dataset.task.classes:,} classes{_class_names(dataset)}.",
        f"Input: {_input(dataset)}",
    ]
    return "\n".join(lines) + "\n"


def _input(dataset: Dataset) -> str:
    """What the model must be given."""
    shape = ", ".join(map(str, dataset.task.image_shape))
    return (
        f"images (n, {shape}) with whole values 0 to 255, as in an image file; not scaled to 0 to "
        "1, not normalised. Served over HTTP, "
        '`{"inputs": [image, …]}` of at most 10,000 images; all else is rejected with a line. '
        "Output: a score for each class (logits); the class is the largest."
    )


def _class_names(dataset: Dataset) -> str:
    """By the number of the score, where the source has names."""
    names = dataset.class_names
    shown = [
        f"{i} {as_code(shortened(one, MAX_NAME))}" for i, one in enumerate(names[:MAX_CLASSES])
    ]
    if len(names) > len(shown):
        shown.append(f"… {len(names) - 1} {as_code(shortened(names[-1], MAX_NAME))}")
    return f": {', '.join(shown)}" if shown else ""


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
