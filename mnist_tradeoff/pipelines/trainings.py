"""Several trainings as child runs of one: shared by ``suite`` and ``search``."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.architecture.costs import macs
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.pipelines.training import Plan, log_in_run, plan, start_libraries, train_in_run
from mnist_tradeoff.report import terminal
from mnist_tradeoff.tracking.runs import tracked_run
from mnist_tradeoff.tracking.store import TrackingError
from mnist_tradeoff.tracking.trainings import finished_trainings, read_training
from mnist_tradeoff.training.recipe import RunConfig

if TYPE_CHECKING:  # it starts TensorFlow
    from mnist_tradeoff.training.loop import FinalResult

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
    together: int = 1,
) -> tuple[Trained, list[str]]:
    """Train each config in a child run of the active one, unless a finished run has it already.

    Args:
        role: of the new runs.
        reused_roles: of the runs that may stand in for a training.
        more_tags: of the new runs.
        train: False: only those that are finished already.
        code: of these, if it is another one than this.
        together: most seeds of a model that are trained at once, see ``training.together``.

    Returns:
        what is finished, in the order of the configs, and a line for each that failed.
    """
    planned = (plan(config, dataset) for config in configs)
    plans = {one.fingerprint(code): one for one in planned}
    all_tags = {"role": role, **(more_tags or {})}
    finished = finished_trainings(reused_roles, plans, all_tags.get("study", ""))
    terminal.tell_reused(len(finished), len(plans))
    missing = [one for key, one in plans.items() if train and key not in finished]
    run_ids, failures = _train(_groups(missing, together), check_launcher, all_tags)
    found = {plans[key].config: training for key, training in finished.items()}
    found |= {config: read_training(run_id) for config, run_id in run_ids.items()}
    return {
        one.config: found[one.config] for one in plans.values() if one.config in found
    }, failures


def _groups(plans: Sequence[Plan], together: int) -> list[list[Plan]]:
    """Plans that differ in their seed alone, so many at once; a user's own model by itself."""
    alike: dict[Any, list[Plan]] = {}
    for one in plans:
        is_joined = together > 1 and isinstance(one.architecture, Architecture)
        settings = dataclasses.replace(one.config, seed=0) if is_joined else one.config
        alike.setdefault(settings, []).append(one)
    return [
        group[first : first + together]
        for group in alike.values()
        for first in range(0, len(group), together)
    ]


def _train(
    groups: Sequence[Sequence[Plan]],
    check_launcher: Callable[[], None],
    more_tags: Mapping[str, str],
) -> tuple[dict[RunConfig, str], list[str]]:
    """Train each in a run of its own; one that fails does not take the others with it.

    Returns:
        the run ids of the finished ones, and a line for each that failed.
    """
    trained, failures = {}, []
    if groups:
        start_libraries()
    plans = [one for group in groups for one in group]
    total = sum(
        one.config.epochs * len(one.dataset.train.labels) * _work(one) + MACS_OF_A_RUN
        for one in plans
    )
    with terminal.RunsProgress("trainings", len(plans), total) as progress:

        def on_work(work: int) -> None:
            check_launcher()
            progress.on_work(work)

        for group in groups:
            progress.on_start(_name(group[0]))
            results = _train_group(group, on_work) if len(group) > 1 else {}
            for one in group:
                progress.on_start(_name(one))
                try:
                    trained[one.config], line = _train_child(one, on_work, more_tags, results)
                except TrackingError:
                    raise
                except Exception as error:  # of one training; the others go on
                    line = f"failed: {' '.join(str(error).split()) or type(error).__name__}"
                    failures.append(f"{_name(one)} {line}")
                progress.on_work(MACS_OF_A_RUN)
                progress.on_run(f"{_name(one)}: {line}")
    return trained, failures


def _name(planned: Plan) -> str:
    return f"{planned.name} seed {planned.config.seed}"


def _work(planned: Plan) -> int:
    return macs(planned.architecture, planned.dataset.task) + MACS_OF_AN_IMAGE


def _train_group(
    group: Sequence[Plan], on_work: Callable[[int], None]
) -> "dict[RunConfig, FinalResult]":
    """What came out of trainings that differ in their seed, all at once.

    Nothing, if one of them fails: then they are trained one after the other.
    """
    from mnist_tradeoff.training.loop import train_together

    first, seeds = group[0], [one.config.seed for one in group]
    work = _work(first) * len(group)
    try:
        results = train_together(
            *(first.architecture, first.dataset, first.config, seeds),
            on_images=lambda images: on_work(images * work),
        )
    except (ValueError, FloatingPointError, MemoryError):
        return {}
    return {one.config: result for one, result in zip(group, results, strict=True)}


def _train_child(
    planned: Plan,
    on_work: Callable[[int], None],
    more_tags: Mapping[str, str],
    results: "Mapping[RunConfig, FinalResult]",
) -> tuple[str, str]:
    """Run id of a training in a child run of the active one, and a line of what came out.

    Args:
        results: of those that have been trained already.
    """
    child_tags = {**planned.tags, **more_tags}
    config = planned.config
    with tracked_run(_name(planned), dataclasses.asdict(config), child_tags) as run_id:
        if config in results:
            result = log_in_run(planned, results[config], len(results))
        else:
            result = train_in_run(planned, lambda images: on_work(images * _work(planned)))
    return run_id, (
        f"val_accuracy {result.val.accuracy:.4f}, test_accuracy {result.test.accuracy:.4f}, "
        f"{result.train_seconds:.1f} s"
    )
