"""Entry point ``export``: a study's final models as LiteRT and ONNX files, checked and measured.

mlflow run . -e export -P study=widths        or        python -m experiments.export --study widths

Or those of a suite, or single trainings: -P run_id=RUN,RUN.
"""

from dataclasses import asdict, dataclass

from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.search.config import require_study_name
from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.processes import watch_launcher
from mnist_tradeoff.system.settings import option, require_range, split_names


@dataclass(frozen=True, kw_only=True)
class ExportConfig(DataConfig):
    """Export finished models to LiteRT and ONNX, check them, and measure what they cost."""

    study: str = option("widths", "name of the study whose front and references are exported")
    run_id: str = option(
        "", "MLflow runs of suites, studies or trainings instead, with commas; empty: none"
    )
    tolerance: float = option(0.005, "most test accuracy that an exported file may lose, 0 to 1")

    def __post_init__(self) -> None:
        require_study_name(self.study)
        require_range("tolerance", self.tolerance, 0, 1)


def run(config: ExportConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.pipelines.export import run_export

    source = (config.study, split_names(config.run_id))
    run_export(*source, config.tolerance, config, asdict(config), check_launcher)


ENTRY_POINT = EntryPoint("export", ExportConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
