"""COST: the one table of what a model can cost, and the arithmetic of what is known exactly.

Budgets, objectives, tables, axes, fronts and the recommendation follow from the table. A new exact
cost is a function and a row here; a new measured one is a row here and a function in
``device/measure.py``. Standard library only.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mnist_tradeoff.architecture.own_model import AnyArchitecture
from mnist_tradeoff.architecture.task import Task

FLOAT32_BYTES = 4
# The accuracies that a cost buys: of the file that has this cost.
FLOAT_ACCURACY, INT8_ACCURACY = "litert_test_accuracy", "int8_test_accuracy"
# The exported files that measured costs are of.
FLOAT_FILE, INT8_FILE = "model.tflite", "model_int8.tflite"


def num_params(architecture: AnyArchitecture, task: Task) -> int:
    """Weights and biases as deployed: batch normalisation folded, shared weights counted once."""
    return sum(layer.num_params(before) for layer, before in architecture.steps(task))


def trainable_params(architecture: AnyArchitecture, task: Task) -> int:
    """What training changes, as Keras counts it: a normalised channel has a scale and a shift."""
    return sum(layer.trainable_params(before) for layer, before in architecture.steps(task))


def macs(architecture: AnyArchitecture, task: Task) -> int:
    """Multiply-accumulate operations of one forward pass of one image.

    Of convolutions and dense layers, every pass of a shared one; biases, normalisation, activations
    and pooling are not counted (the convention of pycls and of the MCU literature).
    """
    return sum(layer.macs(before) for layer, before in architecture.steps(task))


def peak_activation_bytes(architecture: AnyArchitecture, task: Task) -> int:
    """The most that is kept at once while layer after layer is run, float32, one image.

    Input and output of a layer, and what a sum waits for: the working memory that a layer-by-layer
    interpreter needs (Lin et al., "MCUNet", 2020).
    """
    return FLOAT32_BYTES * max(layer.peak(before) for layer, before in architecture.steps(task))


@dataclass(frozen=True)
class Cost:
    """One thing that a model costs.

    name: as metric, parameter and column.
    label: as heading and axis.
    of: its arithmetic, where it is known exactly; None where it must be measured.
    budget: name of the parameter that bounds it; a cost without one is reported only.
    accuracy: name of the accuracy that it buys.
    is_time: whether it differs from measurement to measurement, so that a median is shown.
    file: the exported one that it is measured of.
    """

    name: str
    label: str
    of: Callable[[AnyArchitecture, Task], int] | None = None
    budget: str = ""
    accuracy: str = FLOAT_ACCURACY
    is_time: bool = False
    file: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether arithmetic knows it."""
        return self.of is not None


COSTS = {
    cost.name: cost
    for cost in (
        Cost("num_params", "parameters", num_params, budget="max_params"),
        Cost("macs", "MACs", macs, budget="max_macs"),
        Cost("peak_activation_bytes", "RAM bytes", peak_activation_bytes),
        Cost("size_bytes", "bytes", budget="max_size_bytes", file=FLOAT_FILE),
        Cost(
            "latency_us",
            "latency µs",
            budget="max_latency_us",
            is_time=True,
            file=FLOAT_FILE,
        ),
        Cost("int8_size_bytes", "int8 bytes", accuracy=INT8_ACCURACY, file=INT8_FILE),
        Cost(
            "int8_latency_us",
            "int8 latency µs",
            accuracy=INT8_ACCURACY,
            is_time=True,
            file=INT8_FILE,
        ),
    )
}
# What a study can minimise and a budget can bound; and which of these need no measurement.
OBJECTIVES = tuple(name for name, cost in COSTS.items() if cost.budget)
EXACT_OBJECTIVES = tuple(name for name in OBJECTIVES if COSTS[name].is_exact)


def cost_named(name: str) -> Cost:
    """A row of the table.

    Raises:
        ValueError: there is no cost of that name.
    """
    if name not in COSTS:
        raise ValueError(f"unknown cost '{name}': use {', '.join(OBJECTIVES)}")
    return COSTS[name]


def exact_cost(architecture: AnyArchitecture, name: str, task: Task) -> int:
    """A cost that is known by arithmetic.

    Raises:
        ValueError: there is no such cost, or it must be measured.
    """
    cost = cost_named(name)
    if cost.of is None:
        raise ValueError(f"{name} is not known by arithmetic: it must be measured")
    return cost.of(architecture, task)


def exact_costs(
    architecture: AnyArchitecture, task: Task, names: Iterable[str] = EXACT_OBJECTIVES
) -> dict[str, int]:
    """Several costs that are known by arithmetic, by name."""
    return {name: exact_cost(architecture, name, task) for name in names}


def excesses(costs: Mapping[str, float], budgets: Mapping[str, float]) -> dict[str, float]:
    """How far each budget, by cost, is exceeded; at or below 0 it is kept."""
    return {name: costs[name] - budget for name, budget in budgets.items()}
