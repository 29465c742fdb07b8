"""Entry point ``report``: a study's report from what is finished, and what MLflow missed.

mlflow run . -e report -P study=widths        or        python -m experiments.report --study widths

Nothing is trained. Use it after an outage of the tracking server, or while a study still runs.
"""

from dataclasses import asdict, dataclass

from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.search.config import require_study_name
from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.processes import watch_launcher
from mnist_tradeoff.system.settings import option, require_range


@dataclass(frozen=True, kw_only=True)
class ReportConfig(DataConfig):
    """Write a study's report from what is finished, without training."""

    study: str = option("widths", "name of the study, or several with commas: side by side")
    seeds: int = option(5, "trainings of each final model that there may be")

    @property
    def studies(self) -> list[str]:
        """The names, each once, in the order given."""
        return list(dict.fromkeys(self.study.split(",")))

    def __post_init__(self) -> None:
        for name in self.studies:
            require_study_name(name)
        require_range("seeds", self.seeds, 1, 1_000)


def run(config: ReportConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.pipelines.finals import report_studies

    report_studies(config.studies, config.seeds, config, asdict(config), check_launcher)


ENTRY_POINT = EntryPoint("report", ReportConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
