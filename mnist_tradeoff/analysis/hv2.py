"""HV2, this study's measure of a front: how much of the map of parameters and error it covers."""

from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.analysis.pareto import hypervolume
from mnist_tradeoff.architecture.costs import num_params
from mnist_tradeoff.architecture.references import references_of
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import MNIST_NAME

NUM_PARAMS_DECADES = 3.5
# The corner is a little beyond the most expensive reference: on MNIST 316 k parameters.
WORST_COST_RATIO = 1.405
# On images other than MNIST's: from the error of guessing down to a hundredth of it.
ERROR_DECADES = 2.0


@dataclass(frozen=True)
class Scale:
    """What counts on a set of images: from the corner, which is worth nothing, to the ideal.

    worst_num_params, worst_error: the corner. The ideal is ``NUM_PARAMS_DECADES`` and
        ``error_decades`` below it.
    least_num_params, least_error: what is below counts as this.
    """

    worst_num_params: float
    worst_error: float
    error_decades: float
    least_num_params: float
    least_error: float

    @property
    def ideal_num_params(self) -> float:
        return self.worst_num_params / 10**NUM_PARAMS_DECADES

    @property
    def ideal_error(self) -> float:
        return self.worst_error / 10**self.error_decades


# 316 k parameters and 3 % error, to 100 and 0.3 %; what is better than that counts more than 1.
MNIST_SCALE = Scale(10**5.5, 0.03, 1.0, 1, 1e-4)


def scale_of(dataset: str, task: Task) -> Scale:
    """The scale of a set of images.

    MNIST has its own. Elsewhere the corner is 1.405 times the parameters of the most expensive
    reference that fits on the images and the error of guessing, and what is better than the ideal
    counts as the ideal: HV2 is from 0 to 1.

    Args:
        dataset: its name.
    """
    if dataset == MNIST_NAME:
        return MNIST_SCALE
    references = references_of(task).values()
    worst = WORST_COST_RATIO * max(num_params(one.architecture, task) for one in references)
    error = guessing_error(task)
    least = (worst / 10**NUM_PARAMS_DECADES, error / 10**ERROR_DECADES)
    return Scale(worst, error, ERROR_DECADES, *least)


def guessing_error(task: Task) -> float:
    """Share of mistakes of one who guesses among the classes."""
    return 1 - 1 / task.classes


def hv2(num_params: np.ndarray, accuracies: np.ndarray, scale: Scale) -> float:
    """Hypervolume of models by parameters and accuracy, 0 to about 1; both axes are logarithmic.

    It is over the parameters, whatever a study minimises.

    Args:
        num_params: (n,) above 0.
        accuracies: (n,) from 0 to 1.
    """
    error_percent = np.maximum(100 * (1 - np.asarray(accuracies, float)), 100 * scale.least_error)
    params = np.maximum(np.asarray(num_params, float), scale.least_num_params)
    x = (np.log10(scale.worst_num_params) - np.log10(params)) / NUM_PARAMS_DECADES
    y = (np.log10(100 * scale.worst_error) - np.log10(error_percent)) / scale.error_decades
    return hypervolume(-np.stack([x, y], axis=1), np.zeros(2))
