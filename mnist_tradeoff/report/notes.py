"""What MLflow's page of a study or a suite says: its description, and the numbers that matter."""

from collections.abc import Sequence

import numpy as np

from mnist_tradeoff.analysis.comparison import costs_of
from mnist_tradeoff.analysis.hv2 import hv2, scale_of
from mnist_tradeoff.analysis.trainings import Training, by_model, sample
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report.answer import answer, interim_text
from mnist_tradeoff.report.numbers import mean_and_sd
from mnist_tradeoff.search.results import SearchResults, hv2_of, hv2_of_finalists
from mnist_tradeoff.search.successive_halving import candidates
from mnist_tradeoff.system.plain import plural, visible

# Of a suite's models; a description with more is not read.
MAX_LISTED = 12
HOW_TO_READ_A_FRONT = (
    "Up and to the left is better: less error, for less. The steps join the models that nothing "
    "cheaper equals on test; grey points are trials, by validation. `report.html` among the "
    "artifacts has all of it, with its words explained."
)


def study_note(results: SearchResults, next_command: str) -> str:
    """What a study is, what it found, how to read its figure, and what to do next: Markdown."""
    costs = ", ".join(results.costs)
    return "\n\n".join(
        filter(
            None,
            [
                f"A search for the Pareto front between accuracy and {costs} on "
                f"{visible(results.dataset)}: {len(results.trials)} trials, of up to "
                f"{results.epochs} epochs.",
                interim_text(results),
                answer(results),
                HOW_TO_READ_A_FRONT,
                f"Next: `{next_command}`",
            ],
        )
    )


def study_metrics(results: SearchResults) -> dict[str, float]:
    """HV2 on validation and test, how many trials, how large the front, and the best accuracies."""
    found: dict[str, float] = {
        "trials": len(results.trials),
        "front_size": len(results.trial_front),
        "hv2_search": hv2_of(candidates(results.trials, results.epochs), results.scale),
    }
    if results.trial_front:
        found["best_val_accuracy"] = max(one.val_accuracy for one in results.trial_front)
    if results.finalists:
        found["hv2_test"] = hv2_of_finalists(results.finalists, "test", results.scale)
        found["best_test_accuracy"] = max(one.test.mean for one in results.finalists)
    return found


def suite_note(trainings: Sequence[Training], dataset: str, next_command: str) -> str:
    """What a suite is, what it found, how to read its figure, and what to do next: Markdown."""
    groups = by_model(trainings)
    lines = [
        f"- `{name}`: {mean_and_sd(sample(group, 'test_accuracy'))} % on test, "
        f"{plural(len(group), 'seed')}"
        for name, group in groups.items()
    ]
    if len(lines) > MAX_LISTED:
        lines[MAX_LISTED:] = [f"- and {len(lines) - MAX_LISTED} more in `results.md`"]
    seeds = "several seeds" if max(map(len, groups.values())) > 1 else "one seed"
    is_references = set(groups) == set(REFERENCES)
    what = "The four reference architectures" if is_references else f"{len(groups)} models"
    return "\n\n".join(
        [
            f"{what} on {visible(dataset)}, each trained with {seeds}.",
            "\n".join(lines),
            "Up and to the left is better: less error, for less. `results.md` among the artifacts "
            "says which differences are real, and what the extra cost buys.",
            f"Next: `{next_command}`",
        ]
    )


def suite_metrics(trainings: Sequence[Training], dataset: Dataset) -> dict[str, float]:
    """How many trainings, HV2 of their models on test, and the best mean accuracy."""
    groups = by_model(trainings)
    accuracies = [sample(group, "test_accuracy").mean for group in groups.values()]
    costs = costs_of(trainings, dataset.task)
    params = [costs[name]["num_params"] for name in groups]
    scale = scale_of(dataset.name, dataset.task)
    return {
        "trainings": len(trainings),
        "hv2_test": hv2(np.array(params), np.array(accuracies), scale),
        "best_test_accuracy": max(accuracies),
    }
