from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from mnist_tradeoff.architecture.kind import Kind
from mnist_tradeoff.architecture.notation import Architecture, parse
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.training.build import build

NET = parse("4C3-P2-8")


def test_raw_images_in_logits_out():
    model = build(NET, MNIST)
    logits = model(np.full((3, 28, 28), 255, np.uint8)).numpy()
    assert logits.shape == (3, 10)
    assert logits.dtype == np.float32
    # The input is scaled to 0..1: an unscaled 255 would give logits two orders larger.
    assert np.abs(logits).max() < 10


def test_same_seed_same_weights():
    first, second, other = (build(NET, MNIST, seed).get_weights() for seed in (1, 1, 2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_precision_keeps_float32_weights_and_logits(precision):
    model = build(NET, MNIST, precision=precision)
    assert {str(weight.dtype) for weight in model.weights} == {"float32"}
    assert model.outputs[0].dtype == "float32"


def test_a_model_takes_the_images_of_its_task():
    model = build(NET, Task(Shape(8, 9, 3), 4))
    assert model(np.zeros((2, 8, 9, 3), np.uint8)).shape == (2, 4)


@dataclass(frozen=True)
class Unknown(Kind):
    """A kind of layer that nobody has told Keras of."""

    is_flat = True


def test_a_kind_of_layer_that_keras_has_not_been_told_of_is_an_error():
    layer: Any = Unknown()
    with pytest.raises(AssertionError, match="Unknown"):
        build(Architecture((layer,)), MNIST)
