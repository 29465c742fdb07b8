"""Costs as LiteRT has them, measured on real conversions."""

import subprocess
import sys

import numpy as np
import psutil
import pytest
from ai_edge_litert.interpreter import Interpreter

from mnist_tradeoff.architecture.costs import num_params
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data import sets
from mnist_tradeoff.device import convert as export
from mnist_tradeoff.device import litert, onnx
from mnist_tradeoff.training.loop import train_and_test
from mnist_tradeoff.training.recipe import TrainConfig
from tests.commands import environment

NET = parse("4C3-P2-8C3-P2-16")


@pytest.fixture(scope="module")
def content():
    yield export.convert(NET)
    export.stop_converter()


def test_a_converted_model_computes_what_the_keras_model_does(content, stripes):
    from mnist_tradeoff.training.build import build

    images = sets.load(str(stripes)).test.images
    expected = (
        build(NET, MNIST)(images).numpy().argmax(axis=1)
    )  # the same seed, so the same weights
    np.testing.assert_array_equal(litert.classify(content, images), expected)


@pytest.fixture(scope="module")
def trained(stripes):
    dataset = sets.load(str(stripes))
    config = TrainConfig(epochs=6, batch_size=32, learning_rate=0.02)
    return dataset, train_and_test(NET, dataset, config)


def test_trained_weights_arrive_in_every_file(trained):
    dataset, result = trained
    weights = result.model.get_weights()
    assert result.test.accuracy > 0.9
    exact = litert.classify(export.convert(NET, weights), dataset.test.images)
    np.testing.assert_array_equal(exact, result.test.predictions)
    portable = onnx.classify(export.convert_to_onnx(NET, weights), dataset.test.images)
    np.testing.assert_array_equal(portable, result.test.predictions)
    content = export.convert_to_int8(NET, weights, dataset.train.images[:100])
    rounded = litert.classify(content, dataset.test.images)
    assert (rounded == result.test.predictions).mean() > 0.97
    # A quarter of the weights' bytes, and what every file has
    assert len(content) < num_params(NET, MNIST) + 10_000
    interpreter = Interpreter(model_content=content)
    kinds = {interpreter.get_tensor_details()[i]["dtype"] for i in range(3)}
    assert np.float32 not in kinds
    assert interpreter.get_input_details()[0]["dtype"] == np.uint8
    assert interpreter.get_output_details()[0]["dtype"] == np.int8


def test_a_damaged_file_is_refused(content):
    for damaged in (content[: len(content) // 2], b"", b"x" * 99):
        with pytest.raises(ValueError, match="not a LiteRT model, or a damaged one"):
            litert.classify(damaged, np.zeros((1, 28, 28), np.uint8))
        with pytest.raises(ValueError, match="not an ONNX model, or a damaged one"):
            onnx.classify(damaged, np.zeros((1, 28, 28), np.uint8))


@pytest.mark.parametrize(
    "images", [np.zeros((28, 28), np.uint8), np.zeros((0, 28, 28), np.uint8), np.zeros((2, 28, 28))]
)
def test_images_of_another_kind_are_refused(content, images):
    for classify in (litert.classify, onnx.classify):
        with pytest.raises(ValueError, match=r"images must be uint8 \(n, 28, 28\)"):
            classify(content, images)


def test_size_is_that_of_float32_weights_and_a_little_more(content):
    weights = 4 * num_params(NET, MNIST)
    assert weights < len(content) < weights + 8_000
    assert export.measure(NET, "size_bytes") == len(content)


def test_a_larger_net_takes_longer(content):
    slow = export.convert(parse("32C3-32C3-P2-32C3-32C3-P2"))
    long, short = litert.latency(slow), litert.latency(content)
    assert long.median_us > 3 * short.median_us > 0
    assert short.p5_us <= short.median_us <= short.p95_us


CHILD = """
from multiprocessing import get_context
from mnist_tradeoff.device import convert as export
from mnist_tradeoff.architecture.notation import parse

def work():
    print(export.measure(parse("4C3-P2"), "size_bytes"))
    export.stop_converter()
    export.stop_converter()

if __name__ == "__main__":
    process = get_context("spawn").Process(target=work)
    process.start()
    process.join(100)
    print("exit", process.exitcode)
    process.kill()
"""


def test_a_worker_process_that_measured_ends(tmp_path):
    """And it prints nothing of TensorFlow's or Keras's own."""
    (tmp_path / "child.py").write_text(CHILD)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "child.py")],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    size, end = done.stdout.splitlines()
    assert float(size) > 4 * 6_850
    assert end == "exit 0"
    assert not done.stderr


@pytest.mark.usefixtures("content")
def test_the_process_that_converts_can_be_ended():
    before = converters()
    assert before
    export.stop_converter()
    assert not before & converters()


def converters() -> set[int]:
    children = psutil.Process().children(recursive=True)
    return {child.pid for child in children if "spawn_main" in " ".join(child.cmdline())}
