"""A trained model as files for devices, each checked, with what it costs."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.architecture.own_model import AnyArchitecture
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.device import litert, onnx
from mnist_tradeoff.device.c_header import c_header
from mnist_tradeoff.device.convert import convert, convert_to_int8, convert_to_onnx
from mnist_tradeoff.device.measure import file_costs
from mnist_tradeoff.training.backend import keras, tf

CALIBRATION_IMAGES = 500
THROUGHPUT_BATCH = 256
FILES = ("model.tflite", "model_int8.tflite", "model.onnx", "model_int8.h")
PREDICT_CALLS, COMPILED_CALLS, THROUGHPUT_CALLS = 20, 200, 20


@dataclass(frozen=True)
class Exported:
    """An exported model.

    metrics: by name, see ``export_and_measure``.
    files: content by name.
    """

    metrics: Mapping[str, float]
    files: Mapping[str, bytes]


def export_and_measure(
    model: keras.Model, architecture: AnyArchitecture, dataset: Dataset, tolerance: float
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
        ValueError: a file loses more, or cannot be run.
        OSError: the process that converts was killed.
    """
    # Calls are compiled here and in Keras's predict; without this, those of each model stay behind.
    gc.collect()
    task, weights = dataset.task, model.get_weights()
    calibration = dataset.train.images[:CALIBRATION_IMAGES]
    exact = convert(architecture, task, weights)
    int8 = convert_to_int8(architecture, task, weights, calibration)
    onnx_file = convert_to_onnx(architecture, task, weights)
    call = tf.function(lambda images: model(images, training=False), autograph=False)
    answers = {
        "litert_test_accuracy": litert.classify(exact, dataset.test.images),
        "int8_test_accuracy": litert.classify(int8, dataset.test.images),
        "onnx_test_accuracy": onnx.classify(onnx_file, dataset.test.images),
    }
    accuracies = {name: _accuracy(classes, dataset) for name, classes in answers.items()}
    reached = _accuracy(_classify(call, dataset.test.images), dataset)
    _require_accuracy(accuracies, reached, architecture, tolerance)
    metrics = {**accuracies, **_keras_times(model, call, dataset.test.images), **file_costs(exact)}
    metrics |= {f"int8_{name}": value for name, value in file_costs(int8).items()}
    metrics["onnx_size_bytes"] = len(onnx_file)
    header = c_header(int8, str(architecture), dataset.class_names).encode()
    contents = (exact, int8, onnx_file, header)
    return Exported(metrics, dict(zip(FILES, contents, strict=True)))


def _require_accuracy(
    accuracies: Mapping[str, float], reached: float, architecture: AnyArchitecture, tolerance: float
) -> None:
    for name, accuracy in accuracies.items():
        if accuracy < reached - tolerance:
            raise ValueError(
                f"{name} of {architecture} is {accuracy:.4f}, and the model's {reached:.4f}: "
                f"more than tolerance={tolerance} is lost"
            )


def _classify(call: Callable, images: np.ndarray) -> np.ndarray:
    parts = np.array_split(images, -(-len(images) // THROUGHPUT_BATCH))
    return np.concatenate([call(part) for part in parts]).argmax(axis=1)


def _accuracy(classes: np.ndarray, dataset: Dataset) -> float:
    return float((classes == dataset.test.labels).mean())


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
