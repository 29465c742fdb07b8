"""What a study found, in a sentence or two: the same on the page, in the terminal, in MLflow."""

import math

from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.report.numbers import ENOUGH_SEEDS, duration, mean_and_sd
from mnist_tradeoff.search.results import SearchResults
from mnist_tradeoff.system.plain import plural


def answer(results: SearchResults) -> str:
    """The ends of the front, and what of it stands beside the most accurate reference."""
    if not results.finalists:
        return _of_trials(results)
    first, last = results.finalists[0], results.finalists[-1]
    if first is last:
        return f"One model is on the front: {_described(first, results.cost)}. {_against(results)}"
    return (
        f"{len(results.finalists)} models are on the front, from {_described(first, results.cost)} "
        f"to {_described(last, results.cost)}. {_against(results)}"
    ).strip()


def _of_trials(results: SearchResults) -> str:
    found = results.trial_front
    if not found:
        return "No trial has been trained at full length so far."
    ends = [
        f"{one.costs[results.cost]:,.0f} {COSTS[results.cost].label} with "
        f"{100 * one.val_accuracy:.2f} % on validation"
        for one in (found[0], found[-1])[: len(found)]
    ]
    return f"The front of the trials so far: {' to '.join(ends)}."


def _described(model: Model, cost: str) -> str:
    return (
        f"`{model.name}` ({model.costs[cost]:,.0f} {COSTS[cost].label}, "
        f"{mean_and_sd(model.test)} % on test)"
    )


def best_reference(results: SearchResults) -> Model | None:
    """The reference that is most accurate on test, of those that were trained."""
    return max(results.references, key=lambda one: one.test.mean, default=None)


def _against(results: SearchResults) -> str:
    reference = best_reference(results)
    if reference is None:
        return ""
    found = results.not_worse[reference.name]
    what = f"`{reference.name}`, the most accurate reference ({mean_and_sd(reference.test)} %)"
    if found is None:
        return f"None that is cheaper reaches {what}."
    times = reference.costs[results.cost] / found.costs[results.cost]
    seeds = min(found.test.n, reference.test.n)
    weak = f" by {plural(seeds, 'seed')} each" if seeds < ENOUGH_SEEDS else ""
    return (
        f"`{found.name}`, with {times:.1f} times fewer {COSTS[results.cost].label}, cannot be told "
        f"apart{weak} from {what}, or is better."
    )


def interim_text(results: SearchResults) -> str:
    """What a study that is not finished still lacks; empty for a finished one."""
    interim = results.interim
    if interim is None:
        return ""
    failed = sum(bool(trial.error) for trial in results.trials)
    parts = [
        f"{len(results.trials)} of {interim.trials} trials have ended",
        f"{failed} of them diverged",
        f"{results.rejected} proposals were rejected untrained",
    ]
    if interim.running:
        parts.append(f"{len(interim.running)} run now ({', '.join(interim.running)})")
    if not math.isnan(interim.seconds_left):
        parts.append(f"about {duration(interim.seconds_left)} are left for the trials")
    if interim.finals:
        parts.append(f"{interim.finals} trainings of the final models are missing")
    return f"Interim: {'; '.join(parts)}."
