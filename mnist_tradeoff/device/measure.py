"""What a trained model costs a device: exported files, checked, with their bytes and times."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.architecture.layers import Architecture
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.device import litert, onnx
from mnist_tradeoff.device.convert import convert, convert_to_int8, convert_to_onnx
from mnist_tradeoff.training.backend import keras, tf

CALIBRATION_IMAGES = 500
THROUGHPUT_BATCH = 256
PREDICT_CALLS, COMPILED_CALLS, THROUGHPUT_CALLS = 20, 200, 20
BYTES_PER_LINE = 12


@dataclass(frozen=True)
class Exported:
    """An exported model.

    metrics: by name, see ``export_and_measure``.
    files: content by name.
    """

    metrics: Mapping[str, float]
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class DeviceCosts:
    """All metrics of a model that was exported: of one training, or over several seeds."""

    model: str
    seeds: tuple[int, ...]
    metrics: Mapping[str, float]


def export_and_measure(
    model: keras.Model, architecture: Architecture, dataset: Dataset, tolerance: float
) -> Exported:
    """Export a trained model to LiteRT in float32 and in int8, and to ONNX, and measure the files.

    The metrics are ``size_bytes``, ``latency_us`` (with ``_p5`` and ``_p95``: one image, one
    thread of this host) and ``litert_test_accuracy``; the same three beginning with ``int8_``;
    ``onnx_size_bytes`` and ``onnx_test_accuracy``; of Keras, ``keras_predict_us`` and
    ``compiled_call_us`` for one image and ``images_per_second`` in batches of 256. The files are
    ``model.tflite``, ``model_int8.tflite``, ``model_int8.h`` and ``model.onnx``.

    Args:
        tolerance: most test accuracy that a file may lose against the model.

    Raises:
        ValueError: a file loses more.
        OSError: the process that converts was killed.
    """
    # Calls are compiled here and in Keras's predict; without this, those of each model stay behind.
    gc.collect()
    weights = model.get_weights()
    calibration = dataset.train.images[:CALIBRATION_IMAGES]
    exact = convert(architecture, weights)
    int8 = convert_to_int8(architecture, weights, calibration)
    onnx_file = convert_to_onnx(architecture, weights)
    call = tf.function(lambda images: model(images, training=False), autograph=False)
    reached = _accuracy(_classify(call, dataset.test.images), dataset)
    accuracies = {
        f"{name}_test_accuracy": _accuracy(classify(content, dataset.test.images), dataset)
        for name, classify, content in (
            ("litert", litert.classify, exact),
            ("int8", litert.classify, int8),
            ("onnx", onnx.classify, onnx_file),
        )
    }
    for name, accuracy in accuracies.items():
        if accuracy < reached - tolerance:
            raise ValueError(
                f"{name} of {architecture} is {accuracy:.4f}, and the model's {reached:.4f}: "
                f"more than tolerance={tolerance} is lost"
            )
    return Exported(
        {
            **accuracies,
            **_keras_times(model, call, dataset.test.images),
            **_file_costs(exact, ""),
            **_file_costs(int8, "int8_"),
            "onnx_size_bytes": len(onnx_file),
        },
        {
            "model.tflite": exact,
            "model_int8.tflite": int8,
            "model_int8.h": c_header(int8, architecture).encode(),
            "model.onnx": onnx_file,
        },
    )


def _classify(call: Callable, images: np.ndarray) -> np.ndarray:
    parts = np.array_split(images, -(-len(images) // THROUGHPUT_BATCH))
    return np.concatenate([call(part) for part in parts]).argmax(axis=1)


def _accuracy(classes: np.ndarray, dataset: Dataset) -> float:
    return float((classes == dataset.test.labels).mean())


def _file_costs(content: bytes, prefix: str) -> dict[str, float]:
    found = litert.latency(content)
    return {
        f"{prefix}size_bytes": len(content),
        f"{prefix}latency_us": found.median_us,
        f"{prefix}latency_us_p5": found.p5_us,
        f"{prefix}latency_us_p95": found.p95_us,
    }


def _keras_times(model: keras.Model, call: Callable, images: np.ndarray) -> dict[str, float]:
    one, many = tf.constant(images[:1]), tf.constant(images[:THROUGHPUT_BATCH])
    batch_us = median_us(lambda: call(many), THROUGHPUT_CALLS)
    return {
        "keras_predict_us": median_us(
            lambda: model.predict(images[:1], verbose=0),  # pyright: ignore (typed as str)
            PREDICT_CALLS,
        ),
        "compiled_call_us": median_us(lambda: call(one), COMPILED_CALLS),
        "images_per_second": 1e6 * len(many) / batch_us,
    }


def median_us(run: Callable[[], object], calls: int) -> float:
    """Median microseconds of so many calls, after one that is outside the clock."""
    run()  # traced outside the clock
    seconds = []
    for _ in range(calls):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return 1e6 * float(np.median(seconds))


def c_header(content: bytes, architecture: Architecture) -> str:
    """An int8 file as a C array, for a microcontroller that has no file system."""
    entry, out = litert.quantizations(content)
    lines = [
        "  " + ", ".join(f"0x{byte:02x}" for byte in content[i : i + BYTES_PER_LINE]) + ","
        for i in range(0, len(content), BYTES_PER_LINE)
    ]
    return "\n".join(
        [
            f"// {architecture}, every operation on integers, LiteRT.",
            "// Input: uint8[1][28][28], an image as it is. Output: int8[1][10], a score a digit;",
            "// score = SCALE * (integer - ZERO_POINT).",
            "#include <stdint.h>",
            f"#define MODEL_INT8_INPUT_SCALE {entry.scale!r}f",
            f"#define MODEL_INT8_INPUT_ZERO_POINT {entry.zero_point}",
            f"#define MODEL_INT8_OUTPUT_SCALE {out.scale!r}f",
            f"#define MODEL_INT8_OUTPUT_ZERO_POINT {out.zero_point}",
            f"#define MODEL_INT8_SIZE {len(content)}u",
            "static const uint8_t model_int8[MODEL_INT8_SIZE] __attribute__((aligned(16))) = {",
            *lines,
            "};\n",
        ]
    )
