"""What a model costs as LiteRT runs it: its size in bytes and its time for one image."""

import io
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from functools import cache
from multiprocessing import get_context

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mnist_tradeoff.architectures import IMAGE_SIZE, Architecture
from mnist_tradeoff.processes import exit_with_parent

# The converter leaks about 7 MB a call (tensorflow#122598): it works in a process of its own,
# which is started anew after so many calls.
CONVERSIONS_PER_PROCESS = 20
WARM_UP_CALLS = 200
TIMED_CALLS = 2_000


def measure(architecture: Architecture, cost: str) -> float:
    """``size_bytes`` or ``latency_us`` of an architecture with untrained weights, float32.

    Neither depends on what the weights are.
    """
    content = convert(architecture)
    return float(len(content)) if cost == "size_bytes" else latency_us(content)


def convert(architecture: Architecture) -> bytes:
    """LiteRT model (a flatbuffer, float32) of an untrained architecture."""
    return _converter().submit(_convert, architecture).result()


@cache
def _converter() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        max_workers=1,
        mp_context=get_context("spawn"),
        max_tasks_per_child=CONVERSIONS_PER_PROCESS,
        initializer=_start_converter,
    )


def stop_converter() -> None:
    """End the process that converts, if there is one.

    A process that multiprocessing started would wait for it at its own end, forever.
    """
    if _converter.cache_info().currsize:
        _converter().shutdown()
        _converter.cache_clear()


def _start_converter() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends it
    exit_with_parent()


def _convert(architecture: Architecture) -> bytes:
    from mnist_tradeoff.backend import keras, quiet_stderr, tf
    from mnist_tradeoff.models import build

    keras.backend.clear_session()  # the counters in the layers' names, which the file contains
    # Keras prints the signature of what it converts.
    with quiet_stderr(), redirect_stdout(io.StringIO()):
        return tf.lite.TFLiteConverter.from_keras_model(build(architecture)).convert()


def latency_us(content: bytes) -> float:
    """Median microseconds that one image takes on one thread, after a warm-up."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    image = np.random.default_rng(0).integers(0, 256, (1, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    seconds = []
    for _ in range(WARM_UP_CALLS + TIMED_CALLS):
        interpreter.set_tensor(entry["index"], image)
        started = time.perf_counter()
        interpreter.invoke()
        seconds.append(time.perf_counter() - started)
    return 1e6 * float(np.median(seconds[WARM_UP_CALLS:]))
