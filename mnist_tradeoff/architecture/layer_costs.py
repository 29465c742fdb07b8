"""What each layer of a model costs. Standard library only."""

from dataclasses import dataclass

from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.task import Task


@dataclass(frozen=True)
class LayerCost:
    """One layer as it is deployed.

    name: its notation, or Keras's name and kind of it.
    shape: of its output for one image.
    macs: for one image; None where they are not known layer by layer.
    """

    name: str
    shape: tuple[int, ...]
    num_params: int
    macs: int | None


def layer_costs(architecture: Architecture, task: Task) -> list[LayerCost]:
    """Every layer with what it costs, a group as one, the classifier last.

    Raises:
        ValueError: see ``Architecture.shapes``.
    """
    found = [
        LayerCost(
            str(layer), layer.output_shape(before), layer.num_params(before), layer.macs(before)
        )
        for layer, before in architecture.steps(task)
    ]
    last = found[-1]
    name = f"{last.name} (classifier)"
    return [*found[:-1], LayerCost(name, last.shape, last.num_params, last.macs)]
