"""Costs as LiteRT has them, measured on real conversions."""

import subprocess
import sys

import numpy as np
import psutil
import pytest
from ai_edge_litert.interpreter import Interpreter

from mnist_tradeoff import export
from mnist_tradeoff.architectures import parse
from mnist_tradeoff.complexity import complexity

NET = parse("4C3-P2-8C3-P2-16")


@pytest.fixture(scope="module")
def content():
    yield export.convert(NET)
    export.stop_converter()


def test_the_converted_model_computes_what_the_keras_model_does(content):
    from mnist_tradeoff.models import build

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    (entry,), (out,) = interpreter.get_input_details(), interpreter.get_output_details()
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    expected = build(NET)(images).numpy()  # the same seed, so the same weights
    for image, logits in zip(images, expected, strict=True):
        interpreter.set_tensor(entry["index"], image[None])
        interpreter.invoke()
        np.testing.assert_allclose(interpreter.get_tensor(out["index"])[0], logits, atol=1e-4)


def test_size_is_that_of_float32_weights_and_a_little_more(content):
    weights = 4 * complexity(NET).num_params
    assert weights < len(content) < weights + 8_000
    assert export.measure(NET, "size_bytes") == len(content)


def test_a_larger_net_takes_longer(content):
    slow = export.convert(parse("32C3-32C3-P2-32C3-32C3-P2"))
    assert export.latency_us(slow) > 3 * export.latency_us(content) > 0


CHILD = """
from multiprocessing import get_context
from mnist_tradeoff import export
from mnist_tradeoff.architectures import parse

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
