"""What a search found, as tables: those that people read, and the CSV files."""

import itertools
from collections.abc import Sequence

import numpy as np

from mnist_tradeoff.analysis.statistics import CONFIDENCE, majority_correct, paired_difference
from mnist_tradeoff.analysis.trainings import Model, balanced
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.report.numbers import MISSING, interval, mean_and_sd
from mnist_tradeoff.report.public_table import public_hv2, public_table
from mnist_tradeoff.search.results import (
    DOCUMENTED_HV2,
    SearchResults,
    best_no_more_expensive,
    cheapest_as_accurate,
    hv2_of,
    hv2_of_finalists,
    on_test_front,
)
from mnist_tradeoff.search.successive_halving import TrialRecord, candidates

Table = tuple[str, list[str], list[list[str]], int]


def tables(results: SearchResults) -> list[Table]:
    """Title, header, rows, and how many columns are text, of every table of the report."""
    found = [front_table(results)]
    if results.references:
        found += [reference_table(results), budget_table(results)]
        if results.is_mnist:
            found += [documented_table(results), public_table(results)]
    steps = [step_table(results)] if len(results.finalists) > 1 else []
    return [*found, *steps, account_table(results)]


def front_table(results: SearchResults) -> Table:
    """The front, by its finals."""
    header = ["model", *(COSTS[cost].label for cost in shown_costs(results))]
    header += ["test %", "95 % interval", "n", "on the test front", "validation %", "search %"]
    is_balanced = any(balanced(finalist.trainings) for finalist in results.finalists)
    header += ["balanced test %"] if is_balanced else []
    rows = [
        [
            f"`{finalist.name}`",
            *(cost_text(finalist.costs[cost]) for cost in shown_costs(results)),
            mean_and_sd(finalist.test),
            interval(finalist.test),
            str(finalist.test.n),
            "yes" if on else "no",
            mean_and_sd(finalist.val),
            f"{100 * finalist.search_accuracy:.2f}",
            *([_balanced(finalist)] if is_balanced else []),
        ]
        for finalist, on in zip(results.finalists, on_test_front(results), strict=True)
    ]
    return "The front", header, rows, 1


def _balanced(model: Model) -> str:
    found = balanced(model.trainings)
    return mean_and_sd(found) if found else MISSING


def shown_costs(results: SearchResults) -> list[str]:
    """The costs of the tables: those that every trial has, and the study's own."""
    return [cost for cost in COSTS if cost in {*EXACT_OBJECTIVES, *results.costs}]


def cost_text(value: float) -> str:
    """A cost as people read it: with a digit behind the point where that says something."""
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.1f}"


def step_table(results: SearchResults) -> Table:
    """What each step along the front buys."""
    header = ["from", "to", "paid", "corrected", "broken", "points", "95 % interval", "told apart?"]
    pairs = itertools.pairwise(results.finalists)
    rows = []
    for (a, b), d in zip(pairs, results.steps, strict=True):
        right_a, right_b = majority_correct(a.correct), majority_correct(b.correct)
        rows.append(
            [
                f"`{a.name}`",
                f"`{b.name}`",
                f"× {b.costs[results.cost] / a.costs[results.cost]:.2f}",
                str(int((right_b & ~right_a).sum())),
                str(int((right_a & ~right_b).sum())),
                f"{100 * d.difference:+.2f}",
                f"{100 * d.low:+.2f} to {100 * d.high:+.2f}",
                "yes" if d.is_real else "tied",
            ]
        )
    return "What each step along the front buys", header, rows, 2


def reference_table(results: SearchResults) -> Table:
    """For each reference the cheapest at least as accurate, and the cheapest that ties with it."""
    fewer = f"fewer {COSTS[results.cost].label}"
    header = ["reference", "test %", "at least as accurate, and cheapest", fewer]
    header += ["points (95 % interval)", "not told apart or better, and cheapest", fewer]
    header += ["points (95 % interval)"]
    rows = []
    for reference in results.references:
        as_accurate = cheapest_as_accurate(results, reference, reference.test.mean)
        tied = results.not_worse[reference.name]
        rows.append(
            [
                f"`{reference.name}`",
                mean_and_sd(reference.test),
                *_against(reference, as_accurate, results.cost),
                *_against(reference, tied, results.cost),
            ]
        )
    return "Cheaper than the references", header, rows, 1


def budget_table(results: SearchResults) -> Table:
    """For each reference the most accurate model of the front that is no more expensive."""
    header = [
        "reference",
        "test %",
        "no more expensive, and best",
        "its test %",
        "points (95 % interval)",
    ]
    rows = []
    for reference in results.references:
        best = best_no_more_expensive(results, reference)
        model, _, points = _against(reference, best, results.cost)
        of_best = mean_and_sd(best.test) if best else MISSING
        row = [f"`{reference.name}`", mean_and_sd(reference.test), model, of_best, points]
        rows.append(row)
    return "The best that costs no more than each reference", header, rows, 1


def _against(reference: Model, found: Model | None, cost: str) -> list[str]:
    if found is None:
        return [MISSING] * 3
    d = paired_difference(reference.correct, found.correct)
    return [
        f"`{found.name}`",
        f"{reference.costs[cost] / found.costs[cost]:.1f} times",
        f"{100 * d.difference:+.2f} ({100 * d.low:+.2f} to {100 * d.high:+.2f})",
    ]


def documented_table(results: SearchResults) -> Table:
    """The cheapest finalist that reaches each documented accuracy."""
    name = COSTS[results.cost].label
    header = ["reference", "documented %", "cheapest that reaches it", "test %", f"fewer {name}"]
    rows = []
    for reference in results.references:
        documented = REFERENCES[reference.name].documented_test_accuracy
        found = cheapest_as_accurate(results, reference, documented)
        rows.append(
            [
                f"`{reference.name}`",
                f"{100 * documented:.2f}",
                f"`{found.name}`" if found else MISSING,
                mean_and_sd(found.test) if found else MISSING,
                f"{reference.costs[results.cost] / found.costs[results.cost]:.1f} times"
                if found
                else MISSING,
            ]
        )
    return "Against the documented accuracies", header, rows, 1


def account_table(results: SearchResults) -> Table:
    """How the front was found, and how much of it is luck."""
    return "How it was found", ["", ""], [*_trial_rows(results), *_front_rows(results)], 1


def _trial_rows(results: SearchResults) -> list[list[str]]:
    trials = results.trials
    full = [trial for trial in trials if trial.at(results.epochs)]
    audited = [trial for trial in full if trial.audited]
    members = {f.architecture for f in results.finalists}
    wrong = sum(trial.architecture in members for trial in audited)
    stopped = [trial for trial in trials if not trial.at(results.epochs) and not trial.error]
    architectures = {trial.architecture for trial in trials}
    return [
        ["trials", f"{len(trials)} of {len(architectures)} architectures"],
        ["rejected untrained, over budget", str(results.rejected)],
        ["diverged", str(sum(bool(trial.error) for trial in trials))],
        ["trained at full length", f"{len(full)}, of {results.epochs} epochs"],
        ["stopped early by successive halving", str(len(stopped))],
        ["to be stopped, but trained on as a sample", str(len(audited))],
        ["… of them on the front after all", _share(wrong, len(audited))],
        ["seconds of all trials", f"{_seconds(trials):,.0f}"],
        ["… of them in training steps", f"{_train_seconds(trials):,.0f}"],
    ]


def _front_rows(results: SearchResults) -> list[list[str]]:
    scale = results.scale
    in_search = hv2_of(candidates(results.trials, results.epochs), scale)
    seen = _gap(results, "search_accuracy", "val")
    landmarks = [
        ["HV2 of the documented references", f"{DOCUMENTED_HV2:.3f}"],
        ["HV2 of the public nets", f"{public_hv2():.3f}"],
    ]
    return [
        *(landmarks if results.is_mnist else []),
        ["HV2 of the references, test", _hv2(results.references, "test", results)],
        ["HV2 of the front in the search, validation", f"{in_search:.3f}"],
        ["HV2 of the front's finals, validation", _hv2(results.finalists, "val", results)],
        ["HV2 of the front's finals, test", _hv2(results.finalists, "test", results)],
        ["optimism: search − finals, validation, mean points", seen],
        ["optimism: finals, validation − test, mean points", _gap(results, "val", "test")],
    ]


def _hv2(models: Sequence[Model], split: str, results: SearchResults) -> str:
    """Of models that were trained anew; of none there is nothing to say."""
    return f"{hv2_of_finalists(models, split, results.scale):.3f}" if models else MISSING


def _share(wrong: int, n: int) -> str:
    if not n:
        return "0 of 0"
    from scipy.stats import binomtest  # here: it is slow to start

    ci = binomtest(wrong, n).proportion_ci(CONFIDENCE)
    return f"{wrong} of {n} (95 % interval {ci.low:.0%} to {ci.high:.0%})"


def _seconds(trials: Sequence[TrialRecord]) -> float:
    return sum((trial.completed - trial.started).total_seconds() for trial in trials)


def _train_seconds(trials: Sequence[TrialRecord]) -> float:
    return sum(rung.train_seconds for trial in trials for rung in trial.rungs)


def _gap(results: SearchResults, high: str, low: str) -> str:
    def value(finalist: Model, name: str) -> float:
        found = getattr(finalist, name)
        return found if isinstance(found, float) else found.mean

    gaps = [value(f, high) - value(f, low) for f in results.finalists]
    return f"{100 * float(np.mean(gaps)):+.2f}" if gaps else MISSING
