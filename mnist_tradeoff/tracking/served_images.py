"""What a logged model takes: images as it was trained on, or it says in one line why not.

This file is logged with every model and loaded from there, also where this project is not
installed: it imports MLflow and NumPy alone.
"""

from typing import Any

import numpy as np
from mlflow.environment_variables import _MLFLOW_IS_IN_SERVING_ENVIRONMENT
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

# Of one request: more would wait for an answer longer than MLflow's server does.
MAX_IMAGES = 10_000
BATCH = 256


class ImageError(MlflowException):
    """One line, and HTTP 400; the server would put the images that it was sent before it."""

    def __init__(self, line: str):
        super().__init__(line, error_code=INVALID_PARAMETER_VALUE)
        self.line = line

    @property
    def message(self) -> str:
        """The line."""
        return self.line

    @message.setter
    def message(self, _: str) -> None:
        """It stays."""


class ServedModel:
    """A Keras model from uint8 images to logits.

    Args:
        model: takes images (n, height, width) or (n, height, width, 3).
    """

    def __init__(self, model: Any):
        self.model = model
        self.shape = tuple(model.input_shape[1:])

    def predict(self, data: Any, params: Any = None) -> np.ndarray:  # noqa: ARG002
        """Logits float32 (n, classes) of images with whole values 0 to 255.

        Raises:
            ImageError: they are none; HTTP 400.
        """
        try:
            images = as_images(data, self.shape)
        except ImageError:
            # The server writes out all that it was sent, in many seconds, for its own message.
            if isinstance(data, list) and _MLFLOW_IS_IN_SERVING_ENVIRONMENT.get():
                data.clear()
            raise
        return self.model.predict(images, batch_size=BATCH, verbose=0)


def as_images(data: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Images uint8 (n, …) of an array or of nested lists.

    Args:
        shape: of one image.

    Raises:
        ImageError: another shape, or values that are not whole numbers from 0 to 255.
    """
    wanted = f"(n, {', '.join(map(str, shape))})"
    if isinstance(data, list) and len(data) > MAX_IMAGES:
        _require_few(len(data))
    try:
        found = np.asarray(data)
    except ValueError:
        raise ImageError(f"the images must be numbers {wanted}: these differ in size") from None
    if found.dtype.kind not in "uif":
        raise ImageError(f"the images must be numbers {wanted}, not {_kind(found)}")
    if found.shape[1:] != shape or not len(found):
        raise ImageError(f"the images must be {wanted}, not {found.shape}{_hint(found, shape)}")
    _require_few(len(found))
    _require_values(found)
    return found.astype(np.uint8)


def _require_few(count: int) -> None:
    if count > MAX_IMAGES:
        raise ImageError(f"{count:,} images at once: send at most {MAX_IMAGES:,}")


def _kind(found: np.ndarray) -> str:
    kinds = {"U": "text", "b": "true and false", "O": "a mixture, or null"}
    return kinds.get(found.dtype.kind, str(found.dtype))


def _hint(found: np.ndarray, shape: tuple[int, ...]) -> str:
    if found.shape == shape:
        return ": put the one image into a list"
    return ": send at least one" if not found.size else ""


def _require_values(found: np.ndarray) -> None:
    if not np.isfinite(found).all():
        raise ImageError("a value is NaN or infinite: values are whole numbers from 0 to 255")
    low, high = found.min(), found.max()
    if low < 0 or high > 255:
        raise ImageError(f"values must be 0 to 255, as in an image file, not {low:g} to {high:g}")
    if found.dtype.kind == "f" and 0 < high <= 1:
        raise ImageError("values must be whole numbers from 0 to 255: multiply these by 255")
    if (found != np.round(found)).any():
        odd = found[found != np.round(found)][0]
        raise ImageError(f"values must be whole numbers from 0 to 255, as {odd:g} is not")


def _load_pyfunc(path: str) -> ServedModel:
    """MLflow calls this; its own loader reads the file."""
    from mlflow import tensorflow

    return ServedModel(tensorflow._load_pyfunc(path).get_raw_model())
