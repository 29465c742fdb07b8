"""What a study is: its settings, with the defaults of the entry point ``search``."""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, make_dataclass
from typing import Any, Literal

from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES, OBJECTIVES, exact_cost
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.search.spaces import SPACES, space_named
from mnist_tradeoff.system.plain import shortened
from mnist_tradeoff.system.settings import option, require_range
from mnist_tradeoff.training.recipe import Recipe

# Letters of a study's name.
MAX_NAME = 100


def budget_fields(costs: Iterable[str], what: str) -> Any:
    """A dataclass with a field for the budget of each cost, 0 by default: none.

    Args:
        what: for the line of help, with ``{}`` where the cost's label belongs.
    """
    rows = [COSTS[name] for name in costs]
    kinds = [(row.budget, float if row.is_time else int, row.label) for row in rows]
    fields = [(name, kind, option(kind(0), what.format(label))) for name, kind, label in kinds]
    return make_dataclass("Budgets", fields, frozen=True, kw_only=True)


def given_budgets(config: object, costs: Iterable[str]) -> dict[str, float]:
    """The budgets of a config that bound something, by the name of the cost."""
    budgets = {name: getattr(config, COSTS[name].budget) for name in costs}
    return {name: budget for name, budget in budgets.items() if budget}


@dataclass(frozen=True, kw_only=True)
class SearchConfig(
    Recipe, DataConfig, budget_fields(EXACT_OBJECTIVES, "budget: most {} of a proposal; 0: none")
):
    """Search filter widths for the Pareto front between accuracy and cost."""

    study: str = option(
        "", "name of the study, if not its space's; the same command again goes on with it"
    )
    space: str = option("widths", f"search space: {', '.join(SPACES)}")
    trials: int = option(60, "trained trials that the study shall have in total")
    cost: str = option(
        "num_params", f"what is minimised: {', '.join(OBJECTIVES)}, or two of them with a comma"
    )
    workers: int = option(1, "processes that share the CPU's cores")
    timeout: float = option(0.0, "seconds after which no new trial starts; 0: never")
    seeds: int = option(5, "trainings of each model of the front at the end, and of the references")
    seed: int = option(0, "of the proposals and of their trainings")
    step: Literal["all", "init"] = option(
        "all", "all of it, or init: only prepare both stores, so that workers have to join only"
    )
    artifact_location: str = option(
        "", "where a new experiment keeps its files, if not where the store puts them"
    )

    def recipe(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Settings of a training by name: the study's, with what a proposal overrides of them."""
        return {one.name: getattr(self, one.name) for one in fields(Recipe)} | dict(overrides)

    @property
    def costs(self) -> tuple[str, ...]:
        """The costs that are minimised, in the order given."""
        return tuple(self.cost.split(","))

    @property
    def budgets(self) -> dict[str, float]:
        """The budgets that were given, by the name of the cost."""
        return given_budgets(self, EXACT_OBJECTIVES)

    def __post_init__(self) -> None:
        super().__post_init__()
        # As a study stores it, whatever blanks it was written with.
        object.__setattr__(self, "cost", ",".join(one.strip() for one in self.cost.split(",")))
        space_named(self.space)
        object.__setattr__(self, "study", self.study or self.space)
        require_study_name(self.study)
        require_range("trials", self.trials, 1, 100_000)
        unknown = [cost for cost in self.costs if cost not in OBJECTIVES]
        if unknown or not 1 <= len(set(self.costs)) == len(self.costs) <= 2:
            names = ", ".join(OBJECTIVES)
            raise ValueError(f"cost must be one or two of {names}, not '{self.cost}'")
        for name in EXACT_OBJECTIVES:
            require_range(COSTS[name].budget, getattr(self, COSTS[name].budget), 0, float("inf"))
        require_range("workers", self.workers, 1, 256)
        if not 0 <= self.timeout < float("inf"):
            raise ValueError(f"timeout must be 0 or more seconds, not {self.timeout}")
        require_range("seeds", self.seeds, 1, 1_000)
        require_range("seed", self.seed, 0, 2**31 - 1)


def require_budgets(config: SearchConfig, task: Task) -> None:
    """Refuse budgets that no proposal keeps; known when the data are.

    Raises:
        ValueError: one is below the least of the search space; the message names it.
    """
    space = space_named(config.space).fitted(task)
    for cost, budget in config.budgets.items():
        lowest = space.minimum(functools.partial(exact_cost, name=cost, task=task))
        if budget < lowest:
            raise ValueError(
                f"{COSTS[cost].budget} must be 0 or at least {lowest:,.0f}, the least of the "
                f"search space, not {budget:,}"
            )


def require_study_name(name: str) -> None:
    """Refuse what is no name of a study: it becomes part of file names and of queries.

    Raises:
        ValueError: it is none; the message says what it may be.
    """
    if len(name) > MAX_NAME or not re.fullmatch(r"\w[\w.-]*", name, re.ASCII):
        raise ValueError(
            f"study must be a name of at most {MAX_NAME} letters, digits, '_', '-' and '.', not "
            f"'{shortened(name, MAX_NAME)}'"
        )
