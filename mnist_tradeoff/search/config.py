"""The one source of every default: frozen dataclasses that the command line is derived from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from mnist_tradeoff.architecture.costs import complexity
from mnist_tradeoff.architecture.layers import Architecture, resolve
from mnist_tradeoff.search.spaces import SearchSpace

# Adam keeps four numbers of 4 bytes a parameter: 800 MB.
MAX_NUM_PARAMS = 50_000_000


def option(default, help: str):  # noqa: A002 (argparse's own word)
    """A dataclass field with a default and a line for ``--help``."""
    return field(default=default, metadata={"help": help})


DATASET_HELP = "auto, mnist, digits, or the path of a set of your own"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a training runs, whatever its seed.

    Raises:
        ValueError: a value out of range; the message names it.
    """

    epochs: int = option(3, "passes over the training images")
    batch_size: int = option(128, "images per step")
    learning_rate: float = option(0.01, "peak of the one-cycle schedule")
    precision: Literal["auto", "float32", "bfloat16"] = option(
        "auto", "bfloat16 arithmetic where the CPU has it (auto), always or never"
    )

    def __post_init__(self) -> None:
        _require_range("epochs", self.epochs, 1, 10_000)
        _require_range("batch_size", self.batch_size, 1, 60_000)
        if not 0 < self.learning_rate < float("inf"):
            raise ValueError(f"learning_rate must be above 0, not {self.learning_rate}")


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Recipe):
    """How one training runs."""

    seed: int = option(0, "of the initial weights and the order of the images")

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_range("seed", self.seed, 0, 2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class RunConfig(TrainConfig):
    """Train one architecture and track it in MLflow."""

    model: str = option(
        "cnn_v1", "ann, simple_cnn, cnn_v1, cnn_v2, or a notation such as 16C3-P2-128"
    )
    dataset: str = option("auto", DATASET_HELP)

    def __post_init__(self) -> None:
        super().__post_init__()
        num_params = complexity(resolve(self.model)).num_params
        if num_params > MAX_NUM_PARAMS:
            raise ValueError(
                f"model '{self.model}' has {num_params:,} parameters; "
                f"at most {MAX_NUM_PARAMS:,} are trained here"
            )


@dataclass(frozen=True, kw_only=True)
class SuiteConfig(Recipe):
    """Train the four references over several seeds and compare them."""

    seeds: int = option(5, "trainings of each reference, with the seeds 0, 1, 2, …")
    dataset: str = option("auto", DATASET_HELP)

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_range("seeds", self.seeds, 1, 1_000)


# The objectives that are minimised; which of them are known exactly, by arithmetic.
COSTS = ("num_params", "macs", "latency_us", "size_bytes")
EXACT_COSTS = ("num_params", "macs")


@dataclass(frozen=True, kw_only=True)
class SearchConfig(Recipe):
    """Search filter widths for the Pareto front between accuracy and cost."""

    study: str = option("widths", "name of the study; the same command again goes on with it")
    trials: int = option(60, "trained trials that the study shall have in total")
    cost: str = option(
        "num_params", f"what is minimised: {', '.join(COSTS)}, or two of them with a comma"
    )
    max_params: int = option(0, "budget: most parameters of a proposal; 0: none")
    max_macs: int = option(0, "budget: most MACs of a proposal; 0: none")
    workers: int = option(1, "processes that share the CPU's cores")
    timeout: float = option(0.0, "seconds after which no new trial starts; 0: never")
    seeds: int = option(5, "trainings of each model of the front at the end, and of the references")
    seed: int = option(0, "of the proposals and of their trainings")
    dataset: str = option("auto", DATASET_HELP)

    @property
    def costs(self) -> tuple[str, ...]:
        """The costs that are minimised, in the order given."""
        return tuple(self.cost.split(","))

    def excesses(self, costs: Mapping[str, float]) -> dict[str, float]:
        """How far each budget is exceeded by these costs; at or below 0 it is kept."""
        budgets = {
            "max_params": ("num_params", self.max_params),
            "max_macs": ("macs", self.max_macs),
        }
        return {name: costs[cost] - budget for name, (cost, budget) in budgets.items() if budget}

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_study_name(self.study)
        _require_range("trials", self.trials, 1, 100_000)
        unknown = [cost for cost in self.costs if cost not in COSTS]
        if unknown or not 1 <= len(set(self.costs)) == len(self.costs) <= 2:
            raise ValueError(f"cost must be one or two of {', '.join(COSTS)}, not '{self.cost}'")
        _require_budget("max_params", self.max_params, "num_params")
        _require_budget("max_macs", self.max_macs, "macs")
        _require_range("workers", self.workers, 1, 256)
        if not 0 <= self.timeout < float("inf"):
            raise ValueError(f"timeout must be 0 or more seconds, not {self.timeout}")
        _require_range("seeds", self.seeds, 1, 1_000)
        _require_range("seed", self.seed, 0, 2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class InitConfig(SearchConfig):
    """Prepare the stores of a search, so that its workers only have to join."""

    artifact_location: str = option(
        "", "where a new experiment keeps its files, if not where the store puts them"
    )

    @property
    def search(self) -> SearchConfig:
        """What ``search`` is to be called with."""
        return SearchConfig(**{one.name: getattr(self, one.name) for one in fields(SearchConfig)})


@dataclass(frozen=True, kw_only=True)
class ReportConfig:
    """Write a study's report from what is finished, without training."""

    study: str = option("widths", "name of the study")
    seeds: int = option(5, "trainings of each final model that there may be")
    dataset: str = option("auto", DATASET_HELP)

    def __post_init__(self) -> None:
        _require_study_name(self.study)
        _require_range("seeds", self.seeds, 1, 1_000)


@dataclass(frozen=True, kw_only=True)
class ReapConfig:
    """Close the runs and give back the trials whose processes are dead."""


@dataclass(frozen=True, kw_only=True)
class DoctorConfig:
    """Check the environment, the data and both stores; say what is wrong and what to do."""

    dataset: str = option("auto", DATASET_HELP)


@dataclass(frozen=True, kw_only=True)
class ProxyConfig:
    """Serve the storage that OPTUNA_STORAGE names to many workers, over Optuna's gRPC proxy."""

    host: str = option("127.0.0.1", "address to listen at; whoever reaches it can use the storage")
    port: int = option(13000, "port to listen at")

    def __post_init__(self) -> None:
        _require_range("port", self.port, 1, 65_535)


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """Export finished models to LiteRT and ONNX, check them, and measure what they cost."""

    study: str = option("widths", "name of the study whose front and references are exported")
    run_id: str = option(
        "", "MLflow run of a suite, study or training to export instead; empty: none"
    )
    tolerance: float = option(0.005, "most test accuracy that an exported file may lose, 0 to 1")
    dataset: str = option("auto", DATASET_HELP)

    def __post_init__(self) -> None:
        _require_study_name(self.study)
        if not 0 <= self.tolerance <= 1:
            raise ValueError(f"tolerance must be 0 to 1, not {self.tolerance}")


@dataclass(frozen=True, kw_only=True)
class RecommendConfig:
    """Recommend a model of a finished study under budgets, and register it as champion."""

    study: str = option("widths", "name of the study whose front and references are considered")
    max_params: int = option(0, "most parameters; 0: any")
    max_macs: int = option(0, "most MACs; 0: any")
    max_latency_us: float = option(0.0, "most microseconds an image, LiteRT float32; 0: any")
    max_size_bytes: int = option(0, "most bytes of the LiteRT file, float32; 0: any")
    min_accuracy: float = option(0.0, "least mean validation accuracy, 0 to 1")
    cost: Literal["num_params", "macs", "latency_us", "size_bytes"] = option(
        "num_params", "what orders the models from cheap to dear"
    )
    dataset: str = option("auto", DATASET_HELP)

    @property
    def budgets(self) -> dict[str, float]:
        """The budgets that were given, by the name of the cost; ``min_accuracy`` by its own."""
        most = {
            "num_params": self.max_params,
            "macs": self.max_macs,
            "latency_us": self.max_latency_us,
            "size_bytes": self.max_size_bytes,
        }
        given = {cost: float(budget) for cost, budget in most.items() if budget}
        return given | ({"min_accuracy": self.min_accuracy} if self.min_accuracy else {})

    def __post_init__(self) -> None:
        _require_study_name(self.study)
        for name in ("max_params", "max_macs", "max_latency_us", "max_size_bytes"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be 0 or more, not {getattr(self, name)}")
        if not 0 <= self.min_accuracy <= 1:
            raise ValueError(f"min_accuracy must be 0 to 1, not {self.min_accuracy}")


@dataclass(frozen=True, kw_only=True)
class BenchmarkConfig:
    """Measure this project against what its users would run instead."""

    what: str = option("all", "all, or comparisons with commas: T1 to T6, S1 to S3, L1, M1, growth")


def exact_cost(architecture: Architecture, cost: str) -> int:
    """``num_params`` or ``macs`` of an architecture."""
    return getattr(complexity(architecture), cost)


def _require_study_name(name: str) -> None:
    if not re.fullmatch(r"\w[\w.-]{0,99}", name, re.ASCII):
        raise ValueError(f"study must be a name of letters, digits, '_', '-' and '.', not '{name}'")


def _require_budget(name: str, budget: int, cost: str) -> None:
    lowest = SearchSpace().minimum(lambda architecture: exact_cost(architecture, cost))
    if budget and budget < lowest:
        raise ValueError(
            f"{name} must be 0 or at least {lowest:,.0f}, the least of the search space, "
            f"not {budget:,}"
        )


def _require_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} must be {low} to {high}, not {value}")
