"""WHAT models learn from: images with labels, split, and the task that they pose."""

from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.architecture.task import Task

# What the set is called whose content is MNIST's, and no other one.
MNIST_NAME = "mnist"
# Where the largest class has more images than so many times the smallest, accuracy alone misleads.
IMBALANCE = 3


@dataclass(frozen=True)
class Split:
    """Images uint8 (n, height, width) or (n, height, width, 3), and labels (n,) from 0 on.

    Labels are uint8, or uint16 where there are more than 256 classes.
    """

    images: np.ndarray
    labels: np.ndarray

    def at(self, indices: np.ndarray) -> "Split":
        """Some of the images, in the order of the indices."""
        return Split(self.images[indices], self.labels[indices])


@dataclass(frozen=True)
class Dataset:
    """A set of images, split: choices are made on val, test is read once per finished model.

    name: ``mnist``, ``digits`` or the name of the user's folder or file.
    digest: md5 over the content of all its arrays.
    source: path that it was read from, or what it is.
    task: shape of an image and number of classes.
    class_names: of all classes, where the source has names or labels other than 0, 1, 2, …
    notes: what was done to the source, and what is unusual about it; a line each.
    fallback_reason: why MNIST could not be had, where the demo stands in for it.
    """

    name: str
    digest: str
    source: str
    task: Task
    train: Split
    val: Split
    test: Split
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fallback_reason: str = ""

    @property
    def is_mnist(self) -> bool:
        return self.name == MNIST_NAME

    @property
    def is_imbalanced(self) -> bool:
        """Whether the classes' training images differ by more than 3 to 1 in number."""
        counts = np.bincount(self.train.labels, minlength=self.task.classes)
        return bool(counts.max() > IMBALANCE * counts.min())

    @property
    def names(self) -> tuple[str, ...]:
        """A name for every class: the source's, or its number."""
        return self.class_names or tuple(map(str, range(self.task.classes)))

    @property
    def identity(self) -> str:
        """Name and content, by which a study knows its data again."""
        return f"{self.name} {self.digest}"
