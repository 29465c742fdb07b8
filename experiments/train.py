"""Entry point ``main``: train one architecture and track it in MLflow.

mlflow run . -P model=cnn_v1        or        python -m experiments.train --model cnn_v1
"""

import dataclasses

from mnist_tradeoff import cli
from mnist_tradeoff.architectures import reference_of, resolve
from mnist_tradeoff.complexity import complexity
from mnist_tradeoff.config import RunConfig
from mnist_tradeoff.launcher import watch_launcher


def train_and_track(config: RunConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff import data, figures, terminal, tracking, training

    architecture = resolve(config.model)
    reference = reference_of(architecture)
    name = reference.name if reference else str(architecture)
    tags = {"role": "run", "architecture": str(architecture)}
    tracking.prepare_store()
    with tracking.tracked_run(name, dataclasses.asdict(config), tags) as run_id:
        dataset = data.load(config.dataset)
        terminal.warn_of_fallback(dataset)
        tracking.log_dataset(dataset)
        if dataset.name == "digits":
            tracking.rename_run("(digits demo, not MNIST)")
        tracking.log_complexity(complexity(architecture))
        with terminal.Progress(config.epochs, len(dataset.train.labels)) as progress:

            def on_images(images: int) -> None:
                check_launcher()
                progress.on_images(images)

            def on_epoch(epoch: training.Epoch) -> None:
                tracking.log_epoch(epoch)
                progress.on_epoch(epoch)

            result = training.train(architecture, dataset, config, on_images, on_epoch)
        curve = figures.learning_curve(result.epochs, f"{name} on {dataset.name}")
        tracking.log_result(result, dataset, curve)
    print(terminal.summary(architecture, complexity(architecture), dataset, result))
    print(tracking.how_to_look(run_id))


if __name__ == "__main__":
    cli.run(lambda: train_and_track(cli.parse(RunConfig)))
