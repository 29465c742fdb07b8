"""Costs as LiteRT has them, measured on real conversions."""

import subprocess
import sys

import numpy as np
import psutil
import pytest
from ai_edge_litert.interpreter import Interpreter

from mnist_tradeoff.architecture.costs import COSTS, FLOAT_ACCURACY, OBJECTIVES, num_params
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data import sets
from mnist_tradeoff.device import convert, litert, onnx
from mnist_tradeoff.device.c_header import c_header
from mnist_tradeoff.device.export import _require_accuracy
from mnist_tradeoff.device.measure import MEASURES, file_costs, measure
from mnist_tradeoff.training.backend import tf
from mnist_tradeoff.training.build import build
from mnist_tradeoff.training.loop import train_and_test
from mnist_tradeoff.training.recipe import TrainConfig
from tests.commands import environment

NET = parse("4C3-P2-8C3-P2-16")


@pytest.fixture(scope="module")
def content():
    yield convert.convert(NET, MNIST)
    convert.stop_converter()


def test_a_converted_model_computes_what_the_keras_model_does(content, stripes):
    images = sets.load(str(stripes)).test.images
    # The same seed, so the same weights.
    expected = build(NET, MNIST)(images).numpy().argmax(axis=1)
    np.testing.assert_array_equal(litert.classify(content, images), expected)


@pytest.fixture(scope="module")
def trained(stripes):
    dataset = sets.load(str(stripes))
    config = TrainConfig(epochs=6, batch_size=32, learning_rate=0.02)
    return dataset, train_and_test(NET, dataset, config)


@pytest.fixture(scope="module")
def portable(trained):
    """Its ONNX file."""
    return convert.convert_to_onnx(NET, MNIST, trained[1].model.get_weights())


def test_trained_weights_arrive_in_every_file(trained, portable):
    dataset, result = trained
    weights = result.model.get_weights()
    assert result.test.accuracy > 0.9
    exact = litert.classify(convert.convert(NET, MNIST, weights), dataset.test.images)
    np.testing.assert_array_equal(exact, result.test.predictions)
    classes = onnx.classify(portable, dataset.test.images)
    np.testing.assert_array_equal(classes, result.test.predictions)
    content = convert.convert_to_int8(NET, MNIST, weights, dataset.train.images[:100])
    rounded = litert.classify(content, dataset.test.images)
    assert (rounded == result.test.predictions).mean() > 0.97
    # A quarter of the weights' bytes, and what every file has
    assert len(content) < num_params(NET, MNIST) + 10_000
    # A byte a weight, four a bias of the 4 + 8 + 16 + 10; shapes and such
    assert 0 <= litert.weights_bytes(content) - num_params(NET, MNIST) - 3 * 38 < 64
    interpreter = Interpreter(model_content=content)
    kinds = {interpreter.get_tensor_details()[i]["dtype"] for i in range(3)}
    assert np.float32 not in kinds
    assert interpreter.get_input_details()[0]["dtype"] == np.uint8
    assert interpreter.get_output_details()[0]["dtype"] == np.int8
    interface = litert.interface(content)
    assert (interface.input_shape, interface.classes) == ((1, 28, 28), 10)
    header = c_header(content, "a net")
    assert header.startswith("// a net, every operation on integers")
    assert "Input: uint8[1][28][28], an image as it is. Output: int8[1][10]" in header
    assert f"#define MODEL_INT8_OUTPUT_SCALE {interface.output.scale!r}f" in header


def test_a_damaged_file_is_refused(content):
    for damaged in (content[: len(content) // 2], b"", b"x" * 99):
        with pytest.raises(ValueError, match="not a LiteRT model, or a damaged one"):
            litert.classify(damaged, np.zeros((1, 28, 28), np.uint8))
        with pytest.raises(ValueError, match="not an ONNX model, or a damaged one"):
            onnx.classify(damaged, np.zeros((1, 28, 28), np.uint8))


@pytest.mark.parametrize(
    "images", [np.zeros((28, 28), np.uint8), np.zeros((0, 28, 28), np.uint8), np.zeros((2, 28, 28))]
)
def test_images_of_another_kind_are_refused(content, portable, images):
    for classify, file in ((litert.classify, content), (onnx.classify, portable)):
        with pytest.raises(ValueError, match=r"images must be uint8 \(n, 28, 28\)"):
            classify(file, images)


def flatten_one(image):
    """Of a model whose file says in its middle that there is one image."""
    return tf.reshape(tf.cast(image, tf.float32), [1, 784])


def test_a_file_that_litert_cannot_run_is_refused():
    image = tf.TensorSpec([1, 28, 28], tf.uint8)
    functions = [tf.function(flatten_one).get_concrete_function(image)]
    content = tf.lite.TFLiteConverter.from_concrete_functions(functions, tf.Module()).convert()
    assert litert.classify(content, np.zeros((1, 28, 28), np.uint8)).tolist() == [0]
    with pytest.raises(ValueError, match="LiteRT cannot run this file: "):
        litert.classify(content, np.zeros((2, 28, 28), np.uint8))


def test_size_is_that_of_float32_weights_and_a_little_more(content):
    weights = 4 * num_params(NET, MNIST)
    assert weights < len(content) < weights + 8_000
    assert measure(NET, "size_bytes", MNIST) == file_costs(content)["size_bytes"] == len(content)
    # Biases that are still zero lie there once for all.
    assert abs(file_costs(content)["weights_bytes"] - weights) < 4 * 38


def test_a_file_may_lose_three_images_or_the_tolerance():
    def lose(images: int, of: int) -> None:
        metrics = {FLOAT_ACCURACY: 1 - images / of}
        _require_accuracy(metrics, 1.0, of, tolerance=0.005)

    lose(3, of=100)
    lose(50, of=10_000)
    for images, of in ((4, 100), (51, 10_000)):
        with pytest.raises(ValueError, match=r"more than tolerance=0.005 is lost"):
            lose(images, of)


def test_what_is_measured_here_is_what_the_table_does_not_know_by_arithmetic():
    unknown = {name for name in OBJECTIVES if not COSTS[name].is_exact}
    assert set(MEASURES) == unknown
    for cost in ("num_params", "watts"):
        with pytest.raises(ValueError, match=f"no measure of '{cost}': use size_bytes, latency_us"):
            measure(NET, cost, MNIST)


def test_a_larger_net_takes_longer(content):
    slow = convert.convert(parse("32C3-32C3-P2-32C3-32C3-P2"), MNIST)
    long, short = litert.latency(slow), litert.latency(content)
    assert long.median_us > 3 * short.median_us > 0
    assert short.p5_us <= short.median_us <= short.p95_us


CHILD = """
from multiprocessing import get_context
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.device.convert import stop_converter
from mnist_tradeoff.device.measure import measure

def work():
    print(measure(parse("4C3-P2"), "size_bytes", MNIST))
    stop_converter()
    stop_converter()

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
    convert.stop_converter()
    assert not before & converters()


def converters() -> set[int]:
    children = psutil.Process().children(recursive=True)
    return {child.pid for child in children if "spawn_main" in " ".join(child.cmdline())}


OLD_PATH = """
import sys, warnings
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    from mnist_tradeoff.litert import classify
print([(one.category.__name__, one.filename) for one in told])
import mnist_tradeoff.device.litert
assert classify is mnist_tradeoff.device.litert.classify
print({"tensorflow", "keras", "mlflow"} & set(sys.modules))
"""


def test_the_old_path_of_litert_works_and_says_where_it_is_now(tmp_path):
    (tmp_path / "theirs.py").write_text(OLD_PATH)
    command = [sys.executable, str(tmp_path / "theirs.py")]
    told, heavy = subprocess.check_output(
        command, env=environment(tmp_path), text=True
    ).splitlines()
    assert told == f"[('DeprecationWarning', '{tmp_path}/theirs.py')]"
    assert heavy == "set()"
