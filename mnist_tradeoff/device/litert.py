"""Runs a LiteRT file as a device does: its answers, and its time for one image."""

import time
from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mnist_tradeoff.architecture.layers import IMAGE_SIZE
from mnist_tradeoff.system.quiet import quiet_stderr

WARM_UP_CALLS = 50
# So many calls, or as many as fit into the seconds, but enough for percentiles.
MAX_CALLS, MAX_SECONDS, MIN_CALLS = 2_000, 0.5, 100
BATCH = 1_000


def classify(content: bytes, images: np.ndarray) -> np.ndarray:
    """Class of every image, int (n,), as the file's model sees it.

    Args:
        content: a LiteRT model from uint8 images (n, 28, 28) to ten scores of any type.
        images: uint8 (n, 28, 28), at least one.

    Raises:
        ValueError: the file is damaged, or the images are something else.
    """
    require_images(images)
    interpreter = load(content)
    (entry,), (out,) = interpreter.get_input_details(), interpreter.get_output_details()
    classes = []
    for start in range(0, len(images), BATCH):
        batch = images[start : start + BATCH]
        interpreter.resize_tensor_input(entry["index"], batch.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(entry["index"], batch)
        interpreter.invoke()
        classes.append(interpreter.get_tensor(out["index"]).argmax(axis=1))
    return np.concatenate(classes)


def require_images(images: np.ndarray) -> None:
    """Refuse anything but images as MNIST gives them.

    Raises:
        ValueError: not uint8 (n, 28, 28), or none at all.
    """
    shape = (len(images), IMAGE_SIZE, IMAGE_SIZE)
    if images.dtype != np.uint8 or images.shape != shape or not len(images):
        raise ValueError(
            f"images must be uint8 (n, {IMAGE_SIZE}, {IMAGE_SIZE}), at least one, not "
            f"{images.dtype} {images.shape}"
        )


@dataclass(frozen=True)
class Quantization:
    """How integers stand for numbers: number = scale × (integer − zero_point)."""

    scale: float
    zero_point: int


def quantizations(content: bytes) -> tuple[Quantization, Quantization]:
    """Of the input and of the output of a file; scale 0 where there is none.

    Raises:
        ValueError: the file is damaged.
    """
    interpreter = load(content)
    (entry,), (out,) = interpreter.get_input_details(), interpreter.get_output_details()
    return Quantization(*entry["quantization"]), Quantization(*out["quantization"])


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
    image = np.random.default_rng(0).integers(0, 256, (1, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    interpreter.set_tensor(entry["index"], image)
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
