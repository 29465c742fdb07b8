"""HOW architectures are written: the field's own notation, as values. Standard library only.

The notation is that of Cireşan et al., "Multi-column deep neural networks", 2012, and Deotte, "How
to choose CNN architecture MNIST", 2018: ``16C3-P2-128``. Flattening and the final classifier are
implied. The kinds of layers, each with its token, are in ``architecture/layers.py``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mnist_tradeoff.architecture.layers import KINDS, Dense, Layer
from mnist_tradeoff.architecture.task import Shape, Task

MAX_LAYERS = 64


@dataclass(frozen=True)
class Architecture:
    """The hidden layers of a classifier; whether they fit an image, its ``shapes`` tell.

    Raises:
        ValueError: no or too many layers, or one on images after a flat one; the layer is named.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.layers) <= MAX_LAYERS:
            raise ValueError(
                f"an architecture has 1 to {MAX_LAYERS} layers, not {len(self.layers)}"
            )
        is_flat = False
        for number, layer in enumerate(self.layers, start=1):
            if is_flat and not layer.is_flat:
                message = "only dense layers can follow a dense layer"
                raise ValueError(f"layer {number} ({layer}) of '{self}': {message}")
            is_flat = layer.is_flat

    def __str__(self) -> str:
        """The notation: ``parse(str(a)) == a``."""
        return "-".join(map(str, self.layers))

    def shapes(self, task: Task) -> tuple[Shape, ...]:
        """Output shape of every hidden layer, in order.

        Raises:
            ValueError: a width or kernel out of range, or an image that shrinks below 1×1; the
                layer is named.
        """
        shapes = [task.input_shape]
        for number, layer in enumerate(self.layers, start=1):
            try:
                shapes.append(layer.output_shape(shapes[-1]))
            except ValueError as error:
                raise ValueError(f"layer {number} ({layer}) of '{self}': {error}") from None
        return tuple(shapes[1:])

    def steps(self, task: Task) -> Iterator[tuple[Layer, Shape, Shape]]:
        """Every layer with its input and output shape, the classifier included."""
        outputs = (*self.shapes(task), Shape(1, 1, task.classes))
        layers = (*self.layers, Dense(task.classes))
        return zip(layers, (task.input_shape, *outputs[:-1]), outputs, strict=True)


class NotationError(ValueError):
    """Text that is no notation."""


def parse(notation: str) -> Architecture:
    """Architecture of a notation such as ``16C3-P2-32C3-P2-128`` (case does not matter).

    Raises:
        NotationError: a token that is no layer.
        ValueError: layers that cannot follow each other.
    """
    return Architecture(tuple(map(_layer, notation.upper().split("-"))))


def _layer(token: str) -> Layer:
    for kind in KINDS:
        if match := kind.TOKEN.fullmatch(token):
            return kind(**{name: int(digits) for name, digits in match.groupdict().items()})
    raise NotationError(f"'{token}' is no layer: use {how_to_write()}")


def how_to_write() -> str:
    """A notation as an example, with what its tokens are."""
    tokens, names = zip(*(kind.EXAMPLE for kind in KINDS), strict=True)
    return f"a notation such as {'-'.join(tokens)} ({', '.join(names)})"
