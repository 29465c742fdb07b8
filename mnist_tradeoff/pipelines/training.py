"""One training, tracked: what a run of ``main``, of a suite and of a study's front all are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_tradeoff.analysis.classes import by_class
from mnist_tradeoff.architecture.costs import COSTS, exact_costs, num_params, trainable_params
from mnist_tradeoff.architecture.own_model import AnyArchitecture, OwnModel, is_own
from mnist_tradeoff.architecture.references import model_name, read_model
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report import classes, curves
from mnist_tradeoff.report.style import rendered
from mnist_tradeoff.tracking import runs, trainings
from mnist_tradeoff.training.fingerprint import fingerprint
from mnist_tradeoff.training.recipe import RunConfig, choose_precision

if TYPE_CHECKING:  # it starts TensorFlow
    from mnist_tradeoff.training.loop import Epoch, FinalResult

EXACT_COSTS = [name for name, cost in COSTS.items() if cost.is_exact]
# Adam keeps four numbers of 4 bytes a parameter: 800 MB.
MAX_NUM_PARAMS = 50_000_000


@dataclass(frozen=True)
class Plan:
    """A training that can start: its settings, and what its model is on the images.

    notes: how the notation was understood, where that is not plain.
    """

    config: RunConfig
    dataset: Dataset
    architecture: AnyArchitecture
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A reference's name, the notation, or the file and function of the user's own."""
        if isinstance(self.architecture, OwnModel):
            return self.architecture.name
        return model_name(self.architecture, self.dataset.task)

    @property
    def tags(self) -> dict[str, str]:
        """The tags of a training that are known before it starts."""
        tags = {"role": "run", "architecture": str(self.architecture)}
        if isinstance(self.architecture, OwnModel) and self.architecture.counts.from_graph:
            tags["macs_from"] = "graph"
        return tags

    def fingerprint(self, code: str = "") -> str:
        """Digest of all that decides about this training's weights.

        Args:
            code: see ``fingerprint``.
        """
        precision = choose_precision(self.architecture, self.config.precision)
        of_model = str(self.architecture)
        return fingerprint(of_model, self.config, precision, self.dataset.digest, code)


def plan(config: RunConfig, dataset: Dataset) -> Plan:
    """What a training's model is on these images.

    Raises:
        ValueError: it does not fit the images, has too many parameters, or is a user's own that
            cannot be trained.
    """
    task = dataset.task
    if is_own(config.model):
        from mnist_tradeoff.training.own_model import load_own_model

        found = Plan(config, dataset, load_own_model(config.model, task))
    else:
        found = Plan(config, dataset, **vars(read_model(config.model, task)))
    params = num_params(found.architecture, task)
    if params > MAX_NUM_PARAMS:
        raise ValueError(
            f"model '{config.model}' has {params:,} parameters; "
            f"at most {MAX_NUM_PARAMS:,} are trained here"
        )
    return found


def start_libraries() -> None:
    """Start TensorFlow before a bar counts its seconds as those of the work."""
    from mnist_tradeoff.training import loop  # noqa: F401


def train_in_run(
    planned: Plan,
    on_images: Callable[[int], None],
    on_epoch: "Callable[[Epoch], None]" = lambda _: None,
) -> "FinalResult":
    """Train and leave in the active run all that the documentation promises of a run.

    Args:
        on_images, on_epoch: see ``training.loop.train``.
    """
    from mnist_tradeoff.training.loop import train_and_test

    _log_plan(planned)

    def log_and_tell(epoch: "Epoch") -> None:
        trainings.log_epoch(epoch)
        on_epoch(epoch)

    result = train_and_test(
        planned.architecture, planned.dataset, planned.config, on_images, log_and_tell
    )
    _log_result(planned, result)
    return result


def log_in_run(planned: Plan, result: "FinalResult", together: int) -> "FinalResult":
    """Leave in the active run the same of a training that has ended, of so many at once."""
    _log_plan(planned)
    trainings.log_together(together)
    for epoch in result.epochs:
        trainings.log_epoch(epoch)
    _log_result(planned, result)
    return result


def _log_plan(planned: Plan) -> None:
    architecture, dataset = planned.architecture, planned.dataset
    runs.log_dataset(dataset)
    if isinstance(architecture, OwnModel):
        runs.log_contents({architecture.name.rpartition(":")[0]: architecture.source})
    costs = exact_costs(architecture, dataset.task, EXACT_COSTS)
    runs.log_metrics({**costs, "trainable_params": trainable_params(architecture, dataset.task)})
    trainings.log_fingerprint(planned.fingerprint())


def _log_result(planned: Plan, result: "FinalResult") -> None:
    dataset = planned.dataset
    title = f"{planned.name} on {dataset.name}"
    found = by_class(dataset.test.labels, result.test.predictions, dataset.task.classes)
    pictures = {
        "learning_curve.png": rendered(curves.learning_curve(result.epochs, title)),
        "confusion_matrix.png": classes.confusion_picture(found, dataset.names, title),
    }
    tables = {
        "per_class_accuracy.json": classes.class_table(found, dataset.names),
        "confusion_matrix.json": classes.confusion_table(found, dataset.names),
    }
    trainings.log_result(result, dataset, pictures, tables)
