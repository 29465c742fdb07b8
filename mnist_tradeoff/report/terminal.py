"""What a person sees: progress while it trains, a summary at the end."""

import os
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from mnist_tradeoff.analysis.classes import balanced_accuracies
from mnist_tradeoff.architecture.costs import exact_costs
from mnist_tradeoff.architecture.own_model import AnyArchitecture
from mnist_tradeoff.architecture.references import REFERENCES, misfit, reference_of
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.data.sets import DATA_VARIABLE
from mnist_tradeoff.data.summary import Summary
from mnist_tradeoff.report.numbers import duration
from mnist_tradeoff.search.successive_halving import TrialRecord
from mnist_tradeoff.system.plain import COLUMNS, folded, shortened
from mnist_tradeoff.system.processes import RUN_VARIABLE, launched_project

if TYPE_CHECKING:  # it starts TensorFlow
    from mnist_tradeoff.training.loop import Epoch, FinalResult

# Of what is told in one line, so many are named.
MAX_NAMED = 5
# Of 80 columns: what is left says how long still, and names what runs with its accuracy.
BAR_WIDTH = 10
# What the first seconds say of the time left is wrong by the time that a start takes.
SECONDS_BEFORE_A_GUESS, SHARE_BEFORE_A_GUESS = 3, 0.02
# Of the same line: for the names of what several workers do.
NAMES_WIDTH, MIN_NAME = 30, 8
# Asked at once: MLflow forgets it when it has opened the run.
BY_MLFLOW_RUN = RUN_VARIABLE in os.environ
PROJECT = shlex.quote(launched_project())
UNSAID = ("", "auto")


class Bar(tqdm):
    """One look for all bars: what, how far, for how long, how long still, and what runs now.

    On a terminal it is one line that never wraps and leaves nothing behind; elsewhere nothing.

    Args:
        what: one word before the bar.
        total: in any unit; that of the work to be done.
        done: of it, before this command.
        count: how the progress is written: ``{n_fmt}/{total_fmt}`` or ``{percentage:3.0f} %``.
    """

    def __init__(self, what: str, total: int, done: int = 0, count: str = "{percentage:3.0f} %"):
        super().__init__(
            total=total,
            initial=done,
            desc=what,
            bar_format=f"{{desc}} {count} |{{bar:{BAR_WIDTH}}}| {{elapsed}}{{left}}{{postfix}}",
            disable=not sys.stderr.isatty(),
            leave=False,
            dynamic_ncols=True,
        )

    @property
    def format_dict(self) -> dict[str, Any]:
        """What the line shows; the time left follows from all that was done, not from the last."""
        found = super().format_dict
        done = found["n"] - found["initial"]
        left = ""
        share = done / max(1, found["total"] - found["initial"])
        is_known = share >= SHARE_BEFORE_A_GUESS and found["elapsed"] > SECONDS_BEFORE_A_GUESS
        if is_known and found["n"] < found["total"]:
            seconds = found["elapsed"] * (found["total"] - found["n"]) / done
            left = f", {duration(seconds)} left"
        return {**found, "left": left}

    def show(self, now: str) -> None:
        """Name what runs now, and let the seconds go on."""
        self.set_postfix_str(now)


class Progress:
    """A bar over all images of a training; where stderr is no terminal, a line for every epoch."""

    def __init__(self, epochs: int, images_per_epoch: int):
        self.epochs = epochs
        self.images_per_epoch = images_per_epoch
        self.bar = Bar("training", epochs * images_per_epoch)

    def __enter__(self) -> "Progress":
        self.bar.show(f"epoch 1/{self.epochs}")
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def on_images(self, images: int) -> None:
        self.bar.update(images)

    def on_epoch(self, epoch: "Epoch") -> None:
        accuracy = f"val_accuracy {epoch.val_accuracy:.4f}"
        if self.bar.disable:
            figures = f"loss {epoch.loss:.4f}, {accuracy}"
            print(f"epoch {epoch.epoch}/{self.epochs}: {figures}", file=sys.stderr, flush=True)
            return
        self.bar.n = epoch.epoch * self.images_per_epoch  # counts the last, partial batch
        is_last = epoch.epoch == self.epochs
        now = "testing and saving" if is_last else f"epoch {epoch.epoch + 1}/{self.epochs}"
        self.bar.show(f"{now}, {accuracy}")


class RunsProgress:
    """A bar over the work of several runs with the time left; else a line for each of them.

    Args:
        what: one word before the bar.
        work: of all runs together, in any unit.
    """

    def __init__(self, what: str, runs: int, work: int):
        self.runs = runs
        self.done = 0
        self.bar = Bar(what, work)

    def __enter__(self) -> "RunsProgress":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def on_start(self, name: str) -> None:
        self.bar.show(f"{self.done + 1}/{self.runs} {name}")

    def on_work(self, work: int) -> None:
        self.bar.update(work)

    def on_run(self, line: str) -> None:
        self.done += 1
        if self.bar.disable:
            print(f"{self.done}/{self.runs} {line}", file=sys.stderr, flush=True)
        elif "failed" in line:
            self.bar.write(line, file=sys.stderr)


class SearchProgress:
    """A bar over the trials of a study with the time left; else a line for each of them."""

    def __init__(self, done: int, total: int):
        self.total = total
        self.bar = Bar("search", total, min(done, total), "{n_fmt}/{total_fmt}")
        self.done = done

    def __enter__(self) -> "SearchProgress":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    @property
    def is_shown(self) -> bool:
        """Whether somebody looks at the bar."""
        return not self.bar.disable

    def on_trial(self, trial: TrialRecord) -> None:
        self.done += 1
        what = f"diverged: {trial.error}"
        if trial.rungs and not trial.error:
            last = trial.rungs[-1]
            what = f"val_accuracy {last.val_accuracy:.4f} after {last.epochs} epochs"
        if self.is_shown:
            self.bar.update(1)
        else:
            line = f"{self.done}/{self.total} trial {trial.number}: {trial.architecture}, {what}"
            print(line, file=sys.stderr, flush=True)

    def on_poll(self, running: Sequence[str] = ()) -> None:
        """The seconds go on while a trial is long; what runs is named, each in its share."""
        width = max(MIN_NAME, NAMES_WIDTH // max(1, len(running)))
        named = ", ".join(shortened(one, width) for one in running)
        waiting = "starting" if self.bar.n < self.total else "workers end"
        self.bar.show(f"now {named}" if running else waiting)


def tell(stage: str) -> None:
    """A line that says what is being done, where it takes seconds without a bar."""
    print(f"{stage} …", file=sys.stderr, flush=True)


def next_step(entry: str, **parameters: str) -> str:
    """A line for the terminal: what to do next."""
    return f"  {'next':<14}{folded(command(entry, **parameters), indent=16)}"


def command(entry: str, **parameters: str) -> str:
    """The command of an entry point, given as this one was: to ``mlflow run``, or to Python.

    Args:
        parameters: left out where their value is empty or ``auto``.
    """
    given = {name: shlex.quote(value) for name, value in parameters.items() if value not in UNSAID}
    if BY_MLFLOW_RUN:
        words = [f"mlflow run {PROJECT} --env-manager local -e {entry}"]
        words += [f"-P {name}={value}" for name, value in given.items()]
    else:
        words = [f"python -m experiments.{entry}"]
        words += [f"--{name} {value}" for name, value in given.items()]
    return " ".join(words)


def tell_reading(architecture: AnyArchitecture, notes: Sequence[str]) -> None:
    """Say how a notation was understood, where that is not plain."""
    if notes:
        line = f"read as {architecture}: {', '.join(notes)}"
        print(line, file=sys.stderr, flush=True)


def tell_misfits(models: Iterable[str], task: Task) -> list[str]:
    """Say which references do not fit on the images; the other models."""
    found = {name: REFERENCES[name] for name in models if name in REFERENCES}
    misfits = {name: reason for name, one in found.items() if (reason := misfit(one, task))}
    for name, reason in misfits.items():
        print(f"{name} is left out: {reason}", file=sys.stderr, flush=True)
    return [name for name in models if name not in misfits]


def tell_reused(reused: int, wanted: int) -> None:
    """Say what an earlier run has done already."""
    if reused:
        line = f"{reused} of {wanted} trainings were finished before, and are reused"
        print(line, file=sys.stderr, flush=True)


def tell_foreign(study: str, foreign: Mapping[int, str]) -> None:
    """Say which trials of a study do not count, and why.

    Args:
        foreign: the reason by the trial's number.
    """
    numbers: dict[str, list[int]] = {}
    for number, why in foreign.items():
        numbers.setdefault(why, []).append(number)
    if foreign:
        named = [f"{_listed(found)} ({why})" for why, found in list(numbers.items())[:MAX_NAMED]]
        rest = [number for found in list(numbers.values())[MAX_NAMED:] for number in found]
        more = [f"and {_listed(rest)} for other reasons"] if rest else []
        line = f"trials of study '{study}' that do not count: {', '.join([*named, *more])}"
        print(line, file=sys.stderr, flush=True)


def _listed(numbers: Sequence[int]) -> str:
    """Numbers in order, several that follow each other as from 3 to 9."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs
    )


def tell_dataset(dataset: Dataset) -> None:
    """Tell, so that nobody can miss it, that the digits demo stands in for MNIST.

    Of a set of the user's own, what was done to it, a line each.
    """
    for note in dataset.notes:
        print(f"{dataset.name}: {note}", file=sys.stderr, flush=True)
    if dataset.fallback_reason:
        lines = (
            "WARNING: THIS IS NOT MNIST. The 8x8 digits of scikit-learn stand in as a demo;",
            "the results say nothing about MNIST.",
            dataset.fallback_reason,
            f"To get MNIST: connect to the network, or set {DATA_VARIABLE}; run again.",
        )
        print("!" * COLUMNS, *lines, "!" * COLUMNS, sep="\n", file=sys.stderr, flush=True)


def tell_warnings(dataset: Dataset, found: Summary) -> None:
    """Say what may be wrong with a set, a line each."""
    for warning in found.warnings:
        print(f"{dataset.name}: warning: {warning}", file=sys.stderr, flush=True)


def summary(architecture: AnyArchitecture, dataset: Dataset, result: "FinalResult") -> str:
    """Table of the measured numbers beside the documented ones, where there are any."""
    reference = reference_of(architecture) if dataset.is_mnist else None
    rows = [
        *(
            (name, f"{value:,}", "")
            for name, value in exact_costs(architecture, dataset.task).items()
        ),
        ("train_seconds", f"{result.train_seconds:.1f}", ""),
        ("val_accuracy", f"{result.val.accuracy:.2%}", ""),
        ("test_accuracy", f"{result.test.accuracy:.2%}", ""),
    ]
    balanced = balanced_accuracies(dataset, result.val.predictions, result.test.predictions)
    rows += [(name, f"{value:.2%}", "each class counts alike") for name, value in balanced.items()]
    if reference:
        documented = reference.documented_test_accuracy
        difference = 100 * (result.test.accuracy - documented)
        rows[0] = (*rows[0][:2], f"{reference.documented_num_params:,}")
        rows[4] = (*rows[4][:2], f"{documented:.2%}  ({difference:+.2f} points)")
    name = f"{reference.name} = {architecture}" if reference else str(architecture)
    heading = ("", "measured", "documented" if reference else "")
    title = f"{name} on {dataset.name}, {len(dataset.test.labels):,} test images"
    width = max(14, *(len(name) + 1 for name, _, _ in rows))
    table = [f"  {a:<{width}}{b:>12}   {c}".rstrip() for a, b, c in (heading, *rows)]
    return "\n".join([title, *table])
