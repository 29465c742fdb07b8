"""Activations of the training net against Keras's own."""

from typing import Any

import numpy as np
import pytest

from mnist_tradeoff.training.activations import hard_swish
from mnist_tradeoff.training.backend import keras, tf


def value_and_gradient(function: Any, x: Any, upstream: Any) -> tuple[Any, Any]:
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return y, tape.gradient(y, x, upstream)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_hard_swish_and_its_gradient_are_those_of_keras(dtype):
    draw = np.random.default_rng(0).normal(0, 3, (2, 8, 6, 6, 4))
    x, upstream = (tf.cast(tf.constant(one), dtype) for one in draw)
    own = value_and_gradient(hard_swish, x, upstream)
    reference = value_and_gradient(keras.activations.hard_silu, x, upstream)
    for ours, theirs in zip(own, reference, strict=True):
        assert ours.dtype == theirs.dtype == x.dtype
        tolerance = 1e-5 if dtype == "float32" else 2**-6
        np.testing.assert_allclose(
            tf.cast(ours, "float32"), tf.cast(theirs, "float32"), rtol=tolerance, atol=tolerance
        )
