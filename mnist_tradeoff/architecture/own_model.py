"""A MODEL OF THE USER'S OWN, from a function in a Python file: what the house knows of one.

Its Keras side is ``training/own_model.py``. Standard library only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mnist_tradeoff.architecture.kind import Kind
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.task import Shape, Task

OWN = re.compile(r"(?P<path>.+\.py):(?P<function>[^\W\d]\w*)", re.DOTALL)


def is_own(model: str) -> bool:
    """Whether a model is named as ``PATH.py:FUNCTION``."""
    return OWN.fullmatch(model) is not None


def own_name(architecture: str) -> str:
    """File and function of a user's own model, as ``str`` of it begins; empty for another."""
    name = architecture.rpartition("@")[0]
    return name if is_own(name) else ""


@dataclass(frozen=True)
class Counts:
    """What a model costs, counted on its Keras layers: see ``architecture/costs.py``.

    peak: most numbers that are kept at once; activations: all that training keeps.
    from_graph: whether the MACs are those of the compiled graph's operations.
    """

    num_params: int
    trainable_params: int
    macs: int
    peak: int
    activations: int
    from_graph: bool = False


@dataclass(frozen=True)
class OwnModel:
    """A Keras model of the user's own.

    name: its file's name and its function: ``net.py:make``.
    digest: md5 of the file's content; empty of a model that was read from a run.
    path: of the file; source: its content.
    config: Keras's JSON of the model that gives logits.
    """

    name: str
    digest: str
    path: str
    source: str
    config: str
    counts: Counts

    def __str__(self) -> str:
        """Name and digest: another content of the file is another architecture."""
        return f"{self.name}@{self.digest[:12]}" if self.digest else self.name

    def leaves(self) -> Iterator[Kind]:
        """No layers of ours."""
        return iter(())

    def steps(self, task: Task) -> Iterator[tuple[Kind, Shape]]:
        """The whole model as one layer."""
        yield _Whole(self.counts), task.input_shape


@dataclass(frozen=True)
class _Whole(Kind):
    counts: Counts

    def num_params(self, before: Shape) -> int:  # noqa: ARG002
        return self.counts.num_params

    def trainable_params(self, before: Shape) -> int:  # noqa: ARG002
        return self.counts.trainable_params

    def macs(self, before: Shape) -> int:  # noqa: ARG002
        return self.counts.macs

    def peak(self, before: Shape) -> int:  # noqa: ARG002
        return self.counts.peak

    def activations(self, before: Shape) -> int:  # noqa: ARG002
        return self.counts.activations


# Whatever a training can train.
AnyArchitecture = Architecture | OwnModel
