import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from mnist_tradeoff.analysis.classes import balanced_accuracies, by_class
from mnist_tradeoff.architecture.task import Shape, Task
from mnist_tradeoff.data.dataset import Dataset, Split

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 5, 400).astype(np.uint8)
ANSWERS = np.where(RANDOM.random(400) < 0.7, LABELS, RANDOM.integers(0, 5, 400))


def test_it_agrees_with_scikit_learn():
    found = by_class(LABELS, ANSWERS, 5)
    np.testing.assert_array_equal(found.confusion, confusion_matrix(LABELS, ANSWERS))
    expected = balanced_accuracy_score(LABELS, ANSWERS)
    assert found.balanced_accuracy == pytest.approx(expected)
    confusions = found.confusions()
    assert sum(count for _, _, count in confusions) == (LABELS != ANSWERS).sum()
    assert confusions[0][2] == max(count for _, _, count in confusions)


def test_a_class_without_images_has_no_accuracy_and_does_not_count():
    found = by_class(np.array([0, 0, 2]), np.array([0, 1, 2]), 3)
    np.testing.assert_array_equal(found.accuracies, [0.5, np.nan, 1.0])
    assert found.balanced_accuracy == 0.75


def of_counts(*counts: int) -> Dataset:
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.uint8)
    split = Split(np.zeros((len(labels), 8, 8), np.uint8), labels)
    return Dataset("x", "0", "x", Task(Shape(8, 8, 1), len(counts)), split, split, split)


@pytest.mark.parametrize(
    ("counts", "is_imbalanced"),
    [((10, 30), False), ((10, 31), True), ((5, 5, 0), True), ((7, 7, 7), False)],
)
def test_balanced_accuracy_is_for_classes_that_differ_by_more_than_three_to_one(
    counts, is_imbalanced
):
    dataset = of_counts(*counts)
    assert dataset.is_imbalanced is is_imbalanced
    zeros = np.zeros(sum(counts), int)  # always the first class
    found = balanced_accuracies(dataset, zeros, zeros)
    with_images = sum(count > 0 for count in counts)
    of_each = {"val_balanced_accuracy": 1 / with_images, "test_balanced_accuracy": 1 / with_images}
    assert found == (of_each if is_imbalanced else {})
