"""Entry point ``recommend``: the model of a finished study to take under a budget.

mlflow run . -e recommend -P max_params=15000 -P min_accuracy=0.985

Or of a suite's models, or of single trainings: -P run_id=RUN,RUN.
Nothing is trained. The model is registered in MLflow's Model Registry as the champion, with its
exported files.
"""

from dataclasses import asdict, dataclass

from mnist_tradeoff.architecture.costs import COSTS, OBJECTIVES
from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.search.config import budget_fields, given_budgets, require_study_name
from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.processes import watch_launcher
from mnist_tradeoff.system.settings import option, require_range, split_names


@dataclass(frozen=True, kw_only=True)
class RecommendConfig(
    DataConfig, budget_fields(OBJECTIVES, "most {} of the model, as deployed; 0: any")
):
    """Recommend a model of a finished study under budgets, and register it as champion."""

    study: str = option("widths", "name of the study whose front and references are considered")
    run_id: str = option(
        "", "MLflow runs of suites, studies or trainings to choose from, with commas; empty: none"
    )
    min_accuracy: float = option(0.0, "least mean validation accuracy, 0 to 1")
    cost: str = option(
        "num_params", f"what orders the models from cheap to expensive: {', '.join(OBJECTIVES)}"
    )

    @property
    def run_ids(self) -> list[str]:
        """The runs that were named."""
        return split_names(self.run_id)

    @property
    def budgets(self) -> dict[str, float]:
        """The budgets that were given, by the name of the cost; ``min_accuracy`` by its own."""
        given = given_budgets(self, OBJECTIVES)
        return given | ({"min_accuracy": self.min_accuracy} if self.min_accuracy else {})

    def __post_init__(self) -> None:
        require_study_name(self.study)
        for name in OBJECTIVES:
            budget = getattr(self, COSTS[name].budget)
            if not 0 <= budget < float("inf"):
                raise ValueError(f"{COSTS[name].budget} must be 0 or more, not {budget}")
        require_range("min_accuracy", self.min_accuracy, 0, 1)
        if self.cost not in OBJECTIVES:
            raise ValueError(f"cost must be one of {', '.join(OBJECTIVES)}, not '{self.cost}'")


def run(config: RecommendConfig) -> None:
    watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.pipelines.recommend import run_recommend

    source = (config.study, config.run_ids, config.budgets)
    run_recommend(*source, config.cost, config, asdict(config))


ENTRY_POINT = EntryPoint("recommend", RecommendConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
