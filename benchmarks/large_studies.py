"""How taking a trial grows with a study's trials and workers.

    python -m benchmarks.large_studies

Nothing is trained: the study's trials are made up, and each worker tells what it takes at once, so
that all of them propose all the time, more than with any training in between. All else is the
search's own: worker processes, journal file, locks, surrogate. Each worker's first trial, for which
it reads the whole study, is outside the clock.
"""

import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from matplotlib.figure import Figure
from optuna.trial import TrialState
from tqdm import tqdm

from benchmarks.command import results_file, write_results
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.report.style import STUDY_COLORS, themed
from mnist_tradeoff.search.storage import STORAGE_VARIABLE
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.system.signals import run_to_exit
from mnist_tradeoff.system.workers import run_workers
from tests.studies import DATA, MANY, finish, grown

RESULTS = results_file("large_studies")
TRIALS = (100, 1_000, 2_000, 5_000)
WORKERS = (1, 4, 12)
TAKES = 3
PARTS = {
    "held": "lock held",
    "held_cpu": "CPU within it",
    "waited": "lock waited for",
    "outside": "beside the lock",
    "outside_cpu": "CPU beside it",
}
MARKERS = "o^s"
AIM_SECONDS = 0.3


class TimedStudy(Study):
    """A study that notes how long its process waited for the lock, and held it."""

    waited = held = held_cpu = 0.0

    @contextmanager
    def lock(self, purpose: str) -> Iterator[None]:
        """As of ``Study``."""
        started = time.perf_counter()
        with super().lock(purpose):
            taken, used = time.perf_counter(), time.thread_time()
            yield
            self.waited, self.held = taken - started, time.perf_counter() - taken
            self.held_cpu = time.thread_time() - used


def take_and_tell(folder: Path, workers: int) -> None:
    """A worker process: its seconds of each trial that it takes, as a JSON file."""
    study = TimedStudy(MANY, DATA, MNIST, folder)
    _take(study)
    (folder / f"ready{os.getpid()}").touch()
    while len(list(folder.glob("ready*"))) < workers:
        time.sleep(0.05)
    seconds = [_take(study) for _ in range(TAKES)]
    (folder / f"seconds{os.getpid()}.json").write_text(json.dumps(seconds))


def _tell(study: Study) -> None:
    trial = study.take()
    assert trial is not None
    finish(trial)


def _take(study: TimedStudy) -> dict[str, float]:
    started, used = time.perf_counter(), time.process_time()
    trial = study.take()
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - used
    assert trial is not None
    finish(trial)
    return {
        "held": study.held,
        "held_cpu": study.held_cpu,
        "waited": study.waited,
        "outside": seconds - study.waited - study.held,
        "outside_cpu": cpu_seconds - study.held_cpu,
    }


def measure(grown_folder: Path, trials: int, workers: int) -> dict:
    """Seconds of every take of all workers, at a study of so many trials."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "study"
        shutil.copytree(grown_folder, folder)
        started = time.monotonic()
        run_workers(
            *(take_and_tell, (folder, workers), workers, 1),
            *(lambda: None, lambda: None, lambda: None),
        )
        files = folder.glob("seconds*.json")
        takes = [take for file in files for take in json.loads(file.read_text())]
    assert len(takes) == workers * TAKES
    span = time.monotonic() - started
    return {"trials": trials, "workers": workers, "takes": takes, "span_seconds": span}


def of(run: dict, part: str) -> list[float]:
    """Seconds of all takes: of one of ``PARTS``."""
    return [take[part] for take in run["takes"]]


def markdown(results: dict) -> str:
    """A row for each number of trials and workers, and the host."""
    header = ["trials", "workers", *PARTS.values()]
    rows = []
    for run in results["runs"]:
        cells = [f"{run['trials']:,}", str(run["workers"])]
        for part in PARTS:
            seconds = of(run, part)
            cells.append(f"{statistics.median(seconds):.3f} ({max(seconds):.3f})")
        rows.append(cells)
    found = results["host"]
    line = (
        f"Seconds a trial: medians (longest). Host: {found['cpu']}, {found['threads']} cores, "
        f"Python {found['python']}, scikit-learn {found['scikit-learn']}, Optuna {found['optuna']}."
    )
    return "\n".join([table(header, rows, left=0), "", line])


def draw(runs: list[dict]) -> Figure:
    """Seconds inside and outside the lock over the trials: medians and the longest."""
    figure = Figure(figsize=(9, 3.8), layout="constrained", dpi=150)
    inside, outside = figure.subplots(1, 2)
    for workers, color, marker in zip(WORKERS, STUDY_COLORS, MARKERS, strict=False):
        found = [run for run in runs if run["workers"] == workers]
        for axes, part in ((inside, "held"), (outside, "outside")):
            x = [run["trials"] for run in found]
            seconds = [of(run, part) for run in found]
            medians = [statistics.median(one) for one in seconds]
            label = f"{workers} worker{'s' * (workers > 1)}"
            axes.plot(x, medians, marker=marker, color=color, label=label)
            axes.plot(
                x, [max(one) for one in seconds], marker=marker, color=color, ls=":", alpha=0.6
            )
    inside.axhline(AIM_SECONDS, color="gray", ls="--", lw=1)
    inside.annotate(
        "aim", (TRIALS[0], AIM_SECONDS), (0, 3), textcoords="offset points", color="gray"
    )
    inside.set(title="inside the study's lock")
    outside.set(title="outside it: proposing")
    for axes in (inside, outside):
        axes.set(xscale="log", yscale="log", xlabel="trials of the study", ylabel="seconds a trial")
        axes.grid(alpha=0.3)
    outside.legend(loc="upper left", fontsize=8)
    return figure


def main() -> None:
    from benchmarks.ours import host  # with TensorFlow, which the workers need not wait for

    runs = []
    os.environ.pop(STORAGE_VARIABLE, None)  # a study of its own
    with tempfile.TemporaryDirectory() as name:
        for trials in tqdm(TRIALS, disable=None):
            folder = Path(name) / str(trials)
            folder.mkdir()
            study = grown(folder, trials)
            for _ in study.optuna.get_trials(states=(TrialState.WAITING,)):  # the references
                _tell(study)
            runs += [measure(folder, trials, workers) for workers in WORKERS]
    versions = {name: version(name) for name in ("optuna", "scikit-learn")}
    results = {"host": {**host(), **versions}, "runs": runs}
    write_results(RESULTS, results)
    for file, content in themed("large_studies", draw, runs).items():
        (RESULTS.parent / file).write_bytes(content)
    print(markdown(results))


if __name__ == "__main__":
    run_to_exit(main)
