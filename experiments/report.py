"""Entry point ``report``: a study's report from what is finished, and what MLflow missed.

mlflow run . -e report -P study=widths        or        python -m experiments.report --study widths

Or the page of one model, of any finished training: -P run_id=RUN; of a suite or study, all of its.

Nothing is trained. Use it after an outage of the tracking server, or while a study still runs.
"""

from dataclasses import asdict, dataclass

from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.search.config import require_study_name
from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.processes import watch_launcher
from mnist_tradeoff.system.settings import option, require_range, split_names


@dataclass(frozen=True, kw_only=True)
class ReportConfig(DataConfig):
    """Write a study's report, or the pages of single models, without training."""

    study: str = option("widths", "name of the study, or several with commas: side by side")
    seeds: int = option(
        0, "trainings of each final model that are looked for; 0: as many as its search wanted"
    )

    run_id: str = option(
        "",
        "MLflow runs, with commas, whose models' pages are written instead: trainings, or suites "
        "and studies; empty: none",
    )

    @property
    def run_ids(self) -> list[str]:
        """The runs that were named."""
        return split_names(self.run_id)

    @property
    def studies(self) -> list[str]:
        """The names, each once, in the order given."""
        return list(dict.fromkeys(self.study.split(",")))

    def __post_init__(self) -> None:
        for name in self.studies:
            require_study_name(name)
        require_range("seeds", self.seeds, 0, 1_000)


def run(config: ReportConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    if config.run_ids:
        from mnist_tradeoff.pipelines.model_pages import report_runs

        report_runs(config.run_ids, config, asdict(config), check_launcher)
        return
    from mnist_tradeoff.pipelines.finals import report_studies

    report_studies(config.studies, config.seeds, config, asdict(config), check_launcher)


ENTRY_POINT = EntryPoint("report", ReportConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
