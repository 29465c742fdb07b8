"""The report of a study, put together: tables, CSV files, figures and the interactive page."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from mnist_tradeoff.analysis.trainings import Training, tidy
from mnist_tradeoff.report import html, search_figures, search_frames, search_tables
from mnist_tradeoff.report.answer import interim_text
from mnist_tradeoff.report.links import NO_LINKS, Links
from mnist_tradeoff.report.markdown import sections, table
from mnist_tradeoff.report.notes import study_metrics
from mnist_tradeoff.report.style import Figures, in_folders, themed
from mnist_tradeoff.search.results import SearchResults
from mnist_tradeoff.system.files import write_whole

FOLDER_PREFIX = "search_"
NUMBERS_FILE = "numbers.json"


def search_texts(
    results: SearchResults, trainings: Sequence[Training], links: Links = NO_LINKS
) -> dict[str, str]:
    """``pareto.md``, ``report.html``, the CSV files and ``numbers.json``, by file name."""
    found = [
        (title, table(header, rows, left))
        for title, header, rows, left in search_tables.tables(results)
    ]
    return {
        "pareto.md": "\n\n".join(filter(None, [interim_text(results), sections(found)])),
        "pareto.csv": search_frames.pareto_frame(results).to_csv(index=False),
        "trials.csv": search_frames.trials_frame(results).to_csv(index=False),
        "finals.csv": tidy(trainings).to_csv(index=False),
        NUMBERS_FILE: numbers_text(results),
        "report.html": html.render(results, links),
    }


def numbers(results: SearchResults) -> dict[str, Any]:
    """What pages about several studies need: metrics, settings, and how the hypervolume grew.

    Of the growth it is the points at which it changed, and the last: (seconds, HV2).
    """
    grown = [(point.seconds, point.hv2) for point in results.progress]
    steps = [two for one, two in pairwise([(0.0, 0.0), *grown]) if one[1] != two[1]]
    return {
        "dataset": results.dataset,
        "interim": results.interim is not None,
        **study_metrics(results),
        "settings": dict(results.settings),
        "progress": list(dict.fromkeys([*steps, *grown[-1:]])),
    }


def numbers_text(results: SearchResults) -> str:
    """The content of ``numbers.json``."""
    return json.dumps(numbers(results), indent=1)


def search_pictures(results: SearchResults) -> Figures:
    """The main figures, each for light and for dark pages, by path."""
    found = themed("pareto", search_figures.pareto_front, results, also_small=True)
    found |= themed("hypervolume", search_figures.hypervolume_by_trial, results)
    return in_folders(found)


def report_folder(folder: Path, study: str) -> Path:
    """Where a study's report is: beside the store."""
    return folder / f"{FOLDER_PREFIX}{study}"


def write(contents: Mapping[str, str | bytes], folder: Path) -> list[Path]:
    """Write the report's files into a folder, each at once or not at all; their paths.

    Raises:
        OSError: the folder cannot be written.
    """
    for name, content in contents.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, data)
    return [folder / name for name in contents]
