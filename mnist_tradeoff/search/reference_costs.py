"""WHAT the references cost on a study's images, those costs included that must be measured."""

from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES, exact_costs
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.references import references_of
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.device.measure import measure
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.study import Study


def reference_costs(study: Study) -> dict[str, dict[str, float]]:
    """The references' costs by name; those that must be measured are measured once a study."""
    if not study.reference_costs:
        study.reference_costs = {
            name: _all_costs(reference.architecture, study.config, study.task)
            for name, reference in references_of(study.task).items()
        }
    return study.reference_costs


def _all_costs(architecture: Architecture, config: SearchConfig, task: Task) -> dict[str, float]:
    measured = [cost for cost in config.costs if not COSTS[cost].is_exact]
    return {
        **exact_costs(architecture, task, EXACT_OBJECTIVES),
        **{cost: measure(architecture, cost, task) for cost in measured},
    }
