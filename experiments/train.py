"""Entry point ``main``: train one architecture and track it in MLflow.

mlflow run . -P model=cnn_v1        or        python -m experiments.train --model cnn_v1
"""

import dataclasses

from mnist_tradeoff.architecture.costs import complexity
from mnist_tradeoff.architecture.layers import reference_of, resolve
from mnist_tradeoff.search.config import RunConfig
from mnist_tradeoff.system import command_line as cli
from mnist_tradeoff.system.processes import watch_launcher


def train_and_track(config: RunConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.data import dataset as data
    from mnist_tradeoff.report import terminal
    from mnist_tradeoff.tracking import store as tracking

    architecture = resolve(config.model)
    tracking.prepare_store()
    with tracking.tracked_run(run_name(config), dataclasses.asdict(config), tags(config)) as run_id:
        dataset = data.load(config.dataset)
        terminal.warn_of_fallback(dataset)
        with terminal.Progress(config.epochs, len(dataset.train.labels)) as progress:

            def on_images(images: int) -> None:
                check_launcher()
                progress.on_images(images)

            result = train_in_run(config, dataset, on_images, progress.on_epoch)
    print(terminal.summary(architecture, complexity(architecture), dataset, result))
    print(tracking.how_to_look(run_id))


def run_name(config: RunConfig) -> str:
    """The reference's name, however the model was written, or the notation."""
    architecture = resolve(config.model)
    reference = reference_of(architecture)
    return reference.name if reference else str(architecture)


def tags(config: RunConfig) -> dict[str, str]:
    """The tags of a training that are known before it starts."""
    return {"role": "run", "architecture": str(resolve(config.model))}


def train_in_run(config: RunConfig, dataset, on_images, on_epoch):
    """Train and leave in the active run all that the README promises of a run.

    Args:
        on_images, on_epoch: see ``training.train``.

    Returns:
        the FinalResult.
    """
    from mnist_tradeoff.report import figures
    from mnist_tradeoff.tracking import store as tracking
    from mnist_tradeoff.training import loop as training

    architecture = resolve(config.model)
    tracking.log_dataset(dataset)
    tracking.log_complexity(complexity(architecture))
    tracking.log_fingerprint(fingerprint_of(config, dataset))

    def log_and_tell(epoch: training.Epoch) -> None:
        tracking.log_epoch(epoch)
        on_epoch(epoch)

    result = training.train_and_test(architecture, dataset, config, on_images, log_and_tell)
    curve = figures.learning_curve(result.epochs, f"{run_name(config)} on {dataset.name}")
    tracking.log_result(result, dataset, curve)
    return result


def fingerprint_of(config: RunConfig, dataset) -> str:
    """Digest of all that decides about this training's weights."""
    from mnist_tradeoff.training.fingerprint import fingerprint
    from mnist_tradeoff.training.loop import choose_precision

    architecture = resolve(config.model)
    precision = choose_precision(architecture, config.precision)
    return fingerprint(str(architecture), config, precision, dataset.digest)


if __name__ == "__main__":
    cli.run(lambda: train_and_track(cli.parse(RunConfig)))
