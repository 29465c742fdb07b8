"""Entry point ``benchmark``: this project against what its users would run instead.

mlflow run . -e benchmark        or        python -m experiments.benchmark --what T1,S1

Under two hours for all of it on two Zen 4 cores, with nothing beside it; with ``--quick`` a first
look at every line. benchmarks/README.md says what is measured. The numbers go into
benchmarks/results (benchmarks/quick), and into a run.
"""

import os
from dataclasses import asdict, dataclass

from benchmarks import comparisons
from benchmarks.command import RESULTS_VARIABLE, results_folder
from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.processes import watch_launcher
from mnist_tradeoff.system.settings import option


@dataclass(frozen=True, kw_only=True)
class BenchmarkConfig:
    """Measure this project against what its users would run instead."""

    what: str = option(
        "all", "all, or comparisons with commas: T1 to T6, T8, S1 to S3, L1, M1, growth"
    )
    quick: bool = option(False, "few rounds and seeds, kept apart in benchmarks/quick")


def run(config: BenchmarkConfig) -> None:
    check_launcher = watch_launcher()
    measures = comparisons.wanted(config.what)
    # Imported here, because MLflow takes seconds that --help need not wait for.
    from mnist_tradeoff.tracking.runs import log_files, log_metrics, tracked_run
    from mnist_tradeoff.tracking.store import how_to_look, prepare_store

    prepare_store()
    if config.quick:  # for this process and its commands
        os.environ[RESULTS_VARIABLE] = str(comparisons.QUICK_FOLDER)
        comparisons.QUICK_FOLDER.mkdir(exist_ok=True)
    with tracked_run("benchmark", asdict(config), {"role": "benchmark"}) as run_id:
        done, failures = comparisons.run(measures, check_launcher, config.quick)
        log_metrics(comparisons.figures(done))
        report = comparisons.report_file()
        log_files(sorted({report, *results_folder().iterdir()}), report.parent)
        if failures:
            raise ValueError("; ".join(failures))
    print(how_to_look(run_id))


ENTRY_POINT = EntryPoint("benchmark", BenchmarkConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
