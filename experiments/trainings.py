"""Several trainings as child runs of one: shared by the entry points ``suite`` and ``search``."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from experiments.train import fingerprint_of, run_name, tags, train_in_run
from mnist_tradeoff.architecture.costs import complexity
from mnist_tradeoff.architecture.layers import resolve
from mnist_tradeoff.search.config import RunConfig


def train_all(
    configs: Sequence[RunConfig],
    dataset,
    check_launcher: Callable[[], None],
    role: str,
    reused_roles: Sequence[str],
    more_tags: Mapping[str, str] | None = None,
    train: bool = True,
) -> tuple[list, list[str]]:
    """Train each config in a child run of the active one, unless a finished run has it already.

    Args:
        role: of the new runs.
        reused_roles: of the runs that may stand in for a training.
        more_tags: of the new runs.
        train: False: only those that are finished already.

    Returns:
        the results.Training of each that is finished, and a line for each that failed.
    """
    from mnist_tradeoff.report import terminal
    from mnist_tradeoff.tracking import store as tracking

    plan = {fingerprint_of(config, dataset): config for config in configs}
    finished = tracking.finished_trainings(reused_roles, plan)
    for training in finished.values():
        tracking.adopt(training.run_id)
    terminal.tell_reused(len(finished), len(plan))
    missing = [config for key, config in plan.items() if train and key not in finished]
    all_tags = {"role": role, **(more_tags or {})}
    trained, failures = _train(missing, dataset, check_launcher, all_tags)
    return [*finished.values(), *map(tracking.read_training, trained)], failures


def _train(
    configs: Sequence[RunConfig],
    dataset,
    check_launcher: Callable[[], None],
    more_tags: Mapping[str, str],
) -> tuple[list[str], list[str]]:
    """Train each in a run of its own; one that fails does not take the others with it.

    Returns:
        the run ids of the finished ones, and a line for each that failed.
    """
    from mnist_tradeoff.report import terminal
    from mnist_tradeoff.tracking import store as tracking

    trained, failures = [], []
    images = len(dataset.train.labels)
    macs = [complexity(resolve(config.model)).macs for config in configs]
    work = sum(one * config.epochs * images for one, config in zip(macs, configs, strict=True))
    with terminal.RunsProgress("trainings", len(configs), work) as progress:
        for config, one in zip(configs, macs, strict=True):

            def on_images(images: int, one: int = one) -> None:
                check_launcher()
                progress.on_work(images * one)

            name = f"{run_name(config)} seed {config.seed}"
            try:
                run_id, line = _train_child(config, name, dataset, on_images, more_tags)
            except tracking.TrackingError:
                raise
            except Exception as error:  # of one training; the others go on
                line = f"failed: {' '.join(str(error).split()) or type(error).__name__}"
                failures.append(f"{name} {line}")
            else:
                trained.append(run_id)
            progress.on_run(f"{name}: {line}")
    return trained, failures


def _train_child(
    config: RunConfig,
    name: str,
    dataset,
    on_images: Callable[[int], None],
    more_tags: Mapping[str, str],
) -> tuple[str, str]:
    """Run id of a training in a child run of the active one, and a line of what came out."""
    from mnist_tradeoff.tracking import store as tracking

    child_tags = {**tags(config), **more_tags}
    with tracking.tracked_run(name, dataclasses.asdict(config), child_tags) as run_id:
        result = train_in_run(config, dataset, on_images, on_epoch=lambda _: None)
    return run_id, (
        f"val_accuracy {result.val.accuracy:.4f}, test_accuracy {result.test.accuracy:.4f}, "
        f"{result.train_seconds:.1f} s"
    )
