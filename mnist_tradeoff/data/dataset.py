"""WHAT models learn from: images with labels, split, and the task that they pose."""

from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.architecture.task import Task


@dataclass(frozen=True)
class Split:
    """Images uint8 (n, height, width) and labels uint8 (n,)."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """A set of images, split: choices are made on val, test is read once per finished model.

    name: ``mnist``, ``digits`` or the name of the user's folder or file.
    digest: md5 over the content of all four arrays.
    source: path that it was read from, or what it is.
    task: shape of an image and number of classes.
    fallback_reason: why MNIST could not be had, where the demo stands in for it.
    """

    name: str
    digest: str
    source: str
    task: Task
    train: Split
    val: Split
    test: Split
    fallback_reason: str = ""

    @property
    def is_mnist(self) -> bool:
        return self.name == "mnist"

    @property
    def identity(self) -> str:
        """Name and content, by which a study knows its data again."""
        return f"{self.name} {self.digest}"
