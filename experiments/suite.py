"""Entry point ``suite``: the four references over several seeds, compared.

mlflow run . -e suite -P seeds=5        or        python -m experiments.suite --seeds 5

About 5 minutes with 5 seeds on two Zen 4 cores. Run it again after an interruption: what is
finished is not trained again.
"""

from dataclasses import asdict, dataclass

from mnist_tradeoff.architecture.references import REFERENCES, require_model
from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.processes import watch_launcher
from mnist_tradeoff.system.settings import option, require_range, split_names
from mnist_tradeoff.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class SuiteConfig(Recipe, DataConfig):
    """Train the four references over several seeds and compare them."""

    seeds: int = option(5, "trainings of each reference, with the seeds 0, 1, 2, …")
    models: str = option(
        "",
        "more models to compare with the references, with commas: notations, or PATH.py:FUNCTION",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("seeds", self.seeds, 1, 1_000)
        for model in split_names(self.models):
            require_model(model)


def run(config: SuiteConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.pipelines.suite import run_suite

    models = dict.fromkeys([*REFERENCES, *split_names(config.models)])
    source = (list(models), config.seeds, config)
    run_suite(config, *source, asdict(config), check_launcher)


ENTRY_POINT = EntryPoint("suite", SuiteConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
