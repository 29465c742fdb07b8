"""FOR WHAT a model is trained: the shape of an image and the classes. Standard library."""

from dataclasses import dataclass
from typing import NamedTuple


class Shape(NamedTuple):
    """Height, width and channels of one image's activation; a dense layer's is (1, 1, units)."""

    height: int
    width: int
    channels: int

    @property
    def size(self) -> int:
        return self.height * self.width * self.channels


@dataclass(frozen=True)
class Task:
    """What every model of a set has in common: its input and its number of classes.

    It is carried by the dataset, which is the one that knows; costs are those of a task.
    """

    input_shape: Shape
    classes: int

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Of an image as it is stored: (height, width), then its channels if there are several."""
        height, width, channels = self.input_shape
        return (height, width) if channels == 1 else (height, width, channels)


# What the four references are documented for.
MNIST = Task(Shape(28, 28, 1), 10)
