"""Several trainings as child runs of one: shared by ``suite`` and ``search``."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.architecture.costs import macs
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.pipelines.training import Plan, plan, train_in_run
from mnist_tradeoff.report import terminal
from mnist_tradeoff.tracking.runs import tracked_run
from mnist_tradeoff.tracking.store import TrackingError
from mnist_tradeoff.tracking.trainings import adopt, finished_trainings, read_training
from mnist_tradeoff.training.recipe import RunConfig

# For the time left: what an image and a run take beside the arithmetic, as so many MACs more.
# From one shared machine, at 48 ps a MAC (cnn_v2): 6 µs an image (ann), and 1.5 s to build and to
# log. Only their proportions matter, and only to the bar.
MACS_OF_AN_IMAGE, MACS_OF_A_RUN = 130_000, 30_000_000_000

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
    planned = (plan(config, dataset) for config in configs)
    plans = {one.fingerprint(code): one for one in planned}
    finished = finished_trainings(reused_roles, plans)
    for training in finished.values():
        adopt(training.run_id)
    terminal.tell_reused(len(finished), len(plans))
    missing = [one for key, one in plans.items() if train and key not in finished]
    all_tags = {"role": role, **(more_tags or {})}
    run_ids, failures = _train(missing, check_launcher, all_tags)
    found = {plans[key].config: training for key, training in finished.items()}
    found |= {config: read_training(run_id) for config, run_id in run_ids.items()}
    return {
        one.config: found[one.config] for one in plans.values() if one.config in found
    }, failures


def _train(
    plans: Sequence[Plan],
    check_launcher: Callable[[], None],
    more_tags: Mapping[str, str],
) -> tuple[dict[RunConfig, str], list[str]]:
    """Train each in a run of its own; one that fails does not take the others with it.

    Returns:
        the run ids of the finished ones, and a line for each that failed.
    """
    trained, failures = {}, []
    total = sum(
        one.config.epochs * len(one.dataset.train.labels) * _work(one) + MACS_OF_A_RUN
        for one in plans
    )
    with terminal.RunsProgress("trainings", len(plans), total) as progress:
        for one in plans:

            def on_images(images: int, work: int = _work(one)) -> None:
                check_launcher()
                progress.on_work(images * work)

            name = f"{one.name} seed {one.config.seed}"
            progress.on_start(name)
            try:
                trained[one.config], line = _train_child(one, name, on_images, more_tags)
            except TrackingError:
                raise
            except Exception as error:  # of one training; the others go on
                line = f"failed: {' '.join(str(error).split()) or type(error).__name__}"
                failures.append(f"{name} {line}")
            progress.on_work(MACS_OF_A_RUN)
            progress.on_run(f"{name}: {line}")
    return trained, failures


def _work(planned: Plan) -> int:
    return macs(planned.architecture, planned.dataset.task) + MACS_OF_AN_IMAGE


def _train_child(
    planned: Plan,
    name: str,
    on_images: Callable[[int], None],
    more_tags: Mapping[str, str],
) -> tuple[str, str]:
    """Run id of a training in a child run of the active one, and a line of what came out."""
    child_tags = {**planned.tags, **more_tags}
    with tracked_run(name, dataclasses.asdict(planned.config), child_tags) as run_id:
        result = train_in_run(planned, on_images)
    return run_id, (
        f"val_accuracy {result.val.accuracy:.4f}, test_accuracy {result.test.accuracy:.4f}, "
        f"{result.train_seconds:.1f} s"
    )
