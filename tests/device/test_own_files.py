"""Files of the user's own models: a format that cannot be had does not take the others along."""

import numpy as np
import pytest

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data import sets
from mnist_tradeoff.device import onnx
from mnist_tradeoff.device.convert import stop_converter
from mnist_tradeoff.device.export import due_files, export_and_measure
from mnist_tradeoff.training.build import build
from mnist_tradeoff.training.own_model import load_own_model

NETS = """
import keras


def net(kind, shape, classes):
    x = inputs = keras.Input(shape)
    x = keras.layers.Flatten()(keras.layers.MaxPooling2D(4)(x))
    x = keras.layers.Dense(8, activation="gelu")(x)
    x = {"erf": keras.ops.erf, "erfinv": lambda x: keras.ops.erfinv(x / 99)}.get(kind, abs)(x)
    return keras.Model(inputs, keras.layers.Dense(classes)(x))


def gelu(shape, classes):
    return net("gelu", shape, classes)


def erf(shape, classes):
    return net("erf", shape, classes)


def erfinv(shape, classes):
    return net("erfinv", shape, classes)
"""


@pytest.fixture
def exported(stripes, tmp_path):
    dataset = sets.load(str(stripes))
    (tmp_path / "nets.py").write_text(NETS)

    def export(function: str):
        own = load_own_model(f"{tmp_path}/nets.py:{function}", MNIST)
        model = build(own, MNIST)
        return model, dataset, export_and_measure(model, own, dataset, tolerance=1.0)

    yield export
    stop_converter()


@pytest.mark.slow
def test_what_cannot_be_had_is_left_out_and_said(exported):
    model, dataset, whole = exported("gelu")
    assert not whole.left_out
    assert {*whole.files} == due_files(whole.left_out)
    expected = model(dataset.test.images).numpy().argmax(axis=1)
    classes = onnx.classify(whole.files["model.onnx"], dataset.test.images)
    np.testing.assert_array_equal(classes, expected)

    *_, part = exported("erf")
    assert {*part.files} == {"model.onnx"} == due_files(part.left_out)
    assert "onnx_test_accuracy" in part.metrics
    assert not {"size_bytes", "int8_test_accuracy", "latency_us"} & {*part.metrics}
    assert "LiteRT has no operation" in part.left_out["model.tflite"]
    assert all("\n" not in why and len(why) < 250 for why in part.left_out.values())

    with pytest.raises(
        ValueError, match=r"no file of nets.py:erfinv@\w+ can be made \(model.tflite"
    ):
        exported("erfinv")
