"""What a run and ``doctor`` tell of a set: its figure, its tables, and what may be wrong."""

from pathlib import Path

from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.data.summary import summarized
from mnist_tradeoff.report import terminal
from mnist_tradeoff.report.dataset import dataset_files, dataset_lines, folder_name
from mnist_tradeoff.report.search import write
from mnist_tradeoff.tracking.runs import log_contents

ARTIFACTS = "dataset"


def log_summary(dataset: Dataset) -> None:
    """A set's figure and tables as artifacts of the active run; what may be wrong, a line each."""
    summary = summarized(dataset)
    terminal.tell_warnings(dataset, summary)
    files = dataset_files(dataset, summary)
    log_contents({f"{ARTIFACTS}/{name}": content for name, content in files.items()})


def show(dataset: Dataset, folder: Path) -> list[str]:
    """A set's figure and tables written below a folder; and its lines for the terminal.

    Raises:
        OSError: the folder cannot be written.
    """
    summary = summarized(dataset)
    paths = write(dataset_files(dataset, summary), folder / folder_name(dataset))
    return [*dataset_lines(dataset, summary), f"picture   {paths[0]}"]
