"""HOW architectures are written: the field's own notation, as values. Standard library only.

The notation is that of Cireşan et al., "Multi-column deep neural networks", 2012, and Deotte, "How
to choose CNN architecture MNIST", 2018: ``16C3-P2-128``, extended (docs/notation.md). Flattening
and the final classifier are implied. ``parse`` reads the canonical spelling, which is stored;
``read`` also understands what people paste, for which it must know the task.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from mnist_tradeoff.architecture.groups import (
    MAX_DEPTH,
    Layer,
    Repeated,
    Residual,
    Shared,
    inputs,
)
from mnist_tradeoff.architecture.kind import Kind
from mnist_tradeoff.architecture.layers import FLAGS, Dense, Head, Leaf
from mnist_tradeoff.architecture.options import in_order
from mnist_tradeoff.architecture.pasted import meant, tidy
from mnist_tradeoff.architecture.task import Shape, Task

MAX_PASSES = 256
MAX_CHARACTERS = 2_000
KINDS: tuple[type[Kind], ...] = get_args(Leaf)
SUFFIX = re.compile(r"(?P<kind>[x@])(?P<times>\d{1,12})|\+", FLAGS)
# An input in front, such as 28x28.
SIDES = re.compile(r"\d{1,6}(x\d{1,6}){1,2}", FLAGS)
# Everything up to the next separator, or to a suffix of a group.
TOKEN = re.compile(r"[^-()\[\]]+")


@dataclass(frozen=True)
class Architecture:
    """The hidden layers of a classifier; whether they fit an image, its ``shapes`` tell.

    Raises:
        ValueError: no or too many layers, one on images after a flat one, or a ``head`` that is
            not the last; the layer is named.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        passes = sum(layer.passes() for layer in self.layers)
        if not 1 <= passes <= MAX_PASSES:
            raise ValueError(f"an architecture has 1 to {MAX_PASSES} layers, not {passes}")
        leaves = [leaf for layer in self.layers for leaf in layer.leaves()]
        for number, (leaf, after) in enumerate(itertools.pairwise(leaves), start=2):
            if isinstance(leaf, Head):
                raise ValueError(f"{leaf} is the classifier: it must be the last of '{self}'")
            if leaf.is_flat and not (after.is_flat or after.keeps_flat):
                message = "only dense layers can follow a flat layer"
                raise ValueError(f"layer {number} ({after}) of '{self}': {message}")
        if any(isinstance(leaf, Head) for leaf in leaves) and self.head is None:
            raise ValueError(f"head must be the last of '{self}', and not in a group")

    def __str__(self) -> str:
        """The canonical notation: ``parse(str(a)) == a``."""
        return "-".join(map(str, self.layers))

    @property
    def head(self) -> Head | None:
        """The classifier, where it is another than flattening and a dense layer."""
        last = self.layers[-1]
        return last if isinstance(last, Head) else None

    @property
    def body(self) -> tuple[Layer, ...]:
        """The layers before the classifier."""
        return self.layers[:-1] if self.head else self.layers

    def leaves(self) -> Iterator[Kind]:
        """Every layer that an image passes, in order, groups unrolled."""
        for layer in self.body:
            yield from layer.leaves()

    def shapes(self, task: Task) -> tuple[Shape, ...]:
        """Output shape of every layer before the classifier, in order; of a group, its last.

        Raises:
            ValueError: a number out of range, or an image that shrinks below 1×1; the layer is
                named.
        """
        shapes = [task.input_shape]
        classifier = self.classifier(task)
        written = (*self.body, self.head or classifier)
        for number, layer in enumerate((*self.body, classifier), start=1):
            try:
                shapes.append(layer.output_shape(shapes[-1]))
            except ValueError as error:
                name = f"layer {number} ({written[number - 1]}) of '{self}'"
                raise ValueError(f"{name}: {error}") from None
        return tuple(shapes[1:-1])

    def classifier(self, task: Task) -> Layer:
        """The layer that makes the scores of the classes."""
        if self.head:
            return self.head.classifier(task.classes)
        return Dense(task.classes, activation="linear")

    def steps(self, task: Task) -> Iterator[tuple[Layer, Shape]]:
        """Every layer with its input shape, the classifier included.

        Raises:
            ValueError: see ``shapes``.
        """
        self.shapes(task)
        return inputs((*self.body, self.classifier(task)), task.input_shape)


class NotationError(ValueError):
    """Text that is no notation."""


def parse(notation: str) -> Architecture:
    """Architecture of a notation such as ``16C3-P2-32C3-P2-128`` (case does not matter).

    Raises:
        NotationError: a token that is no layer; it is named with its place.
        ValueError: layers that cannot follow each other.
    """
    return Architecture(_Parser(notation).whole())


@dataclass(frozen=True)
class Reading:
    """An architecture, and how what was written was understood where that is not plain."""

    architecture: Architecture
    notes: tuple[str, ...] = ()


def read(notation: str, task: Task) -> Reading:
    """Architecture of what people paste: with its input in front and its classifier behind.

    ``784-128-10`` and ``28x28-128-10`` are ``128`` on a task of 28×28 images in ten classes.

    Raises:
        ValueError: see ``parse``; or an input that is not the task's, or nothing but a classifier.
    """
    start, notes = 0, []
    first, _, rest = tidy(notation).partition("-")
    if rest and _is_input(first, task):
        start, notes = len(first) + 1, [f"{first} is the input"]
    layers = _Parser(notation, start).whole()
    if layers[-1] == Dense(task.classes):
        layers, notes = layers[:-1], [*notes, f"the last {task.classes} is the classifier"]
        if not layers:
            raise ValueError(
                f"'{notation}' has no hidden layer: {task.classes} is the classifier; write "
                f"{task.classes}-{task.classes} for a hidden layer of that width"
            )
    return Reading(Architecture(layers), tuple(notes))


def require_notation(notation: str) -> None:
    """Refuse what is no notation, whatever the task.

    Raises:
        ValueError: see ``parse``.
    """
    first, _, rest = tidy(notation).partition("-")
    is_input = rest and SIDES.fullmatch(first)
    Architecture(_Parser(notation, len(first) + 1 if is_input else 0).whole())


def spelled(architecture: Architecture, task: Task) -> str:
    """The notation that ``read`` understands as this very architecture.

    A first or last dense layer that could be taken for the input or the classifier gets these.
    """
    text = str(architecture)
    if architecture.layers[-1] == Dense(task.classes):
        text = f"{text}-{task.classes}"
    if str(architecture.layers[0]) == str(task.input_shape.size):
        text = f"{task.input_shape.size}-{text}"
    return text


def how_to_write() -> str:
    """A notation as an example, with what its tokens are."""
    return "a notation such as 16C3-P2-32C3sb-(32DS3sb)+-G-128 (docs/notation.md): " + ", ".join(
        f"{token} {name}" for token, name in (kind.EXAMPLE for kind in KINDS)
    )


def _is_input(token: str, task: Task) -> bool:
    height, width, channels = task.input_shape
    if SIDES.fullmatch(token):
        sides = tuple(map(int, token.lower().split("x")))
        if sides in ((height, width), (channels, height, width), (height, width, channels)):
            return True
        images = "×".join(map(str, task.image_shape))
        raise ValueError(f"the input {token} is not that of the images, which are {images}")
    return token == str(task.input_shape.size)


class _Parser:
    """Reads a notation from left to right; ``place`` counts characters from 0.

    typed_places: of every character of ``text``, its place in what was typed.
    """

    def __init__(self, notation: str, start: int = 0):
        characters = meant(notation)[start:]
        self.text = "".join(character for _, character in characters)
        self.typed_places = [place for place, _ in characters] + [len(notation)]
        self.place = 0
        if len(self.text) > MAX_CHARACTERS:
            raise NotationError(f"a notation has at most {MAX_CHARACTERS:,} characters")

    def whole(self) -> tuple[Layer, ...]:
        layers = self._sequence(depth=0)
        if self.place < len(self.text):
            raise self._error("nothing opens this parenthesis")
        return layers

    def _sequence(self, depth: int) -> tuple[Layer, ...]:
        layers = [*self._item(depth)]
        while self.text.startswith("-", self.place):
            self.place += 1
            layers += self._item(depth)
        return tuple(layers)

    def _item(self, depth: int) -> tuple[Layer, ...]:
        if not self.text.startswith("(", self.place):
            return (self._leaf(),)
        if depth == MAX_DEPTH:
            raise self._error(f"groups nest at most {MAX_DEPTH} deep")
        self.place += 1
        layers = self._sequence(depth + 1)
        if not self.text.startswith(")", self.place):
            raise self._error("a parenthesis is not closed")
        self.place += 1
        while match := SUFFIX.match(self.text, self.place):
            layers = (self._group(layers, match),)
            self.place = match.end()
        return layers

    def _group(self, layers: tuple[Layer, ...], match: re.Match[str]) -> Layer:
        try:
            if match[0] == "+":
                return Residual(layers)
            kind = Shared if match["kind"] == "@" else Repeated
            return kind(layers, int(match["times"]))
        except ValueError as error:
            raise self._error(str(error)) from None

    def _leaf(self) -> Layer:
        match = TOKEN.match(self.text, self.place)
        token = match[0] if match else ""
        try:
            layer = _layer(token)
        except ValueError as error:
            raise self._error(str(error)) from None
        self.place += len(token)
        return layer

    def _error(self, message: str) -> NotationError:
        match = TOKEN.match(self.text, self.place)
        token = match[0] if match else self.text[self.place : self.place + 1]
        at = f"'{token}'" if token else "the end"
        place = self.typed_places[self.place] + 1
        return NotationError(f"{at} at character {place}: {message}")


def _layer(token: str) -> Layer:
    """The layer that a token writes.

    Raises:
        ValueError: it writes none.
    """
    ordered = in_order(token)
    for kind in KINDS:
        if kind.TOKEN and token and (found := kind.TOKEN.fullmatch(ordered)):
            return kind.read(found)
    raise ValueError(_why_no_layer(token))


def _why_no_layer(token: str) -> str:
    for kind in KINDS:
        found = kind.TOKEN.match(token) if kind.TOKEN else None
        if found and found[0] and found.end() < len(token):
            name = kind.EXAMPLE[1]
            return (
                f"{found[0]} is {name}, and '{token[found.end() :]}' behind it is no option of it"
            )
    return f"this is no layer: use {how_to_write()}"
