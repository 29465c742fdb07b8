"""Every comparison: which command measures it, what is aimed at, and what came out."""

import importlib
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.time_to_accuracy import TO_99
from mnist_tradeoff.architecture.costs import num_params
from mnist_tradeoff.architecture.references import REFERENCES, resolve
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.system.files import write_whole

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"
REPORT = FOLDER / "RESULTS.md"
SMALL_NET_PARAMS = 20_000
EXPORTED_ACCURACY = 0.99


@dataclass(frozen=True)
class Measure:
    """A command of this folder that measures, and writes its numbers into ``results``.

    names: what asks for it: lines of the table, or ``growth``.
    needs: an optional library, without which it is left out.
    """

    names: tuple[str, ...]
    module: str
    title: str
    arguments: tuple[str, ...] = ()
    needs: str = ""

    def load(self) -> ModuleType:
        """The module itself."""
        return importlib.import_module(f"benchmarks.{self.module}")

    def results(self) -> Any:
        """Its numbers, or None before its first run.

        Raises:
            ValueError: the file is damaged.
        """
        path = RESULTS / f"{self.module}.json"
        if not path.exists():
            return None
        try:
            return json.loads(path.read_text())
        except json.JSONDecodeError as error:
            raise ValueError(f"{path} is damaged, measure it again: {error}") from None

    def can_run(self) -> bool:
        """Whether the library that it needs is installed."""
        return not self.needs or importlib.util.find_spec(self.needs) is not None

    def run(self, check: Callable[[], None]) -> int:
        """Run the command in a process of its own, and give its exit code.

        Args:
            check: called every second; the process ends with what it raises.
        """
        command = [sys.executable, "-m", f"benchmarks.{self.module}", *self.arguments]
        with subprocess.Popen(command) as process:
            try:
                while process.poll() is None:
                    check()
                    time.sleep(1)
            finally:
                process.terminate()
        return process.returncode


@dataclass(frozen=True)
class Comparison:
    """A line of the table.

    figure: the number that is compared, with its contestants.
    found: from the measure's results, numbers by what they belong to.
    is_met: whether one of these numbers meets the aim, or None where nothing is aimed at.
    """

    measure: str
    figure: str
    aim: str
    found: Callable[[Any], dict[str, float]]
    form: str = "{:.1f}×"
    is_met: Callable[[str, float], bool | None] = lambda *_: None


def _race_ratios(*names: str) -> Callable[[dict], dict[str, float]]:
    """A race that ours never won has no ratio: 0."""
    return lambda races: {
        name: races[name]["ratio"] if races[name]["ours_epochs"] else 0.0
        for name in names
        if name in races
    }


def _medians(result: dict, name: str) -> float:
    return statistics.median(result[name])


def _rate_ratios(results: list[dict]) -> dict[str, float]:
    return {one["model"]: _medians(one, "ours") / _medians(one, "fit") for one in results}


def _torch_ratios(results: list[dict]) -> dict[str, float]:
    return {
        one["model"]: _medians(one, "ours")
        / max(_medians(one, name) for name in one if "torch" in name)
        for one in results
        if any("torch" in name for name in one)
    }


def _gemm_shares(results: list[dict]) -> dict[str, float]:
    gemm_share = MEASURE_OF["training_rate"].load().gemm_share
    return {one["model"]: gemm_share(one) for one in results}


def _meets_rate(model: str, ratio: float) -> bool | None:
    if model == "cnn_v2":
        return ratio >= 1.5
    return ratio >= 2.5 if num_params(resolve(model), MNIST) <= SMALL_NET_PARAMS else None


def _worker_gain(results: dict) -> dict[str, float]:
    seconds = {
        workers: statistics.median(
            turn["wall_seconds"] for turn in results["turns"] if turn["workers"] == workers
        )
        for workers in (1, 2)
    }
    return {"": seconds[1] / seconds[2]}


def _outside_training(results: dict) -> dict[str, float]:
    return {
        f"{one['trials']} trials of {one['epochs']} epochs": 1
        - one["train_seconds"] / one["workers"] / one["wall_seconds"]
        for one in results["studies"]
    }


def _sampler_ratios(results: dict) -> dict[str, float]:
    pairs = MEASURE_OF["replay"].load().ratios(results)
    return {name: statistics.median(values) for name, values in pairs.items()}


def _hypervolume_ratios(results: dict) -> dict[str, float]:
    return MEASURE_OF["ax_tutorial"].load().ratios(results)


def _latency_ratios(results: dict) -> dict[str, float]:
    """Over the faster of the files that keep 99.0 %; nothing where none does."""
    medians = {name: statistics.median(us) for name, us in results["microseconds"].items()}
    kept = [
        medians[name]
        for name, accuracies in results["test_accuracy"].items()
        if "LiteRT" in name and statistics.fmean(accuracies) >= EXPORTED_ACCURACY
    ]
    theirs = {name: us for name, us in medians.items() if "LiteRT" not in name}
    return {name: us / min(kept) for name, us in theirs.items()} if kept else {}


def _growth_per_trial(results: dict) -> dict[str, float]:
    return {"": MEASURE_OF["training_memory"].load().slope(results["megabytes"])}


# The longest last: whoever stops has the others.
MEASURES = [
    Measure(("T3", "T4", "T6"), "training_rate", "Training images a second"),
    Measure(("S1",), "replay", "Samplers"),
    Measure(("S2",), "ax_tutorial", "The setting of Ax's tutorial", needs="torch"),
    Measure(("L1",), "latency", "One image"),
    Measure(("M1",), "training_memory", "Memory"),
    Measure(("T6",), "operations", "What the seconds of training go into"),
    Measure(("growth",), "growth", "How the seconds of a training grow"),
    Measure(("T5", "S3"), "study_throughput", "Workers, and what a study's seconds go into"),
    Measure(("T1",), "time_to_accuracy", "Training seconds to an accuracy", ("--races", TO_99)),
    Measure(
        ("T2",), "time_to_accuracy", "Training seconds to an accuracy", ("--races", *REFERENCES)
    ),
]
COMPARISONS = {
    "T1": Comparison(
        "time_to_accuracy",
        "seconds to 99.0 % test accuracy: `fit` of `simple_cnn`, batch 32 / ours",
        "50×, then 100×",
        _race_ratios("99%"),
        is_met=lambda _, ratio: ratio >= 50,
    ),
    "T2": Comparison(
        "time_to_accuracy",
        "seconds to the documented accuracy: `fit`, batch 64 / ours, same net",
        "10×; `cnn_v2` 5×",
        _race_ratios("ann", "simple_cnn", "cnn_v1", "cnn_v2"),
        is_met=lambda name, ratio: ratio >= (5 if name == "cnn_v2" else 10),
    ),
    "T3": Comparison(
        "training_rate",
        "images a second, batch 256: ours / `fit`, same net",
        "2.5× up to 20 k parameters; `cnn_v2` 1.5×",
        _rate_ratios,
        is_met=_meets_rate,
    ),
    "T4": Comparison(
        "training_rate",
        "images a second, batch 256: ours / the best of PyTorch eager and `torch.compile`",
        "1.0×, then 1.5×",
        _torch_ratios,
        "{:.2f}×",
        is_met=lambda _, ratio: ratio >= 1,
    ),
    "T5": Comparison(
        "study_throughput",
        "trials an hour: two workers of one thread / one of two",
        "1.6×",
        _worker_gain,
        "{:.2f}×",
        is_met=lambda _, gain: gain >= 1.6,
    ),
    "T6": Comparison(
        "training_rate",
        "share of the float32 matrix-multiplication rate that training reaches",
        "stated",
        _gemm_shares,
        "{:.0%}",
    ),
    "S1": Comparison(
        "replay",
        "CPU seconds to the HV2 that Optuna's default has at the end: each sampler / ours",
        "5×",
        _sampler_ratios,
        is_met=lambda _, ratio: ratio >= 5,
    ),
    "S2": Comparison(
        "ax_tutorial",
        "hypervolume at equal wall time: ours / Ax's tutorial",
        "1.5×",
        _hypervolume_ratios,
        "{:.2f}×",
        is_met=lambda _, ratio: ratio >= 1.5,
    ),
    "S3": Comparison(
        "study_throughput",
        "share of a study's wall time outside training",
        "3 % at most",
        _outside_training,
        "{:.1%}",
        is_met=lambda _, share: share <= 0.03,
    ),
    "L1": Comparison(
        "latency",
        "microseconds for one image of a 99.0 % model: Keras / exported",
        "`predict` 500×, compiled call 40×",
        _latency_ratios,
        is_met=lambda name, ratio: ratio >= (500 if "predict" in name else 40),
    ),
    "M1": Comparison(
        "training_memory",
        "growth of a worker's memory over 100 trials, MB a trial",
        "flat",
        _growth_per_trial,
        "{:+.2f}",
    ),
}
MEASURE_OF = {measure.module: measure for measure in MEASURES}


def wanted(what: str) -> list[Measure]:
    """The measures of ``all``, or of names such as ``T1,S2`` or ``growth``.

    Raises:
        ValueError: a name that is none.
    """
    if what == "all":
        return MEASURES
    names = [name.strip() for name in what.split(",")]
    for name in names:
        if name not in {*COMPARISONS, "growth"}:
            raise ValueError(f"what must be all, {', '.join(COMPARISONS)} or growth, not '{name}'")
    return [measure for measure in MEASURES if {*names} & {*measure.names}]


def run(measures: Sequence[Measure], check: Callable[[], None]) -> tuple[list[Measure], list[str]]:
    """Measure one after the other, then write the report of all that was ever measured.

    Args:
        check: called every second; everything ends with what it raises.

    Returns:
        those that ended well, and why others failed, a sentence each.
    """
    done, failures = [], []
    try:
        for number, measure in enumerate(measures, start=1):
            names = ", ".join(measure.names)
            print(f"{number} of {len(measures)}: {names}: {measure.title}", flush=True)
            if not measure.can_run():
                print(f"left out, it needs {measure.needs}: pip install {measure.needs}")
            elif code := measure.run(check):
                failures.append(f"benchmarks.{measure.module} ended with exit code {code}")
            else:
                done.append(measure)
    finally:
        write_report()
    print(summary())
    return done, failures


def figures(measures: Sequence[Measure]) -> dict[str, float]:
    """The numbers of some measures, by comparison and what they belong to."""
    found = {measure.module: results for measure in measures if (results := measure.results())}
    return {
        f"{name}/{key}" if key else name: value
        for name, comparison in COMPARISONS.items()
        if comparison.measure in found
        for key, value in comparison.found(found[comparison.measure]).items()
    }


def summary() -> str:
    """The table of all comparisons that were measured."""
    rows = []
    for name, comparison in COMPARISONS.items():
        results = MEASURE_OF[comparison.measure].results()
        if results is None:
            continue
        found = comparison.found(results)
        cells = [_cell(comparison, key, value) for key, value in found.items()]
        rows.append((name, comparison.figure, comparison.aim, "; ".join(cells)))
    return table(("", "figure", "aim", "measured (✓ met, ✗ missed)"), rows, left=4)


def _cell(comparison: Comparison, key: str, value: float) -> str:
    mark = {True: " ✓", False: " ✗", None: ""}[comparison.is_met(key, value)]
    shown = key if key.startswith("`") else f"`{key}`"
    return f"{f'{shown} ' if key else ''}{comparison.form.format(value)}{mark}"


def report() -> str:
    """The whole report: the table, every measure's own tables, and the figures."""
    parts = [
        "# Results",
        "Written by `python -m benchmarks`; README.md beside this page says what each line means "
        "and what bounds it.",
        summary(),
    ]
    for measure in MEASURE_OF.values():
        if (results := measure.results()) is not None:
            parts += [f"## {measure.title}", f"`python -m benchmarks.{measure.module}`"]
            parts.append(measure.load().markdown(results))
    if all(MEASURE_OF[name].results() for name in ("growth", "replay")):
        parts += [
            "## How cost grows",
            "![Seconds of one epoch against batch size, images and parameters]"
            "(results/training_growth.png)",
            "![CPU seconds and hypervolume over 1 to 1,000 replayed trials]"
            "(results/study_growth.png)",
        ]
    return "\n\n".join(parts) + "\n"


def write_report() -> None:
    """Write ``RESULTS.md`` and its figures."""
    growth, replay = (MEASURE_OF[name].results() for name in ("growth", "replay"))
    if growth and replay:
        from benchmarks.growth_figures import draw

        for name, figure in draw(growth, replay).items():
            write_whole(RESULTS / name, figure)
    write_whole(REPORT, report().encode())
