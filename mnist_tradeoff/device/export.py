"""A trained model as files for devices, each checked, with what it costs."""

import gc
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mnist_tradeoff.architecture.costs import (
    FLOAT_ACCURACY,
    FLOAT_FILE,
    INT8_ACCURACY,
    INT8_FILE,
)
from mnist_tradeoff.architecture.own_model import AnyArchitecture
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.device import litert, onnx
from mnist_tradeoff.device.c_header import c_header
from mnist_tradeoff.device.convert import convert, convert_to_int8, convert_to_onnx
from mnist_tradeoff.device.measure import file_costs
from mnist_tradeoff.system.plain import visible

if TYPE_CHECKING:  # it starts TensorFlow
    from mnist_tradeoff.training.backend import keras

CALIBRATION_IMAGES = 500
THROUGHPUT_BATCH = 256
# Fewer say nothing: of two classifiers that are equally good, one has them by chance.
MIN_LOST_IMAGES = 3
ONNX_FILE, HEADER_FILE = "model.onnx", "model_int8.h"
# Beside the accuracy's name that of each file that is converted.
ACCURACIES = {
    FLOAT_FILE: FLOAT_ACCURACY,
    INT8_FILE: INT8_ACCURACY,
    ONNX_FILE: "onnx_test_accuracy",
}
PREDICT_CALLS, COMPILED_CALLS, THROUGHPUT_CALLS = 20, 200, 20


@dataclass(frozen=True)
class Exported:
    """An exported model.

    metrics: by name, see ``export_and_measure``.
    files: content by name.
    left_out: by the name of a file that cannot be made or run, why.
    """

    metrics: Mapping[str, float]
    files: Mapping[str, bytes]
    left_out: Mapping[str, str]


def due_files(left_out: Collection[str]) -> set[str]:
    """Names of the files that an export consists of; the header is made of the int8 one."""
    files = {*ACCURACIES} - {*left_out}
    return files | ({HEADER_FILE} if INT8_FILE in files else set())


def export_and_measure(
    model: "keras.Model", architecture: AnyArchitecture, dataset: Dataset, tolerance: float
) -> Exported:
    """Export a trained model to LiteRT in float32 and in int8, and to ONNX, and measure the files.

    The metrics are ``size_bytes`` (``weights_bytes`` of them are constants), ``latency_us`` (with
    ``_p5`` and ``_p95``: one image, one thread of this host) and ``litert_test_accuracy``; the
    same beginning with ``int8_``;
    ``onnx_size_bytes`` and ``onnx_test_accuracy``; of Keras, ``keras_predict_us`` and
    ``compiled_call_us`` for one image and ``images_per_second`` in batches of 256. The files are
    ``model.tflite``, ``model_int8.tflite``, ``model_int8.h`` and ``model.onnx``. A file that cannot
    be made or run is left out with its metrics.

    Args:
        tolerance: most test accuracy that a file may lose against the model; of a small test set
            ``MIN_LOST_IMAGES`` may be lost in any case.

    Raises:
        ValueError: a file loses more, or none can be made.
        OSError: the process that converts was killed.
    """
    from mnist_tradeoff.training.backend import tf

    # Calls are compiled here and in Keras's predict; without this, those of each model stay behind.
    gc.collect()
    call = tf.function(lambda images: model(images, training=False), autograph=False)
    metrics, files, left_out = _made(model, architecture, dataset)
    if not files:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise ValueError(f"no file of {architecture} can be made ({reasons})")
    reached = _accuracy(_classify(call, dataset.test.images), dataset)
    _require_accuracy(metrics, reached, len(dataset.test.labels), tolerance)
    metrics |= _keras_times(model, call, dataset.test.images)
    if INT8_FILE in files:
        header = c_header(files[INT8_FILE], str(architecture), dataset.class_names)
        files[HEADER_FILE] = header.encode()
    return Exported(metrics, files, left_out)


def _made(
    model: "keras.Model", architecture: AnyArchitecture, dataset: Dataset
) -> tuple[dict[str, float], dict[str, bytes], dict[str, str]]:
    """Metrics and files of the formats that the model can be had in, and why not in the others."""
    of_model = (architecture, dataset.task, model.get_weights())
    calibration = dataset.train.images[:CALIBRATION_IMAGES]
    conversions: dict[str, Callable[[], bytes]] = {
        FLOAT_FILE: lambda: convert(*of_model),
        INT8_FILE: lambda: convert_to_int8(*of_model, calibration),
        ONNX_FILE: lambda: convert_to_onnx(*of_model),
    }
    metrics: dict[str, float] = {}
    files: dict[str, bytes] = {}
    left_out: dict[str, str] = {}
    for name, make in conversions.items():
        try:
            content = make()
            metrics |= _measured(name, content, dataset)
            files[name] = content
        except ValueError as error:
            left_out[name] = visible(str(error))
    return metrics, files, left_out


def _measured(name: str, content: bytes, dataset: Dataset) -> dict[str, float]:
    classify = onnx.classify if name == ONNX_FILE else litert.classify
    accuracy = {ACCURACIES[name]: _accuracy(classify(content, dataset.test.images), dataset)}
    if name == ONNX_FILE:
        return {**accuracy, "onnx_size_bytes": len(content)}
    prefix = "int8_" if name == INT8_FILE else ""
    return accuracy | {f"{prefix}{cost}": value for cost, value in file_costs(content).items()}


def _require_accuracy(
    metrics: Mapping[str, float], reached: float, images: int, tolerance: float
) -> None:
    allowed = max(tolerance, MIN_LOST_IMAGES / images)
    for name in ACCURACIES.values():
        if metrics.get(name, reached) < reached - allowed - 1e-9:
            raise ValueError(
                f"{name} is {metrics[name]:.4f}, and the model's {reached:.4f}: more than "
                f"tolerance={tolerance} is lost"
            )


def _classify(call: Callable, images: np.ndarray) -> np.ndarray:
    parts = np.array_split(images, -(-len(images) // THROUGHPUT_BATCH))
    return np.concatenate([call(part) for part in parts]).argmax(axis=1)


def _accuracy(classes: np.ndarray, dataset: Dataset) -> float:
    return float((classes == dataset.test.labels).mean())


def _keras_times(model: "keras.Model", call: Callable, images: np.ndarray) -> dict[str, float]:
    from mnist_tradeoff.training.backend import tf

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
