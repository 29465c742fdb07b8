"""Converts models to LiteRT files, float32 and int8, and to ONNX, in a process of its own."""

import io
import re
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, redirect_stdout
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from mnist_tradeoff.architecture.own_model import AnyArchitecture
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.system.plain import one_line
from mnist_tradeoff.system.processes import exit_with_parent
from mnist_tradeoff.system.quiet import quiet_stderr

# The converter leaks about 7 MB a call (tensorflow#122598): it works in a process of its own,
# which is started anew after so many calls.
CONVERSIONS_PER_PROCESS = 20

# What LiteRT's converter says of operations that it lacks.
LACKING = re.compile(r"(?:Flex|TF Select) ops: (?P<names>.+)")

Weights = Sequence[np.ndarray]


class ConversionError(ValueError):
    """A model cannot be had in a format; one line that says why."""


def convert(architecture: AnyArchitecture, task: Task, weights: Weights | None = None) -> bytes:
    """LiteRT file (a flatbuffer) of a model in float32, from uint8 images to logits.

    Args:
        weights: as ``keras.Model.get_weights`` gives them; None: untrained.

    Raises:
        ConversionError: LiteRT cannot express it.
        OSError: the process that converts was killed.
    """
    return _submit(_to_litert, architecture, task, weights, None)


def convert_to_int8(
    architecture: AnyArchitecture, task: Task, weights: Weights, images: np.ndarray
) -> bytes:
    """LiteRT file of a model whose every operation works on integers, from uint8 images to int8.

    Args:
        images: uint8 (n, height, width), of the training set: the ranges of the activations are
            taken from them.

    Raises:
        ConversionError: LiteRT cannot express it in integers.
        OSError: the process that converts was killed.
    """
    return _submit(_to_litert, architecture, task, weights, images)


def convert_to_onnx(architecture: AnyArchitecture, task: Task, weights: Weights) -> bytes:
    """ONNX file of a model in float32, from uint8 images to logits, by Keras's own exporter.

    Raises:
        ConversionError: the exporter cannot express it.
        OSError: the process that converts was killed.
    """
    return _submit(_to_onnx, architecture, task, weights)


def _submit(convert: Callable[..., bytes], *arguments: object) -> bytes:
    try:
        return _converter().submit(convert, *arguments).result()
    except BrokenProcessPool:
        _converter.cache_clear()
        raise OSError(
            "the process that converts models was killed; is there enough memory?"
        ) from None


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


def _to_litert(
    architecture: AnyArchitecture,
    task: Task,
    weights: Weights | None,
    calibration: np.ndarray | None,
) -> bytes:
    from mnist_tradeoff.training.backend import tf

    # An integer model begins with the quantisation of its input, which must be a float for that.
    model = _build(architecture, task, weights, "uint8" if calibration is None else "float32")
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if calibration is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: _batches_of_one(calibration)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type, converter.inference_output_type = tf.uint8, tf.int8
    with _conversion():
        return converter.convert()


def _to_onnx(architecture: AnyArchitecture, task: Task, weights: Weights) -> bytes:
    from mnist_tradeoff.device import onnx_operations  # noqa: F401 (adds what tf2onnx lacks)
    from mnist_tradeoff.training.backend import functions_inlined

    model = _build(architecture, task, weights, "uint8")
    model(np.zeros((1, *task.image_shape), np.uint8))  # the exporter asks for one call
    with tempfile.TemporaryDirectory() as folder, functions_inlined(), _conversion():
        path = Path(folder) / "model.onnx"
        model.export(path, format="onnx", verbose=False)
        return path.read_bytes()


@contextmanager
def _conversion() -> Iterator[None]:
    """Keeps quiet what TensorFlow and Keras print, and makes one line of what they raise."""
    with quiet_stderr(), redirect_stdout(io.StringIO()):
        try:
            yield
        except Exception as error:  # the converters' errors have no type in common
            found = LACKING.search(str(error))
            reason = f"LiteRT has no operation {found['names']}" if found else str(error)
            raise ConversionError(one_line(reason)) from None


def _build(architecture: AnyArchitecture, task: Task, weights: Weights | None, input_dtype: str):
    from mnist_tradeoff.training.backend import keras
    from mnist_tradeoff.training.build import build

    keras.backend.clear_session()  # the counters in the layers' names, which the files contain
    model = build(architecture, task, input_dtype=input_dtype)
    if weights is not None:
        model.set_weights(weights)
    return model


def _batches_of_one(images: np.ndarray) -> Iterator[list[np.ndarray]]:
    for image in images:
        yield [image[None].astype(np.float32)]
