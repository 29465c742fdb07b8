"""What a model makes of each class: confusions, accuracy by class, balanced accuracy."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mnist_tradeoff.data.dataset import Dataset

# Metrics of a run on a set whose classes differ much in size.
BALANCED_NAMES = ("val_balanced_accuracy", "test_balanced_accuracy")


@dataclass(frozen=True)
class ByClass:
    """The answers to the images of a split.

    confusion: int (classes, classes): how many images of the row's class got the column's answer.
    """

    confusion: np.ndarray

    @cached_property
    def images(self) -> np.ndarray:
        """How many images each class has, int (classes,)."""
        return self.confusion.sum(axis=1)

    @cached_property
    def right(self) -> np.ndarray:
        """How many of them were recognised, int (classes,)."""
        return self.confusion.diagonal()

    @cached_property
    def accuracies(self) -> np.ndarray:
        """Share of each class's images that were recognised, (classes,); NaN for one without."""
        found = np.full(len(self.images), np.nan)
        return np.divide(self.right, self.images, out=found, where=self.images > 0)

    @property
    def balanced_accuracy(self) -> float:
        """Mean of the classes' accuracies, of those that have images: each class counts alike.

        As scikit-learn's ``balanced_accuracy_score``.
        """
        return float(np.nanmean(self.accuracies))

    @cached_property
    def mistakes(self) -> np.ndarray:
        """The confusion without what is right, int (classes, classes)."""
        return self.confusion - np.diag(self.right)

    def confusions(self) -> list[tuple[int, int, int]]:
        """Class, answer and number of images of every mistake that was made, the commonest first.

        Of equally common ones the lowest class comes first.
        """
        rows, columns = np.nonzero(self.mistakes)
        found = zip(rows.tolist(), columns.tolist(), self.mistakes[rows, columns], strict=True)
        return sorted(((a, b, int(n)) for a, b, n in found), key=lambda one: -one[2])


def by_class(labels: np.ndarray, predictions: np.ndarray, classes: int) -> ByClass:
    """What became of the images of each class.

    Args:
        labels, predictions: int (n,), below the number of classes.
    """
    pairs = labels.astype(np.int64) * classes + predictions
    return ByClass(np.bincount(pairs, minlength=classes**2).reshape(classes, classes))


def balanced_accuracies(dataset: Dataset, val: np.ndarray, test: np.ndarray) -> dict[str, float]:
    """``val_balanced_accuracy`` and ``test_balanced_accuracy``; nothing of a balanced set.

    Args:
        val, test: the predicted classes of the images of these splits, int (n,).
    """
    if not dataset.is_imbalanced:
        return {}
    splits = {"val": (dataset.val, val), "test": (dataset.test, test)}
    return {
        f"{name}_balanced_accuracy": by_class(
            split.labels, predictions, dataset.task.classes
        ).balanced_accuracy
        for name, (split, predictions) in splits.items()
    }
