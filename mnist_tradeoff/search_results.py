"""What a search found: the front with its finals, against the references, and how it was found."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mnist_tradeoff.architectures import REFERENCES, parse, reference_of
from mnist_tradeoff.comparison import correct_by_model
from mnist_tradeoff.ladder import Candidate, TrialRecord, candidates, front, points, rung_epochs
from mnist_tradeoff.pareto import hv2, on_front
from mnist_tradeoff.results import MISSING, Training, by_model, interval, mean_and_sd, sample
from mnist_tradeoff.statistics import (
    CONFIDENCE,
    Difference,
    Sample,
    majority_correct,
    paired_difference,
)

DOCUMENTED_HV2 = hv2(
    np.array([reference.documented_num_params for reference in REFERENCES.values()]),
    np.array([reference.documented_test_accuracy for reference in REFERENCES.values()]),
)


def model_name(architecture: str) -> str:
    """A reference's name, or the notation."""
    reference = reference_of(parse(architecture))
    return reference.name if reference else architecture


@dataclass(frozen=True)
class Finalist:
    """A model of the front, or a reference, trained anew with several seeds and tested.

    search_accuracy: mean validation accuracy of its trials, NaN for one that was no trial.
    val, test: accuracies over the seeds.
    correct: bool (seeds, images), which seed is right on which test image.
    """

    model: str
    architecture: str
    costs: Mapping[str, float]
    search_accuracy: float
    trials: Sequence[int]
    val: Sample
    test: Sample
    correct: np.ndarray
    run_ids: Sequence[str]


@dataclass(frozen=True)
class SearchResults:
    """A finished study with its finals.

    costs: the names of those that were minimised; the first one orders the front.
    epochs: full length of a training.
    finalists: of the validation front, the cheapest first.
    references: those that were trained, in their order.
    """

    study: str
    dataset: str
    costs: Sequence[str]
    budgets: Mapping[str, int]
    epochs: int
    trials: Sequence[TrialRecord]
    refused: int
    importances: Mapping[str, Mapping[str, float]]
    finalists: Sequence[Finalist]
    references: Sequence[Finalist]

    @property
    def cost(self) -> str:
        """The cost that orders the front."""
        return self.costs[0]


def finalists_of(
    found: Sequence[Candidate],
    reference_costs: Mapping[str, Mapping[str, float]],
    trainings: Sequence[Training],
    labels: np.ndarray,
) -> tuple[list[Finalist], list[Finalist]]:
    """The front's models and the references that have finished trainings.

    Args:
        found: the front of the trials, the cheapest first.
        reference_costs: by the reference's name.
        labels: of the test images.
    """
    groups = by_model(trainings)
    correct = correct_by_model(trainings, labels)

    def finalist(one: Candidate) -> Finalist:
        name = model_name(one.architecture)
        return Finalist(
            model=name,
            architecture=one.architecture,
            costs=one.costs,
            search_accuracy=one.val_accuracy,
            trials=one.trials,
            val=sample(groups[name], "val_accuracy"),
            test=sample(groups[name], "test_accuracy"),
            correct=correct[name],
            run_ids=[training.run_id for training in groups[name]],
        )

    references = [
        Candidate(str(REFERENCES[name].architecture), costs, float("nan"), [])
        for name, costs in reference_costs.items()
        if name in groups
    ]
    of_front = [one for one in found if model_name(one.architecture) in groups]
    return list(map(finalist, of_front)), list(map(finalist, references))


def neighbours(finalists: Sequence[Finalist]) -> list[Difference]:
    """Paired difference of each finalist to the next dearer one, on the same test images."""
    return [paired_difference(a.correct, b.correct) for a, b in itertools.pairwise(finalists)]


def on_test_front(results: SearchResults) -> list[bool]:
    """Which finalists no other one dominates in mean test accuracy and costs."""
    rows = [
        [1 - f.test.mean, *(f.costs[cost] for cost in results.costs)] for f in results.finalists
    ]
    return on_front(np.array(rows).reshape(len(rows), 1 + len(results.costs))).tolist()


def pareto_frame(results: SearchResults) -> pd.DataFrame:
    """``pareto.csv``: one row per model of the front and per reference."""
    ties = [not difference.is_real for difference in neighbours(results.finalists)]
    test_front = on_test_front(results)
    rows = [
        {
            **_row(finalist),
            "on_test_front": test_front[i],
            "tied_with_next": ties[i] if i < len(ties) else False,
        }
        for i, finalist in enumerate(results.finalists)
    ]
    rows += [_row(finalist) for finalist in results.references]
    roles = ["front"] * len(results.finalists) + ["reference"] * len(results.references)
    frame = pd.DataFrame(rows)
    frame.insert(0, "role", roles)
    return frame


def _row(finalist: Finalist) -> dict[str, object]:
    return {
        "model": finalist.model,
        "architecture": finalist.architecture,
        **finalist.costs,
        "search_val_accuracy": finalist.search_accuracy,
        "trials": " ".join(map(str, finalist.trials)),
        "seeds": finalist.test.n,
        "val_accuracy": finalist.val.mean,
        "val_accuracy_sd": finalist.val.sd,
        "test_accuracy": finalist.test.mean,
        "test_accuracy_sd": finalist.test.sd,
        "test_accuracy_low": finalist.test.low,
        "test_accuracy_high": finalist.test.high,
        "run_ids": " ".join(finalist.run_ids),
    }


def trials_frame(results: SearchResults) -> pd.DataFrame:
    """``trials.csv``: one row per trial."""
    return pd.DataFrame(
        [
            {
                "trial_number": trial.number,
                "architecture": trial.architecture,
                **trial.costs,
                "epochs": trial.rungs[-1].epochs if trial.rungs else 0,
                "val_accuracy": trial.rungs[-1].val_accuracy if trial.rungs else float("nan"),
                "full_length": trial.at(results.epochs) is not None,
                "audited": trial.audited,
                "seed": trial.seed,
                "train_seconds": sum(rung.train_seconds for rung in trial.rungs),
                "trial_seconds": (trial.completed - trial.started).total_seconds(),
                "error": trial.error,
            }
            for trial in results.trials
        ]
    )


@dataclass(frozen=True)
class Standing:
    """Whether a trial's architecture is on the front, and the number of a trial that dominates."""

    on_front: bool
    dominated_by: int | None


def standings(
    trials: Sequence[TrialRecord], costs: Sequence[str], epochs: int
) -> dict[int, Standing]:
    """Where each trial stands, by its number.

    A trial stands where the mean of its architecture stands, among those of its own length; one
    that was stopped short is never on the front.
    """
    found = {trial.number: Standing(on_front=False, dominated_by=None) for trial in trials}
    for length in rung_epochs(epochs):
        of_length = candidates(trials, length)
        best = front(of_length, costs)
        best_points = points(best, costs)
        for one, point in zip(of_length, points(of_length, costs), strict=True):
            better = (best_points <= point).all(axis=1) & (best_points < point).any(axis=1)
            by = best[int(better.argmax())].trials[0] if better.any() else None
            standing = Standing(by is None and length == epochs, by)
            found |= dict.fromkeys(one.trials, standing)
    return found


@dataclass(frozen=True)
class Progress:
    """HV2 of the front after a trial: its number, and the seconds of all trials up to it."""

    trial_number: int
    seconds: float
    hv2: float


def progress(trials: Sequence[TrialRecord], epochs: int) -> list[Progress]:
    """How the hypervolume of the full-length trials grew, in the order they were completed."""
    ordered = sorted(trials, key=lambda trial: trial.completed)
    seconds = itertools.accumulate((t.completed - t.started).total_seconds() for t in ordered)
    return [
        Progress(trial.number, second, hv2_of(candidates(ordered[: i + 1], epochs)))
        for i, (trial, second) in enumerate(zip(ordered, seconds, strict=True))
    ]


def hv2_of(found: Sequence[Candidate]) -> float:
    """HV2 of candidates by their mean validation accuracy; 0 of none."""
    accuracies = np.array([one.val_accuracy for one in found])
    return hv2(np.array([one.costs["num_params"] for one in found]), accuracies)


def hv2_of_finalists(finalists: Sequence[Finalist], split: str) -> float:
    """HV2 of finalists by their mean accuracy on ``val`` or ``test``."""
    accuracies = np.array([getattr(finalist, split).mean for finalist in finalists])
    return hv2(np.array([finalist.costs["num_params"] for finalist in finalists]), accuracies)


Table = tuple[str, list[str], list[list[str]], int]


def tables(results: SearchResults) -> list[Table]:
    """Title, header, rows, and how many columns are text, of every table of the report."""
    found = [front_table(results)]
    if results.references:
        found += [reference_table(results)]
        if results.dataset == "mnist":
            found += [documented_table(results)]
    return [*found, step_table(results), account_table(results)]


def front_table(results: SearchResults) -> Table:
    """The front, by its finals."""
    header = ["model", *(COST_NAMES[cost] for cost in _shown_costs(results))]
    header += ["search %", "validation %", "test %", "95 % interval", "n", "on the test front"]
    rows = [
        [
            f"`{finalist.model}`",
            *(_cost(finalist.costs[cost]) for cost in _shown_costs(results)),
            f"{100 * finalist.search_accuracy:.2f}",
            mean_and_sd(finalist.val),
            mean_and_sd(finalist.test),
            interval(finalist.test),
            str(finalist.test.n),
            "yes" if on else "no",
        ]
        for finalist, on in zip(results.finalists, on_test_front(results), strict=True)
    ]
    return "The front", header, rows, 1


COST_NAMES = {
    "num_params": "parameters",
    "macs": "MACs",
    "latency_us": "latency µs",
    "size_bytes": "bytes",
}


def _shown_costs(results: SearchResults) -> list[str]:
    return [cost for cost in COST_NAMES if cost in {"num_params", "macs", *results.costs}]


def _cost(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.1f}"


def step_table(results: SearchResults) -> Table:
    """What each step along the front buys."""
    header = ["from", "to", "paid", "mended", "broken", "points", "95 % interval", "told apart?"]
    pairs = itertools.pairwise(results.finalists)
    rows = []
    for (a, b), d in zip(pairs, neighbours(results.finalists), strict=True):
        right_a, right_b = majority_correct(a.correct), majority_correct(b.correct)
        rows.append(
            [
                f"`{a.model}`",
                f"`{b.model}`",
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
    """For each reference the cheapest at least as accurate, and the best that is no dearer."""
    name = COST_NAMES[results.cost]
    header = ["reference", "test %", "at least as accurate, and cheapest", f"fewer {name}"]
    header += ["points (95 % interval)", "no dearer, and best", "points (95 % interval)"]
    rows = []
    for reference in results.references:
        cheapest = cheapest_as_accurate(results, reference, reference.test.mean)
        best = best_no_dearer(results, reference)
        rows.append(
            [
                f"`{reference.model}`",
                mean_and_sd(reference.test),
                *_against(reference, cheapest, results.cost),
                *(_against(reference, best, results.cost)[::2]),
            ]
        )
    return "Against the references", header, rows, 1


def cheapest_as_accurate(
    results: SearchResults, reference: Finalist, accuracy: float
) -> Finalist | None:
    """The cheapest finalist, other than the reference, of at least this mean test accuracy."""
    others = [f for f in results.finalists if f.model != reference.model]
    fit = [finalist for finalist in others if finalist.test.mean >= accuracy]
    return min(fit, key=lambda finalist: finalist.costs[results.cost], default=None)


def best_no_dearer(results: SearchResults, reference: Finalist) -> Finalist | None:
    """The most accurate finalist on test, other than the reference, that costs no more."""
    others = [f for f in results.finalists if f.model != reference.model]
    fit = [f for f in others if f.costs[results.cost] <= reference.costs[results.cost]]
    return max(fit, key=lambda finalist: finalist.test.mean, default=None)


def _against(reference: Finalist, found: Finalist | None, cost: str) -> list[str]:
    if found is None:
        return [MISSING] * 3
    d = paired_difference(reference.correct, found.correct)
    return [
        f"`{found.model}`",
        f"{reference.costs[cost] / found.costs[cost]:.1f} times",
        f"{100 * d.difference:+.2f} ({100 * d.low:+.2f} to {100 * d.high:+.2f})",
    ]


def documented_table(results: SearchResults) -> Table:
    """The cheapest finalist that reaches each documented accuracy."""
    name = COST_NAMES[results.cost]
    header = ["reference", "documented %", "cheapest that reaches it", "test %", f"fewer {name}"]
    rows = []
    for reference in results.references:
        documented = REFERENCES[reference.model].documented_test_accuracy
        found = cheapest_as_accurate(results, reference, documented)
        rows.append(
            [
                f"`{reference.model}`",
                f"{100 * documented:.2f}",
                f"`{found.model}`" if found else MISSING,
                mean_and_sd(found.test) if found else MISSING,
                f"{reference.costs[results.cost] / found.costs[results.cost]:.1f} times"
                if found
                else MISSING,
            ]
        )
    return "Against the documented accuracies", header, rows, 1


def account_table(results: SearchResults) -> Table:
    """How the front was found, and how much of it is luck."""
    trials = results.trials
    full = [trial for trial in trials if trial.at(results.epochs)]
    audited = [trial for trial in full if trial.audited]
    members = {f.architecture for f in results.finalists}
    wrong = sum(trial.architecture in members for trial in audited)
    stopped = [trial for trial in trials if not trial.at(results.epochs) and not trial.error]
    architectures = {trial.architecture for trial in trials}
    rows = [
        ["trials", f"{len(trials)} of {len(architectures)} architectures"],
        ["refused untrained, over budget", str(results.refused)],
        ["diverged", str(sum(bool(trial.error) for trial in trials))],
        ["trained at full length", f"{len(full)}, of {results.epochs} epochs"],
        ["stopped short by the ladder", str(len(stopped))],
        ["to be stopped, but trained on as a sample", str(len(audited))],
        ["… of them on the front after all", _share(wrong, len(audited))],
        ["seconds of all trials", f"{_seconds(trials):,.0f}"],
        ["… of them in training steps", f"{_train_seconds(trials):,.0f}"],
        ["HV2 of the documented references", f"{DOCUMENTED_HV2:.3f}"],
        ["HV2 of the references, test", f"{hv2_of_finalists(results.references, 'test'):.3f}"],
        [
            "HV2 of the front in the search, validation",
            f"{hv2_of(candidates(trials, results.epochs)):.3f}",
        ],
        [
            "HV2 of the front's finals, validation",
            f"{hv2_of_finalists(results.finalists, 'val'):.3f}",
        ],
        ["HV2 of the front's finals, test", f"{hv2_of_finalists(results.finalists, 'test'):.3f}"],
        [
            "optimism: search − finals, validation, mean points",
            _gap(results, "search_accuracy", "val"),
        ],
        ["optimism: finals, validation − test, mean points", _gap(results, "val", "test")],
    ]
    return "How it was found", ["", ""], rows, 1


def _share(wrong: int, n: int) -> str:
    if not n:
        return "0 of 0"
    ci = stats.binomtest(wrong, n).proportion_ci(CONFIDENCE)
    return f"{wrong} of {n} (95 % interval {ci.low:.0%} to {ci.high:.0%})"


def _seconds(trials: Sequence[TrialRecord]) -> float:
    return sum((trial.completed - trial.started).total_seconds() for trial in trials)


def _train_seconds(trials: Sequence[TrialRecord]) -> float:
    return sum(rung.train_seconds for trial in trials for rung in trial.rungs)


def _gap(results: SearchResults, high: str, low: str) -> str:
    def value(finalist: Finalist, name: str) -> float:
        found = getattr(finalist, name)
        return found if isinstance(found, float) else found.mean

    gaps = [value(f, high) - value(f, low) for f in results.finalists]
    return f"{100 * float(np.mean(gaps)):+.2f}" if gaps else MISSING
