"""``main``: train one architecture and track it in MLflow."""

import dataclasses
from collections.abc import Callable

from mnist_tradeoff.data.options import data_flags
from mnist_tradeoff.data.sets import load_configured
from mnist_tradeoff.pipelines.dataset import log_summary
from mnist_tradeoff.pipelines.training import plan, start_libraries, train_in_run
from mnist_tradeoff.report import terminal
from mnist_tradeoff.tracking.runs import rename, set_tags, tracked_run
from mnist_tradeoff.tracking.store import how_to_look, prepare_store
from mnist_tradeoff.training.recipe import RunConfig


def run_training(config: RunConfig, check_launcher: Callable[[], None]) -> None:
    """Train in a run, and print what came out beside what is documented.

    Raises:
        ValueError, OSError: bad settings or data, or a store that failed.
        FloatingPointError: the training diverged.
    """
    prepare_store()
    with tracked_run(config.model, dataclasses.asdict(config), {"role": "run"}) as run_id:
        dataset = load_configured(config)
        terminal.tell_dataset(dataset)
        planned = plan(config, dataset)
        terminal.tell_reading(planned.architecture, planned.notes)
        rename(config.model, planned.name)
        set_tags(planned.tags)
        log_summary(dataset)
        start_libraries()
        with terminal.Progress(config.epochs, len(dataset.train.labels)) as progress:

            def on_images(images: int) -> None:
                check_launcher()
                progress.on_images(images)

            result = train_in_run(planned, on_images, progress.on_epoch)
    print(terminal.summary(planned.architecture, dataset, result))
    print(how_to_look(run_id))
    print(terminal.next_step("suite", **data_flags(config)))
