"""What a person sees: progress while it trains, a summary at the end."""

import sys
from collections.abc import Iterable, Sequence

from tqdm import tqdm

from mnist_tradeoff.architecture.costs import exact_costs
from mnist_tradeoff.architecture.own_model import AnyArchitecture
from mnist_tradeoff.architecture.references import REFERENCES, misfit, reference_of
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.data.sets import DATA_VARIABLE
from mnist_tradeoff.search.successive_halving import TrialRecord
from mnist_tradeoff.training.loop import Epoch, FinalResult


class Progress:
    """A bar over all images of a training; where stderr is no terminal, a line for every epoch."""

    def __init__(self, epochs: int, images_per_epoch: int):
        self.epochs = epochs
        self.images_per_epoch = images_per_epoch
        self.bar = tqdm(
            total=epochs * images_per_epoch,
            unit=" images",
            unit_scale=True,
            disable=not sys.stderr.isatty(),
            leave=False,
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def on_images(self, images: int) -> None:
        self.bar.update(images)

    def on_epoch(self, epoch: Epoch) -> None:
        figures = f"loss {epoch.loss:.4f}, val_accuracy {epoch.val_accuracy:.4f}"
        if self.bar.disable:
            print(f"epoch {epoch.epoch}/{self.epochs}: {figures}", file=sys.stderr, flush=True)
        else:
            self.bar.n = epoch.epoch * self.images_per_epoch  # counts the last, partial batch
            self.bar.set_postfix_str(figures)


class RunsProgress:
    """A bar over the work of several runs with the time left; else a line for each of them.

    Args:
        what: one word before the bar.
        work: of all runs together, in any unit.
    """

    def __init__(self, what: str, runs: int, work: int):
        self.runs = runs
        self.done = 0
        self.bar = tqdm(
            total=work,
            desc=what,
            bar_format="{desc} {percentage:3.0f} % |{bar}| {elapsed}, {remaining} left {postfix}",
            disable=not sys.stderr.isatty(),
            leave=False,
        )

    def __enter__(self) -> "RunsProgress":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def on_work(self, work: int) -> None:
        self.bar.update(work)

    def on_run(self, line: str) -> None:
        self.done += 1
        line = f"{self.done}/{self.runs} {line}"
        if self.bar.disable:
            print(line, file=sys.stderr, flush=True)
        else:
            self.bar.set_postfix_str(line)


class SearchProgress:
    """A bar over the trials of a study with the time left; else a line for each of them."""

    def __init__(self, done: int, total: int):
        self.total = total
        self.bar = tqdm(
            total=total,
            initial=min(done, total),
            desc="search",
            bar_format="{desc} {n_fmt}/{total_fmt} |{bar}| {elapsed}, {remaining} left {postfix}",
            disable=not sys.stderr.isatty(),
            leave=False,
        )
        self.done = done

    def __enter__(self) -> "SearchProgress":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def on_trial(self, trial: TrialRecord) -> None:
        self.done += 1
        what = f"diverged: {trial.error}"
        if trial.rungs and not trial.error:
            last = trial.rungs[-1]
            what = f"val_accuracy {last.val_accuracy:.4f} after {last.epochs} epochs"
        what = f"trial {trial.number}: {trial.architecture}, {what}"
        if self.bar.disable:
            print(f"{self.done}/{self.total} {what}", file=sys.stderr, flush=True)
        else:
            self.bar.set_postfix_str(what)
            self.bar.update(1)

    def on_poll(self) -> None:
        """The seconds go on while a trial is long."""
        self.bar.refresh()


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


def tell_dataset(dataset: Dataset) -> None:
    """Tell, so that nobody can miss it, that the digits demo stands in for MNIST.

    Of a set of the user's own, what was done to it, a line each.
    """
    for note in dataset.notes:
        print(f"{dataset.name}: {note}", file=sys.stderr, flush=True)
    if dataset.fallback_reason:
        lines = (
            "WARNING: THIS IS NOT MNIST. The 8x8 digits of scikit-learn stand in for it as a demo;",
            "the results say nothing about MNIST.",
            dataset.fallback_reason,
            f"To get MNIST: connect to the network, or set {DATA_VARIABLE}, and run again.",
        )
        print("!" * 88, *lines, "!" * 88, sep="\n", file=sys.stderr, flush=True)


def summary(architecture: AnyArchitecture, dataset: Dataset, result: FinalResult) -> str:
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
    if reference:
        documented = reference.documented_test_accuracy
        difference = 100 * (result.test.accuracy - documented)
        rows[0] = (*rows[0][:2], f"{reference.documented_num_params:,}")
        rows[4] = (*rows[4][:2], f"{documented:.2%}  ({difference:+.2f} points)")
    name = f"{reference.name} = {architecture}" if reference else str(architecture)
    heading = ("", "measured", "documented" if reference else "")
    title = f"{name} on {dataset.name}, {len(dataset.test.labels):,} test images"
    table = [f"  {a:<14}{b:>12}   {c}".rstrip() for a, b, c in (heading, *rows)]
    return "\n".join([title, *table])
