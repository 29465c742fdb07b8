"""Every kind of layer as a file: float32 answers as Keras, int8 runs, and the header has it."""

import numpy as np
import pytest

from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.device import litert, onnx
from mnist_tradeoff.device.c_header import c_header
from mnist_tradeoff.device.convert import (
    convert,
    convert_to_int8,
    convert_to_onnx,
    stop_converter,
)
from mnist_tradeoff.training.build import build

NETS = [
    "6C5s:tanh-A2-16C5S2:elu-(16DS3s:hswish)+-24:gelu-drop0.5-16:silu",
    "6C3S2b:leaky-(D3sb-6C1:linear)x2-P2-(6C3sb:sigmoid)@2-G-16b",
    "4C3-P2-8C3-head3",
]


@pytest.fixture(scope="module", autouse=True)
def _converter():
    yield
    stop_converter()


@pytest.mark.slow
@pytest.mark.parametrize("notation", NETS)
def test_files_answer_as_keras_does(notation):
    architecture = parse(notation)
    model = build(architecture, MNIST, seed=1)
    images = np.random.default_rng(0).integers(0, 256, (200, 28, 28)).astype(np.uint8)
    expected, weights = model(images).numpy().argmax(axis=1), model.get_weights()
    exact = convert(architecture, MNIST, weights)
    np.testing.assert_array_equal(litert.classify(exact, images), expected)
    other = convert_to_onnx(architecture, MNIST, weights)
    np.testing.assert_array_equal(onnx.classify(other, images), expected)
    int8 = convert_to_int8(architecture, MNIST, weights, images)
    assert litert.classify(int8, images).shape == (200,)
    assert f"// {notation}," in c_header(int8, notation)
