"""What the suite finds, put together: its texts and its figures, by file name."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from mnist_tradeoff.analysis import comparison
from mnist_tradeoff.analysis import trainings as results
from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report import figures
from mnist_tradeoff.report.figures import themed


def suite_texts(trainings: Sequence[Training], dataset: Dataset, seeds: int) -> dict[str, str]:
    """``results.md`` with all tables, and ``results.csv``, tidy.

    Args:
        seeds: how many trainings of each reference there should be.
    """
    correct = comparison.correct_by_model(trainings, dataset.test.labels)
    sections = {
        f"The references on {dataset.name}": results.summary_table(
            trainings, seeds, dataset.is_mnist
        ),
        "Which differences are real": comparison.difference_table(comparison.differences(correct)),
    }
    for cost, name in comparison.COSTS.items():
        steps = comparison.steps(correct, cost)
        sections[f"What more {name} buy"] = comparison.step_table(steps)
    if dataset.is_mnist and (found := comparison.conclusions(trainings, correct)):
        sections["The documented conclusions"] = comparison.conclusion_table(found)
    tables = "\n\n".join(f"## {title}\n\n{table}" for title, table in sections.items())
    return {
        "results.md": tables + "\n",
        "results.csv": results.tidy(trainings).to_csv(index=False),
    }


def suite_figures(trainings: Sequence[Training], dataset: Dataset) -> dict[str, Figure]:
    """The figures of the comparison, each for light and for dark pages."""
    drawn = {}
    for metric in ("val_accuracy", "val_loss"):
        drawn |= themed(f"{metric}_by_epoch", figures.metric_by_epoch, trainings, metric)
    drawn |= themed("final_accuracy", figures.final_accuracy, trainings, dataset.is_mnist)
    drawn |= themed("accuracy_against_cost", figures.accuracy_against_cost, trainings)
    correct = comparison.correct_by_model(trainings, dataset.test.labels)
    mistakes = comparison.common_mistakes(trainings, dataset.test.labels)
    for cost, name in comparison.COSTS.items():
        if steps := comparison.steps(correct, cost):
            file = f"bought_by_{name.lower()}"
            drawn |= themed(file, figures.step_gallery, steps, dataset.test, mistakes)
    return drawn
