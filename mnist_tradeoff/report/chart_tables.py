"""The numbers of a study's charts, as tables beside them."""

import numpy as np

from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.report.charts import reference_levels
from mnist_tradeoff.report.numbers import MISSING, interval, mean_and_sd
from mnist_tradeoff.report.search_tables import Table, cost_text, shown_costs
from mnist_tradeoff.search.results import SearchResults
from mnist_tradeoff.search.successive_halving import TrialRecord

# Of more, a page would be slow; all are in trials.csv.
MAX_TRIALS = 300


def model_table(results: SearchResults, cost: str) -> Table:
    """The front and the references; the front of the trials where none has been trained anew."""
    if not results.finalists:
        header = ["model", COSTS[cost].label, "validation %", "trials"]
        rows = [
            [
                f"`{one.proposal}`",
                cost_text(one.costs[cost]),
                f"{100 * one.val_accuracy:.2f}",
                ", ".join(map(str, one.trials)),
            ]
            for one in results.trial_front
        ]
        return "The front of the trials so far", header, rows, 1
    header = ["", "model", COSTS[cost].label, "validation %", "test %", "95 % interval", "n"]
    models = [("front", one) for one in results.finalists]
    models += [("reference", one) for one in results.references]
    return "Front and references as a table", header, [_row(*one, cost) for one in models], 2


def _row(role: str, model: Model, cost: str) -> list[str]:
    return [
        role,
        f"`{model.name}`",
        cost_text(model.costs[cost]),
        mean_and_sd(model.val),
        mean_and_sd(model.test),
        interval(model.test),
        str(model.test.n),
    ]


def hypervolume_table(results: SearchResults) -> Table:
    """Every trial that raised or lowered the hypervolume, and the references' levels."""
    grown = results.progress
    changes = np.flatnonzero(np.diff([0.0, *(point.hv2 for point in grown)]))
    rows = [
        [str(i + 1), str(grown[i].trial_number), f"{grown[i].seconds:,.0f}", f"{grown[i].hv2:.3f}"]
        for i in changes
    ]
    rows += [[name, "", "", f"{level:.3f}"] for name, level in reference_levels(results).items()]
    header = ["completed trials", "trial", "seconds of trials", "HV2"]
    return "The hypervolume as a table", header, rows, 1


def evolution_table(results: SearchResults) -> Table:
    """The front after a quarter, a half, three quarters and all of the trials."""
    label = COSTS[results.cost].label
    header = ["after trials", "models", f"fewest {label}", "its validation %"]
    header += [f"most {label}", "its validation %"]
    rows = []
    for count, found in results.quarters:
        ends = [
            text
            for one in found[:1] + found[-1:]
            for text in (cost_text(one.costs[results.cost]), f"{100 * one.val_accuracy:.2f}")
        ]
        rows.append([str(count), str(len(found)), *(ends or [MISSING] * 4)])
    return "The fronts as a table", header, rows, 1


def trial_table(results: SearchResults) -> Table:
    """The trials, the best first."""
    ordered = sorted(results.trials, key=_rank)
    header = ["architecture", "trial", *(COSTS[cost].label for cost in shown_costs(results))]
    header += ["epochs", "validation %", "what became of it"]
    rows = [
        [
            f"`{trial.architecture}`",
            str(trial.number),
            *(cost_text(trial.costs[cost]) for cost in shown_costs(results)),
            str(trial.rungs[-1].epochs) if trial.rungs else MISSING,
            f"{100 * trial.rungs[-1].val_accuracy:.2f}" if trial.rungs else MISSING,
            trial.error or ("full length" if trial.at(results.epochs) else "stopped early"),
        ]
        for trial in ordered[:MAX_TRIALS]
    ]
    more = len(ordered) - len(rows)
    title = "All trials as a table" if not more else f"The {MAX_TRIALS} best trials as a table"
    return title, header, rows, 1


def _rank(trial: TrialRecord) -> tuple[int, float]:
    """The longest training first, and of these the most accurate."""
    if not trial.rungs:
        return 0, 0.0
    return -trial.rungs[-1].epochs, -trial.rungs[-1].val_accuracy


def importance_table(results: SearchResults) -> Table:
    """How much each parameter matters, by objective."""
    objectives = list(results.importances)
    names = dict.fromkeys(name for one in results.importances.values() for name in one)
    rows = [
        [name, *(f"{results.importances[one].get(name, 0.0):.0%}" for one in objectives)]
        for name in names
    ]
    return "The shares as a table", ["parameter", *objectives], rows, 1
