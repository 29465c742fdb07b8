"""The report of a study, put together: tables, CSV files, figures and the interactive page."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from mnist_tradeoff.analysis.trainings import Training, tidy
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report import figures, markdown, page, search_tables
from mnist_tradeoff.report.figures import themed
from mnist_tradeoff.search.results import SearchResults, finalists_of
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.successive_halving import candidates, front
from mnist_tradeoff.search.trials import reference_costs
from mnist_tradeoff.system.files import write_whole


def collect(study: Study, trainings: Sequence[Training], dataset: Dataset) -> SearchResults:
    """What the study and the final trainings of its front say."""
    config = study.config
    trials = study.finished()
    found = front(candidates(trials, config.epochs), config.costs)
    finalists, references = finalists_of(
        found, reference_costs(study), trainings, dataset.test.labels
    )
    return SearchResults(
        study=config.study,
        dataset=dataset.name,
        costs=config.costs,
        budgets={"num_params": config.max_params, "macs": config.max_macs},
        epochs=config.epochs,
        trials=trials,
        refused=study.refused(),
        importances=study.importances(),
        finalists=finalists,
        references=references,
    )


def texts(results: SearchResults, trainings: Sequence[Training]) -> dict[str, str]:
    """``pareto.md``, ``report.html`` and the CSV files, by file name."""
    tables = "\n\n".join(
        f"## {title}\n\n{markdown.table(header, rows, left)}"
        for title, header, rows, left in search_tables.tables(results)
    )
    return {
        "pareto.md": tables + "\n",
        "pareto.csv": search_tables.pareto_frame(results).to_csv(index=False),
        "trials.csv": search_tables.trials_frame(results).to_csv(index=False),
        "finals.csv": tidy(trainings).to_csv(index=False),
        "report.html": page.render(results),
    }


def drawn(results: SearchResults) -> dict[str, Figure]:
    """The main figures, each for light and for dark pages, by file name."""
    found = themed("pareto", figures.pareto_front, results)
    return found | themed("hypervolume", figures.hypervolume_by_trial, results)


def write(contents: Mapping[str, str], pictures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write the report's files into a folder, each at once or not at all; their paths.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(exist_ok=True)
    files = {name: text.encode() for name, text in contents.items()}
    for name, picture in pictures.items():
        content = io.BytesIO()
        picture.savefig(content)
        files[name] = content.getvalue()
    for name, content in files.items():
        write_whole(folder / name, content)
    return [folder / name for name in files]
