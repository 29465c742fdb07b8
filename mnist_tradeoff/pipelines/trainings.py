"""Several trainings as child runs of one: shared by ``suite`` and ``search``."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.architecture.costs import macs
from mnist_tradeoff.architecture.references import model_name
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.pipelines.training import fingerprint_of, tags, train_in_run
from mnist_tradeoff.report import terminal
from mnist_tradeoff.tracking.runs import tracked_run
from mnist_tradeoff.tracking.store import TrackingError
from mnist_tradeoff.tracking.trainings import adopt, finished_trainings, read_training
from mnist_tradeoff.training.recipe import RunConfig

Trained = dict[RunConfig, Training]


def train_all(
    configs: Sequence[RunConfig],
    dataset: Dataset,
    check_launcher: Callable[[], None],
    role: str,
    reused_roles: Collection[str],
    more_tags: Mapping[str, str] | None = None,
    train: bool = True,
    code: str = "",
) -> tuple[Trained, list[str]]:
    """Train each config in a child run of the active one, unless a finished run has it already.

    Args:
        role: of the new runs.
        reused_roles: of the runs that may stand in for a training.
        more_tags: of the new runs.
        train: False: only those that are finished already.
        code: of these, if it is another one than this.

    Returns:
        what is finished, in the order of the configs, and a line for each that failed.
    """
    plan = {fingerprint_of(config, dataset, code): config for config in configs}
    finished = finished_trainings(reused_roles, plan)
    for training in finished.values():
        adopt(training.run_id)
    terminal.tell_reused(len(finished), len(plan))
    missing = [config for key, config in plan.items() if train and key not in finished]
    all_tags = {"role": role, **(more_tags or {})}
    run_ids, failures = _train(missing, dataset, check_launcher, all_tags)
    found = {plan[key]: training for key, training in finished.items()}
    found |= {config: read_training(run_id) for config, run_id in run_ids.items()}
    return {config: found[config] for config in plan.values() if config in found}, failures


def _train(
    configs: Sequence[RunConfig],
    dataset: Dataset,
    check_launcher: Callable[[], None],
    more_tags: Mapping[str, str],
) -> tuple[dict[RunConfig, str], list[str]]:
    """Train each in a run of its own; one that fails does not take the others with it.

    Returns:
        the run ids of the finished ones, and a line for each that failed.
    """
    trained, failures = {}, []
    images = len(dataset.train.labels)
    work = {one: macs(one.architecture, dataset.task) for one in configs}
    total = sum(one.epochs * images * work[one] for one in configs)
    with terminal.RunsProgress("trainings", len(configs), total) as progress:
        for config in configs:

            def on_images(images: int, one: RunConfig = config) -> None:
                check_launcher()
                progress.on_work(images * work[one])

            name = f"{model_name(config.architecture)} seed {config.seed}"
            try:
                trained[config], line = _train_child(config, name, dataset, on_images, more_tags)
            except TrackingError:
                raise
            except Exception as error:  # of one training; the others go on
                line = f"failed: {' '.join(str(error).split()) or type(error).__name__}"
                failures.append(f"{name} {line}")
            progress.on_run(f"{name}: {line}")
    return trained, failures


def _train_child(
    config: RunConfig,
    name: str,
    dataset: Dataset,
    on_images: Callable[[int], None],
    more_tags: Mapping[str, str],
) -> tuple[str, str]:
    """Run id of a training in a child run of the active one, and a line of what came out."""
    child_tags = {**tags(config), **more_tags}
    with tracked_run(name, dataclasses.asdict(config), child_tags) as run_id:
        result = train_in_run(config, dataset, on_images)
    return run_id, (
        f"val_accuracy {result.val.accuracy:.4f}, test_accuracy {result.test.accuracy:.4f}, "
        f"{result.train_seconds:.1f} s"
    )
