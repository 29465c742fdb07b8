"""Every comparison: which command measures it, what is aimed at, and what came out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import ratios
from benchmarks.command import FOLDER, results_folder
from benchmarks.measure import Measure
from benchmarks.time_to_accuracy import TO_99, TO_995
from benchmarks.together import NETS
from benchmarks.training_rate import SMALL_NETS
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.system.files import write_whole

QUICK_FOLDER = FOLDER / "quick"
QUICK = (
    "Quick: few rounds and seeds. A first look; the committed numbers are those of the full run."
)


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


MEASURES = [
    Measure(
        ("T3", "T4", "T6"),
        "training_rate",
        "Training images a second",
        quick=("--rounds", "1", "--models", SMALL_NETS[1]),
    ),
    Measure(
        ("T8",), "together", "Several seeds at once", quick=("--rounds", "1", "--models", NETS[0])
    ),
    Measure(("S1",), "replay", "Samplers", quick=("--searches", "4", "--long", "100")),
    Measure(
        ("S2",),
        "ax_tutorial",
        "The setting of Ax's tutorial",
        quick=("--seeds", "1", "--trials", "3"),
        needs="torch",
    ),
    Measure(
        ("L1",),
        "latency",
        "One image",
        quick=("--rounds", "3", "--epochs", "3", "--seeds", "1"),
    ),
    Measure(("M1",), "training_memory", "Memory", quick=("--trials", "11")),
    Measure(("T6",), "operations", "What the seconds of training go into"),
    Measure(("growth",), "growth", "How the seconds of a training grow", quick=("--rounds", "1")),
    Measure(
        ("T5", "S3"),
        "study_throughput",
        "Workers, and what a study's seconds go into",
        quick=("--trials", "1", "--rounds", "1"),
    ),
    Measure(
        ("T1",),
        "time_to_accuracy",
        "Training seconds to an accuracy",
        ("--races", TO_99),
        quick=("--races", TO_99, "--seeds", "1"),
    ),
    Measure(
        ("T2",),
        "time_to_accuracy",
        "Training seconds to an accuracy",
        ("--races", *REFERENCES),
        quick=("--races", "cnn_v1", "--seeds", "1"),
    ),
    Measure(
        ("T7",),
        "time_to_accuracy",
        "Training seconds to an accuracy",
        ("--races", TO_995),
        quick=None,
    ),
    Measure(("M2",), "first_step", "Until the first step", quick=("--rounds", "1")),
]
COMPARISONS = {
    "T1": Comparison(
        "time_to_accuracy",
        "seconds to 99.0 % test accuracy: `fit` of `simple_cnn`, batch 32 / ours",
        "50×, then 100×",
        ratios.race_ratios("99%"),
        is_met=lambda _, ratio: ratio >= 50,
    ),
    "T2": Comparison(
        "time_to_accuracy",
        "seconds to the documented accuracy: `fit`, batch 64 / ours, same net",
        "10×; `cnn_v2` 5×",
        ratios.race_ratios("ann", "simple_cnn", "cnn_v1", "cnn_v2"),
        is_met=lambda name, ratio: ratio >= (5 if name == "cnn_v2" else 10),
    ),
    "T3": Comparison(
        "training_rate",
        "images a second, batch 256: ours / `fit`, same net",
        "2.5× up to 20 k parameters; `cnn_v2` 1.5×",
        ratios.rate_ratios,
        is_met=ratios.meets_rate,
    ),
    "T4": Comparison(
        "training_rate",
        "images a second, batch 256: ours / the best of PyTorch eager and `torch.compile`",
        "1.0×, then 1.5×",
        ratios.torch_ratios,
        "{:.2f}×",
        is_met=lambda _, ratio: ratio >= 1,
    ),
    "T5": Comparison(
        "study_throughput",
        "trials an hour: two workers of one thread / one of two",
        "1.6×",
        ratios.worker_gain,
        "{:.2f}×",
        is_met=lambda _, gain: gain >= 1.6,
    ),
    "T6": Comparison(
        "training_rate",
        "share of the float32 matrix-multiplication rate that training reaches",
        "stated",
        ratios.gemm_shares,
        "{:.0%}",
    ),
    "T7": Comparison(
        "time_to_accuracy",
        "seconds to 99.5 % test accuracy: `fit`, batch 128 / ours, same net and augmentation",
        "5×, then 10×",
        ratios.race_ratios(TO_995),
        is_met=lambda _, ratio: ratio >= 5,
    ),
    "T8": Comparison(
        "together",
        "trainings an hour of nets under 3,000 parameters: several at once / one after the other",
        "1.5×",
        ratios.together_gains,
        "{:.2f}×",
        is_met=lambda _, gain: gain >= 1.5,
    ),
    "S1": Comparison(
        "replay",
        "CPU seconds to the HV2 that Optuna's default has at the end: each sampler / ours",
        "5×",
        ratios.sampler_ratios,
        is_met=lambda _, ratio: ratio >= 5,
    ),
    "S2": Comparison(
        "ax_tutorial",
        "hypervolume at equal wall time: ours / Ax's tutorial",
        "1.5×",
        ratios.hypervolume_ratios,
        "{:.2f}×",
        is_met=lambda _, ratio: ratio >= 1.5,
    ),
    "S3": Comparison(
        "study_throughput",
        "share of a study's wall time outside training",
        "3 % at most",
        ratios.outside_training,
        "{:.1%}",
        is_met=lambda _, share: share <= 0.03,
    ),
    "L1": Comparison(
        "latency",
        "microseconds for one image of a 99.0 % model: Keras / exported",
        "`predict` 500×, compiled call 40×",
        ratios.latency_ratios,
        is_met=lambda name, ratio: ratio >= (500 if "predict" in name else 40),
    ),
    "M1": Comparison(
        "training_memory",
        "growth of a worker's memory over 100 trials, MB a trial",
        "flat",
        ratios.growth_per_trial,
        "{:+.2f}",
    ),
    "M2": Comparison(
        "first_step",
        "seconds from `python -m experiments.train` to its first step",
        "3 s, then 2 s",
        ratios.until_first_step,
        "{:.1f} s",
        is_met=lambda _, seconds: seconds <= 3,
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


def run(
    measures: Sequence[Measure], check: Callable[[], None], quick: bool = False
) -> tuple[list[Measure], list[str]]:
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
            if quick and measure.quick is None:
                print("left out, it cannot be short: measure it without --quick")
            elif not measure.can_run():
                print(f"left out, it needs {measure.needs}: pip install {measure.needs}")
            elif code := measure.run(check, quick):
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
        found = comparison.found(results) if results else {}
        if not found:  # of this command, other lines may have been measured
            continue
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
        *([QUICK] if results_folder() == QUICK_FOLDER else []),
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


def report_file() -> Path:
    """``RESULTS.md``, beside the quick numbers if those are asked for."""
    folder = results_folder()
    return (folder if folder == QUICK_FOLDER else folder.parent) / "RESULTS.md"


def write_report() -> None:
    """Write ``RESULTS.md`` and its figures."""
    growth, replay = (MEASURE_OF[name].results() for name in ("growth", "replay"))
    if growth and replay:
        from benchmarks.growth_figures import draw

        for name, figure in draw(growth, replay).items():
            write_whole(results_folder() / name, figure)
    write_whole(report_file(), report().encode())
