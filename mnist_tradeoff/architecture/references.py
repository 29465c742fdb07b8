"""The four documented architectures: fixed landmarks of every study. Standard library only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mnist_tradeoff.architecture.notation import (
    Architecture,
    NotationError,
    Reading,
    parse,
    read,
    require_notation,
    spelled,
)
from mnist_tradeoff.architecture.own_model import AnyArchitecture, is_own
from mnist_tradeoff.architecture.task import Task


@dataclass(frozen=True)
class Reference:
    """One of the four documented architectures: a fixed landmark of the study.

    The source states neither optimizer, epochs, batch size nor seeds, and gives one run each, on
    MNIST.
    """

    name: str
    architecture: Architecture
    documented_num_params: int
    documented_test_accuracy: float


REFERENCES = {
    reference.name: reference
    for reference in (
        Reference("ann", parse("128-64"), 109_386, 0.9743),
        Reference("simple_cnn", parse("32C3-P2-64C3-P2-128"), 225_034, 0.9898),
        Reference("cnn_v1", parse("16C3-P2-32C3-P2"), 12_810, 0.9839),
        Reference("cnn_v2", parse("32C3-32C3-P2-64C3-64C3-P2-128"), 197_482, 0.9920),
    )
}


def references_of(task: Task) -> dict[str, Reference]:
    """The references whose layers fit on the images of a task, by name: all four on MNIST."""
    return {name: one for name, one in REFERENCES.items() if misfit(one, task) is None}


def misfit(reference: Reference, task: Task) -> str | None:
    """Why a reference does not fit on the images of a task; None where it does."""
    try:
        reference.architecture.shapes(task)
    except ValueError as error:
        return str(error)
    return None


def resolve(model: str, task: Task) -> Architecture:
    """Architecture of a reference's name or of any notation, as people write it.

    Raises:
        ValueError: neither of the two, or layers that cannot follow each other; the message says
            which.
    """
    return read_model(model, task).architecture


def read_model(model: str, task: Task) -> Reading:
    """As ``resolve``, with how the notation was understood."""
    if model in REFERENCES:
        return Reading(REFERENCES[model].architecture)
    with _naming(model):
        return read(model, task)


def require_model(model: str) -> None:
    """Refuse, before anything is known of the task, what names no model.

    Raises:
        ValueError: neither a reference, nor a notation, nor ``PATH.py:FUNCTION``.
    """
    if model.endswith(".py"):
        raise ValueError(f"model '{model}' names no function of the file: write {model}:FUNCTION")
    if model not in REFERENCES and not is_own(model):
        with _naming(model):
            require_notation(model)


@contextmanager
def _naming(model: str) -> Iterator[None]:
    try:
        yield
    except NotationError as error:
        names = ", ".join(REFERENCES)
        others = f"{names}, or PATH.py:FUNCTION for a Keras model of your own"
        raise ValueError(f"unknown model '{model}': {error}; or use {others}") from None


def reference_of(architecture: AnyArchitecture) -> Reference | None:
    """The reference with this architecture, however it was written, or None."""
    return next((r for r in REFERENCES.values() if r.architecture == architecture), None)


def model_name(architecture: Architecture, task: Task) -> str:
    """A reference's name, or the notation that is read as this architecture."""
    reference = reference_of(architecture)
    return reference.name if reference else spelled(architecture, task)
