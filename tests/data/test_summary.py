"""What a set's summary counts, and what it warns of."""

import numpy as np
import pytest

from mnist_tradeoff.data import sets
from mnist_tradeoff.data.summary import Summary, summarized
from tests.factories import Arrays, make_arrays, write_idx

ARRAYS = make_arrays(120, 40)


def summary_of(folder, arrays: Arrays) -> Summary:
    return summarized(sets.load(str(write_idx(folder / "own", arrays))))


def test_a_set_without_faults_is_counted_and_not_warned_of(tmp_path):
    found = summary_of(tmp_path, ARRAYS)
    assert {part: int(count.sum()) for part, count in found.counts.items()} == {
        "train": 110,
        "val": 10,
        "test": 40,
    }
    assert found.counts["test"].tolist() == [4] * 10
    assert (found.lowest, found.highest) == (0, 255)
    assert not any([*found.copies.values(), *found.shared.values(), *found.constant.values()])
    assert found.two_labels == 0
    assert found.warnings == ()


def test_copies_are_counted_within_and_across_parts(tmp_path):
    train, labels, test, test_labels = (array.copy() for array in ARRAYS)
    test[:3] = train[:3]
    test[3] = test[4]
    test_labels[:3] = labels[:3] = 7
    test_labels[0] = 8
    found = summary_of(tmp_path, Arrays(train, labels, test, test_labels))
    assert found.copies["test"] == 1
    assert found.shared["test", "train"] + found.shared["test", "val"] == 3
    assert found.two_labels == 4  # one in both parts, and the copy within test
    assert any(warning.endswith("of test also in train") for warning in found.warnings)
    assert "4 images there with another label, too" in found.warnings


def from_one(labels):
    return labels + 1


def without_three(labels):
    return np.where(labels == 3, 4, labels).astype(np.uint8)


def same(one):
    return one


def with_black(images):
    return np.where(np.arange(len(images))[:, None, None] < 2, 0, images).astype(np.uint8)


@pytest.mark.parametrize(
    ("of_images", "of_labels", "of_test_labels", "warning"),
    [
        (same, from_one, from_one, "labels begin with 1: they are taken as the classes 0 to 9"),
        (same, same, without_three, "test has no image of class 3"),
        (lambda images: 255 - images // 2, same, same, "it looks inverted"),
        (with_black, same, same, "2 images of test all of one value"),
        (lambda images: images // 16, same, same, "values reach 15 of 255"),
    ],
)
def test_what_usually_goes_wrong_is_said(tmp_path, of_images, of_labels, of_test_labels, warning):
    train, labels, test, test_labels = ARRAYS
    changed = Arrays(
        of_images(train), of_labels(labels), of_images(test), of_test_labels(test_labels)
    )
    found = summary_of(tmp_path, changed).warnings
    assert [line for line in found if line.startswith(warning)], found
