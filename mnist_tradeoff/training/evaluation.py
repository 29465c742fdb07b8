"""What a model answers: compiled prediction, and the accuracy on the images of a split."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.data.dataset import Split
from mnist_tradeoff.system.processes import THREADS
from mnist_tradeoff.training.backend import keras, tf

EVALUATION_BATCH = 1_000
# Fewer images are not worth a thread of their own.
MIN_IMAGES_PER_THREAD = 16


@dataclass(frozen=True)
class Evaluation:
    """Mean cross-entropy, accuracy, and of every image the predicted class and its own loss.

    predictions: int (n,); losses: float32 (n,).
    """

    loss: float
    accuracy: float
    predictions: np.ndarray
    losses: np.ndarray


def slice_edges(size: int, images: int = 0) -> list[tuple[int, int]]:
    """First and last of every slice of a batch: one for each core that is worth it.

    Args:
        images: of a slice, where that must not depend on the number of cores; 0: it may.
    """
    parts = size // images if images else min(THREADS, size // MIN_IMAGES_PER_THREAD)
    parts = max(1, parts)
    edges = [size * part // parts for part in range(parts + 1)]
    return list(itertools.pairwise(edges))


def compile_prediction(model: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """A function from uint8 images to the model's float32 logits (n, classes).

    It reads the model's weights at every call and is traced once: batches are filled up with black
    images to one size.
    """

    def forward(batch):
        edges = slice_edges(EVALUATION_BATCH)
        parts = [model(batch[low:high], training=False) for low, high in edges]
        return tf.concat(parts, axis=0)

    shape = [EVALUATION_BATCH, *model.input_shape[1:]]
    compiled = tf.function(forward).get_concrete_function(tf.TensorSpec(shape, tf.uint8))

    def predict(images: np.ndarray) -> np.ndarray:
        logits = []
        for start in range(0, len(images), EVALUATION_BATCH):
            batch = images[start : start + EVALUATION_BATCH]
            missing = EVALUATION_BATCH - len(batch)
            filled = np.pad(batch, ((0, missing), *[(0, 0)] * (batch.ndim - 1)))
            logits.append(compiled(tf.constant(filled)).numpy()[: len(batch)])
        return np.concatenate(logits)

    return predict


def evaluate(predict: Callable[[np.ndarray], np.ndarray], images: Split) -> Evaluation:
    """Loss, accuracy and predictions on all images of a split."""
    logits = predict(images.images)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(images.labels.astype(np.int32), logits)
    predictions = logits.argmax(axis=1)
    accuracy = float((predictions == images.labels).mean())
    return Evaluation(float(tf.reduce_mean(losses)), accuracy, predictions, losses.numpy())
