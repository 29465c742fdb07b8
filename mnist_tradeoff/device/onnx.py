"""Runs an ONNX file with ONNX Runtime."""

import numpy as np
import onnxruntime

from mnist_tradeoff.device.litert import require_images

BATCH = 1_000


def classify(content: bytes, images: np.ndarray) -> np.ndarray:
    """Class of every image, int (n,), as the file's model sees it.

    Args:
        content: an ONNX model from uint8 images (n, height, width) to scores.
        images: uint8 (n, height, width), at least one.

    Raises:
        ValueError: the file is damaged, or the images are something else.
    """
    session = _session(content)
    (entry,) = session.get_inputs()
    require_images(images, entry.shape[1:])
    batches = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
    scores = [np.asarray(session.run(None, {entry.name: batch})[0]) for batch in batches]
    return np.concatenate(scores).argmax(axis=1)


def _session(content: bytes) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no type of their own in common
        raise ValueError(f"not an ONNX model, or a damaged one: {error}") from None
