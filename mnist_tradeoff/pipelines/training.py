"""One training, tracked: what a run of ``main``, of a suite and of a study's front all are."""

from collections.abc import Callable

from mnist_tradeoff.architecture.costs import COSTS, exact_costs, trainable_params
from mnist_tradeoff.architecture.references import model_name
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report import curves
from mnist_tradeoff.report.style import rendered
from mnist_tradeoff.tracking import runs, trainings
from mnist_tradeoff.training.fingerprint import fingerprint
from mnist_tradeoff.training.loop import Epoch, FinalResult, train_and_test
from mnist_tradeoff.training.recipe import RunConfig, choose_precision

EXACT_COSTS = [name for name, cost in COSTS.items() if cost.is_exact]


def tags(config: RunConfig) -> dict[str, str]:
    """The tags of a training that are known before it starts."""
    return {"role": "run", "architecture": str(config.architecture)}


def train_in_run(
    config: RunConfig,
    dataset: Dataset,
    on_images: Callable[[int], None],
    on_epoch: Callable[[Epoch], None] = lambda _: None,
) -> FinalResult:
    """Train and leave in the active run all that the documentation promises of a run.

    Args:
        on_images, on_epoch: see ``training.loop.train``.
    """
    architecture = config.architecture
    runs.log_dataset(dataset)
    costs = exact_costs(architecture, dataset.task, EXACT_COSTS)
    runs.log_metrics({**costs, "trainable_params": trainable_params(architecture, dataset.task)})
    trainings.log_fingerprint(fingerprint_of(config, dataset))

    def log_and_tell(epoch: Epoch) -> None:
        trainings.log_epoch(epoch)
        on_epoch(epoch)

    result = train_and_test(architecture, dataset, config, on_images, log_and_tell)
    title = f"{model_name(architecture)} on {dataset.name}"
    curve = rendered(curves.learning_curve(result.epochs, title))
    trainings.log_result(result, dataset, curve)
    return result


def fingerprint_of(config: RunConfig, dataset: Dataset, code: str = "") -> str:
    """Digest of all that decides about this training's weights.

    Args:
        code: see ``fingerprint``.
    """
    architecture = config.architecture
    precision = choose_precision(architecture, config.precision)
    return fingerprint(str(architecture), config, precision, dataset.digest, code)
