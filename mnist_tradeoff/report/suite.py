"""What the suite finds, put together: its texts and its figures, by file name."""

from collections.abc import Sequence

from mnist_tradeoff.analysis import comparison
from mnist_tradeoff.analysis.trainings import Training, tidy
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report import frontier, suite_figures, suite_tables
from mnist_tradeoff.report.conclusions import conclusions
from mnist_tradeoff.report.markdown import sections
from mnist_tradeoff.report.style import Figures, in_folders, small, themed


def suite_texts(trainings: Sequence[Training], dataset: Dataset, seeds: int) -> dict[str, str]:
    """``results.md`` with all tables, and ``results.csv``, tidy.

    Args:
        seeds: how many trainings of each model there should be.
    """
    costs = comparison.costs_of(trainings, dataset.task)
    correct = comparison.correct_by_model(trainings, dataset.test.labels)
    summary = suite_tables.summary_table(trainings, seeds, costs, dataset.is_mnist)
    differences = suite_tables.difference_table(comparison.differences(correct, costs))
    tables = [(f"Models on {dataset.name}", summary)]
    if dataset.is_mnist and (nets := frontier.small_nets(trainings, costs)):
        tables += frontier.frontier_tables(nets)
    tables.append(("Which differences are real", differences))
    thing = "digit" if dataset.is_mnist or dataset.name == "digits" else "image"
    for cost in EXACT_OBJECTIVES:
        steps = comparison.steps(correct, cost, costs)
        tables.append((f"What more {COSTS[cost].label} buy", suite_tables.step_table(steps, thing)))
    if dataset.is_mnist and (found := conclusions(trainings, correct, costs)):
        tables.append(("The documented conclusions", suite_tables.conclusion_table(found)))
    return {"results.md": sections(tables), "results.csv": tidy(trainings).to_csv(index=False)}


def suite_pictures(trainings: Sequence[Training], dataset: Dataset) -> Figures:
    """The figures of the comparison, each for light and for dark pages."""
    drawn: Figures = {}
    costs = comparison.costs_of(trainings, dataset.task)
    for metric in ("val_accuracy", "val_loss"):
        drawn |= themed(f"{metric}_by_epoch", suite_figures.metric_by_epoch, trainings, metric)
    drawn |= themed("final_accuracy", suite_figures.final_accuracy, trainings, dataset.is_mnist)
    draw = suite_figures.accuracy_against_cost
    drawn |= themed("accuracy_against_cost", draw, trainings, costs)
    drawn |= small("accuracy_against_cost", draw, trainings, costs)
    if dataset.is_mnist and (nets := frontier.small_nets(trainings, costs)):
        drawn |= themed("frontier", frontier.frontier, nets, costs)
    correct = comparison.correct_by_model(trainings, dataset.test.labels)
    mistakes = comparison.common_mistakes(trainings, dataset.test.labels)
    for cost in EXACT_OBJECTIVES:
        if steps := comparison.steps(correct, cost, costs):
            file = f"bought_by_{COSTS[cost].label.lower()}"
            drawn |= themed(file, suite_figures.step_gallery, steps, dataset, mistakes)
    return in_folders(drawn)
