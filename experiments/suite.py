"""Entry point ``suite``: models over several seeds, compared; the four references by default.

mlflow run . -e suite -P seeds=5        or        python -m experiments.suite --seeds 5

About 5 minutes with 5 seeds on two Zen 4 cores. Run it again after an interruption: what is
finished is not trained again.
"""

from dataclasses import asdict, dataclass
from itertools import chain

from mnist_tradeoff.architecture.references import REFERENCES, require_model
from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.processes import watch_launcher
from mnist_tradeoff.system.settings import option, require_range, split_names
from mnist_tradeoff.training.recipe import Recipe

ALL = "references"


@dataclass(frozen=True, kw_only=True)
class SuiteConfig(Recipe, DataConfig):
    """Train models over several seeds and compare them; the four references by default."""

    seeds: int = option(5, "trainings of each model, with the seeds 0, 1, 2, …")
    together: int = option(
        1, "seeds of a model that are trained at once; 2 to 4 save time with the smallest nets"
    )
    models: str = option(
        ALL,
        "with commas: names of the references ('references': all four), notations, or "
        "PATH.py:FUNCTION",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("seeds", self.seeds, 1, 1_000)
        require_range("together", self.together, 1, 64)
        if not self.all_models():
            raise ValueError(f"models is empty: give notations with commas, or '{ALL}'")
        for model in self.all_models():
            require_model(model)

    def all_models(self) -> list[str]:
        """The models by name, each once; the four references in place of ``references``."""
        names = split_names(self.models)
        lists = (REFERENCES if name == ALL else [name] for name in names)
        return list(dict.fromkeys(chain.from_iterable(lists)))


def run(config: SuiteConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.pipelines.suite import run_suite

    source = (config.all_models(), config.seeds, config)
    run_suite(config, *source, asdict(config), check_launcher, config.together)


ENTRY_POINT = EntryPoint("suite", SuiteConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
