"""Runs a LiteRT file as a device does: its answers, and its time for one image."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from mnist_tradeoff.system.quiet import quiet_stderr

WARM_UP_CALLS = 50
# So many calls, or as many as fit into the seconds, but enough for percentiles.
MAX_CALLS, MAX_SECONDS, MIN_CALLS = 2_000, 0.5, 100
BATCH = 1_000


def classify(content: bytes, images: np.ndarray) -> np.ndarray:
    """Class of every image, int (n,), as the file's model sees it.

    Args:
        content: a LiteRT model from uint8 images (n, height, width) to scores of any type.
        images: uint8 (n, height, width), at least one.

    Raises:
        ValueError: the file is damaged, or the images are something else.
    """
    interpreter = load(content)
    (entry,), (out,) = interpreter.get_input_details(), interpreter.get_output_details()
    require_images(images, entry["shape"][1:])
    classes = []
    for start in range(0, len(images), BATCH):
        batch = images[start : start + BATCH]
        interpreter.resize_tensor_input(entry["index"], batch.shape)
        with _run_errors():
            interpreter.allocate_tensors()
            interpreter.set_tensor(entry["index"], batch)
            interpreter.invoke()
        classes.append(interpreter.get_tensor(out["index"]).argmax(axis=1))
    return np.concatenate(classes)


def require_images(images: np.ndarray, shape: Sequence[int]) -> None:
    """Refuse anything but images as a model's file takes them.

    Args:
        shape: of one image, as the file says.

    Raises:
        ValueError: not uint8 (n, *shape), or none at all.
    """
    shape = tuple(int(side) for side in shape)
    if images.dtype != np.uint8 or images.shape[1:] != shape or not len(images):
        sides = ", ".join(map(str, shape))
        raise ValueError(
            f"images must be uint8 (n, {sides}), at least one, not {images.dtype} {images.shape}"
        )


@contextmanager
def _run_errors() -> Iterator[None]:
    """What the interpreter cannot run, as a ValueError."""
    try:
        yield
    except RuntimeError as error:
        raise ValueError(f"LiteRT cannot run this file: {error}") from None


@dataclass(frozen=True)
class Quantization:
    """How integers stand for numbers: number = scale × (integer − zero_point)."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class Interface:
    """What goes into a file's model and what comes out; scale 0 where nothing is quantised.

    input_shape: (1, height, width).
    """

    input_shape: tuple[int, ...]
    classes: int
    input: Quantization
    output: Quantization


def interface(content: bytes) -> Interface:
    """Shapes and quantisations of a file.

    Raises:
        ValueError: the file is damaged.
    """
    interpreter = load(content)
    (entry,), (out,) = interpreter.get_input_details(), interpreter.get_output_details()
    return Interface(
        tuple(map(int, entry["shape"])),
        int(out["shape"][-1]),
        Quantization(*entry["quantization"]),
        Quantization(*out["quantization"]),
    )


@dataclass(frozen=True)
class Latency:
    """Microseconds that one image takes on one thread, after a warm-up."""

    median_us: float
    p5_us: float
    p95_us: float


def latency(content: bytes) -> Latency:
    """Time of one image on one thread of this CPU.

    Raises:
        ValueError: the file is damaged.
    """
    interpreter = load(content)
    (entry,) = interpreter.get_input_details()
    image = np.random.default_rng(0).integers(0, 256, entry["shape"], np.uint8)
    interpreter.set_tensor(entry["index"], image)
    with _run_errors():
        for _ in range(WARM_UP_CALLS):
            interpreter.invoke()
    seconds, total = [], 0.0
    while len(seconds) < MIN_CALLS or (len(seconds) < MAX_CALLS and total < MAX_SECONDS):
        interpreter.set_tensor(entry["index"], image)
        started = time.perf_counter()
        interpreter.invoke()
        seconds.append(time.perf_counter() - started)
        total += seconds[-1]
    p5, median, p95 = np.percentile(seconds, [5, 50, 95])
    return Latency(1e6 * float(median), 1e6 * float(p5), 1e6 * float(p95))


def weights_bytes(content: bytes) -> int:
    """Bytes of a file's constants: weights, biases and what else its operations are given.

    What several operations have in common counts once. The rest of a file is its graph, its
    operations and, in int8, the scale of every channel.

    Raises:
        ValueError: the file is damaged.
    """
    load(content)  # refuses what cannot be read
    # To the generated classes everything is optional; of a file that runs it is there.
    model: Any = schema.ModelT.InitFromPackedBuf(content, 0)
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    return sum(len(data) for number in used if (data := model.buffers[number].data) is not None)


def load(content: bytes) -> Interpreter:
    """An interpreter of a file, on one thread, ready for one image.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        with quiet_stderr():  # it tells of its delegate
            interpreter = Interpreter(model_content=content, num_threads=1)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"not a LiteRT model, or a damaged one: {error}") from None
    return interpreter
