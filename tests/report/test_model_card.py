"""The card of a recommended model, for images of any task."""

import numpy as np

from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.report.plain import as_code
from mnist_tradeoff.report.recommendation import model_card

NOTHING = Split(np.zeros(0, np.uint8), np.zeros(0, np.uint8))


def named(name: str, task: Task, *class_names: str) -> Dataset:
    return Dataset(name, "0", "x", task, NOTHING, NOTHING, NOTHING, class_names)


def test_it_names_the_images_and_their_classes():
    card = model_card("# why", "9 bytes", named("pets", Task(Shape(32, 48, 3), 2), "cat", "`<b>`"))
    trained, _, given = card.partition("Input: ")
    assert given.startswith(
        "images (n, 32, 48, 3) with whole values 0 to 255, as in an image file;"
    )
    assert "at most 10,000 images" in given
    assert trained == (
        "# why\nExported: 9 bytes.\nTrained on: `pets`, 32×48 RGB images (uint8) in 2 classes: "
        "0 `cat`, 1 `` `<b>` ``.\n"
    )
    card = model_card("", "", named("mnist", MNIST))
    assert "Trained on: `mnist`, 28×28 grey images (uint8) in 10 classes.\n" in card
    assert "(n, 28, 28)" in card


def test_it_stays_short_where_there_are_many():
    names = [f"{i}{'x' * 190}" for i in range(1_000)]
    card = model_card("", "", named("many", Task(Shape(32, 32, 3), 1_000), *names))
    assert len(card) < 2_000
    assert "19 `19xxx" in card
    assert "20 `20xxx" not in card
    assert "… 999 `999xxx" in card


def test_code_in_markdown_has_a_fence_that_nothing_in_it_closes():
    assert as_code("net.py") == "`net.py`"
    assert as_code("a`b") == "`` a`b ``"
    assert as_code("a``b\n") == "``` a``b\\u000a ```"
