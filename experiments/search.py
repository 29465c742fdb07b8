"""Entry point ``search``: an Optuna study of filter widths, and the Pareto front that it finds.

mlflow run . -e search -P trials=60        or        python -m experiments.search --trials 60

Run it again after an interruption, or with more trials: it goes on where it stopped. Run it several
times at once, on one machine or on many: all work at the same study.
"""

from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.processes import watch_launcher


def run(config: SearchConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.pipelines.study import run_search

    run_search(config, check_launcher)


ENTRY_POINT = EntryPoint("search", SearchConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
