"""HOW measured costs are got: a function per cost, from the LiteRT file of a model."""

from collections.abc import Callable

from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.device import litert
from mnist_tradeoff.device.convert import convert


def _size(content: bytes) -> dict[str, float]:
    weights = float(litert.weights_bytes(content))
    return {"size_bytes": float(len(content)), "weights_bytes": weights}


def _latency(content: bytes) -> dict[str, float]:
    found = litert.latency(content)
    return {
        "latency_us": found.median_us,
        "latency_us_p5": found.p5_us,
        "latency_us_p95": found.p95_us,
    }


# By cost of ``architecture/costs.py``: the metrics that its measurement gives, itself among them.
MEASURES: dict[str, Callable[[bytes], dict[str, float]]] = {
    "size_bytes": _size,
    "latency_us": _latency,
}


def measure(architecture: Architecture, cost: str, task: Task) -> float:
    """A cost that arithmetic does not know, of an architecture with untrained weights, float32.

    None of them depends on what the weights are.

    Raises:
        ValueError: no cost of that name is measured here.
        OSError: the process that converts was killed.
    """
    if cost not in MEASURES:
        raise ValueError(f"there is no measure of '{cost}': use {', '.join(MEASURES)}")
    return MEASURES[cost](convert(architecture, task))[cost]


def file_costs(content: bytes) -> dict[str, float]:
    """Every measured cost of a LiteRT file, by name.

    Raises:
        ValueError: the file is damaged, or LiteRT cannot run it.
    """
    found: dict[str, float] = {}
    for take in MEASURES.values():
        found |= take(content)
    return found
