"""What the suite finds, put together: its texts and its figures, by file name."""

from collections.abc import Collection, Sequence

from mnist_tradeoff.analysis import comparison
from mnist_tradeoff.analysis.trainings import Training, tidy
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report import frontier, suite_figures, suite_tables
from mnist_tradeoff.report.conclusions import conclusions
from mnist_tradeoff.report.markdown import sections
from mnist_tradeoff.report.style import Figures, in_folders, themed

MAX_STEPS_DRAWN = 6
ONLY_SOME = (
    "Of so many models only neighbours are compared, by parameters, along the front (on "
    "validation) with the references, and every two references."
)
ONLY_THE_FRONT = (
    "Only steps along the front (on validation) with the references. The figure has the "
    f"{MAX_STEPS_DRAWN} that correct and break most."
)


def suite_texts(
    trainings: Sequence[Training],
    dataset: Dataset,
    seeds: int,
    wanted: Collection[str] = tuple(REFERENCES),
) -> dict[str, str]:
    """``results.md`` with all tables, and ``results.csv``, tidy.

    Args:
        seeds: how many trainings of each model there should be.
        wanted: the models that there should be.
    """
    costs = comparison.costs_of(trainings, dataset.task)
    correct = comparison.correct_by_model(trainings, dataset.test.labels)
    summary = suite_tables.summary_table(trainings, seeds, costs, dataset.is_mnist, wanted)
    pairs = comparison.compared_pairs(trainings, costs)
    found = comparison.differences(correct, costs, pairs)
    differences = _captioned(ONLY_SOME, suite_tables.difference_table(found), trainings)
    tables = [(f"Models on {dataset.name}", summary)]
    if dataset.is_mnist and (nets := frontier.small_nets(trainings, costs)):
        tables += frontier.frontier_tables(nets, costs)
    tables.append(("Which differences are real", differences))
    thing = "digit" if dataset.is_mnist or dataset.name == "digits" else "image"
    for cost in EXACT_OBJECTIVES:
        table = suite_tables.step_table(_steps(trainings, correct, cost, costs), thing)
        table = _captioned(ONLY_THE_FRONT, table, trainings)
        tables.append((f"What more {COSTS[cost].label} buy", table))
    if dataset.is_mnist and (found := conclusions(trainings, correct, costs)):
        tables.append(("The documented conclusions", suite_tables.conclusion_table(found)))
    return {"results.md": sections(tables), "results.csv": tidy(trainings).to_csv(index=False)}


def _captioned(caption: str, table: str, trainings: Sequence[Training]) -> str:
    """A table, of many models with what it leaves out."""
    return table if comparison.is_few(trainings) else f"{caption}\n\n{table}"


def _steps(
    trainings: Sequence[Training], correct: comparison.Correct, cost: str, costs: comparison.Costs
) -> list[comparison.Step]:
    names = comparison.compared_by(cost, trainings, costs)
    return comparison.steps({name: correct[name] for name in names}, cost, costs)


def largest(steps: Sequence[comparison.Step]) -> list[comparison.Step]:
    """Of many steps those that correct and break most: as many as a figure has room for."""
    sizes = [len(step.corrected) + len(step.broken) for step in steps]
    kept = sorted(range(len(steps)), key=lambda i: -sizes[i])[:MAX_STEPS_DRAWN]
    return [steps[i] for i in sorted(kept)]


def suite_pictures(trainings: Sequence[Training], dataset: Dataset) -> Figures:
    """The figures of the comparison, each for light and for dark pages."""
    drawn: Figures = {}
    costs = comparison.costs_of(trainings, dataset.task)
    for metric in ("val_accuracy", "val_loss"):
        drawn |= themed(f"{metric}_by_epoch", suite_figures.metric_by_epoch, trainings, metric)
    drawn |= themed("final_accuracy", suite_figures.final_accuracy, trainings, dataset.is_mnist)
    draw = suite_figures.accuracy_against_cost
    drawn |= themed("accuracy_against_cost", draw, trainings, costs, also_small=True)
    if dataset.is_mnist and (nets := frontier.small_nets(trainings, costs)):
        drawn |= themed("frontier", frontier.frontier, nets, costs)
    correct = comparison.correct_by_model(trainings, dataset.test.labels)
    mistakes = comparison.common_mistakes(trainings, dataset.test.labels)
    for cost in EXACT_OBJECTIVES:
        if steps := largest(_steps(trainings, correct, cost, costs)):
            file = f"bought_by_{COSTS[cost].label.lower()}"
            drawn |= themed(file, suite_figures.step_gallery, steps, dataset, mistakes)
    return in_folders(drawn)
