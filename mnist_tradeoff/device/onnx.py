"""Runs an ONNX file with ONNX Runtime."""

import re

import numpy as np
import onnxruntime

from mnist_tradeoff.device.litert import require_images
from mnist_tradeoff.system.plain import one_line

BATCH = 1_000
LACKING = re.compile(r"No Op registered for (?P<name>\w+)")


def classify(content: bytes, images: np.ndarray) -> np.ndarray:
    """Class of every image, int (n,), as the file's model sees it.

    Args:
        content: an ONNX model from uint8 images (n, height, width) to scores.
        images: uint8 (n, height, width), at least one.

    Raises:
        ValueError: the file is damaged or cannot be run, or the images are something else.
    """
    session = _session(content)
    (entry,) = session.get_inputs()
    require_images(images, entry.shape[1:])
    batches = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
    try:
        scores = [np.asarray(session.run(None, {entry.name: batch})[0]) for batch in batches]
    except Exception as error:  # as in _session
        raise ValueError(f"ONNX Runtime cannot run this file: {one_line(error)}") from None
    return np.concatenate(scores).argmax(axis=1)


def _session(content: bytes) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no type of their own in common
        found = LACKING.search(str(error))
        if found:
            raise ValueError(f"ONNX Runtime has no operation {found['name']}") from None
        raise ValueError(f"not an ONNX model, or a damaged one: {one_line(error)}") from None
