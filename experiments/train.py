"""Entry point ``main``: train one architecture and track it in MLflow.

mlflow run . -P model=cnn_v1        or        python -m experiments.train --model cnn_v1
"""

from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.processes import watch_launcher
from mnist_tradeoff.training.recipe import RunConfig


def run(config: RunConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.pipelines.train import run_training

    run_training(config, check_launcher)


ENTRY_POINT = EntryPoint("main", RunConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
