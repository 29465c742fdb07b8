"""Entry point ``benchmark``: this project against what its users would run instead.

mlflow run . -e benchmark        or        python -m experiments.benchmark --what T1,S1

Under two hours for all of it on two Zen 4 cores, with nothing beside it; benchmarks/README.md says
what is measured. The numbers go into benchmarks/results, and into a run.
"""

import dataclasses

from benchmarks import comparisons
from mnist_tradeoff.search.config import BenchmarkConfig
from mnist_tradeoff.system import command_line as cli
from mnist_tradeoff.system.processes import watch_launcher


def run_benchmark(config: BenchmarkConfig) -> None:
    check_launcher = watch_launcher()
    measures = comparisons.wanted(config.what)
    # Imported here, because MLflow takes seconds that --help need not wait for.
    from mnist_tradeoff.tracking import store as tracking

    tracking.prepare_store()
    parameters = dataclasses.asdict(config)
    with tracking.tracked_run("benchmark", parameters, {"role": "benchmark"}) as run_id:
        done, failures = comparisons.run(measures, check_launcher)
        tracking.log_metrics(comparisons.figures(done))
        tracking.log_files([comparisons.REPORT, *comparisons.RESULTS.iterdir()])
        if failures:
            raise ValueError("; ".join(failures))
    print(tracking.how_to_look(run_id))


if __name__ == "__main__":
    cli.run(lambda: run_benchmark(cli.parse(BenchmarkConfig)))
