"""The page that lists all studies, made of the tables that their reports left."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.report.html import page, table_html
from mnist_tradeoff.report.numbers import MISSING
from mnist_tradeoff.report.search import FOLDER_PREFIX, NUMBERS_FILE, report_folder, write

INDEX = "studies.html"
COST = "num_params"
HOW_TO_READ = (
    "A row is a study; its name leads to its report. HV2 says how much of the map between accuracy "
    "and parameters its front covers on the test images, from 0 to 1: more is better."
)


def write_index(folder: Path) -> Path:
    """``studies.html``: all studies whose reports are in a folder, with links to these.

    Raises:
        OSError: the folder cannot be written.
    """
    names = sorted(
        path.parent.name.removeprefix(FOLDER_PREFIX)
        for path in folder.glob(f"{FOLDER_PREFIX}*/report.html")
    )
    fronts = {name: front_of(folder, name) for name in names}
    body = ["<h1>Studies</h1>", f"<p class=quiet>{HOW_TO_READ}</p>", overview(fronts, folder)]
    (path,) = write({INDEX: page("Studies", body, has_charts=False)}, folder)
    return path


def front_of(folder: Path, study: str) -> pd.DataFrame | None:
    """The front's rows of a study's ``pareto.csv``; None where there is none that can be read."""
    try:
        frame = pd.read_csv(report_folder(folder, study) / "pareto.csv")
        return frame.loc[(frame["role"] == "front") & frame["test_accuracy"].notna()]
    except (OSError, ValueError, KeyError):
        return None


def numbers_of(folder: Path, study: str) -> dict[str, Any]:
    """A study's ``numbers.json``; empty where there is none that can be read."""
    try:
        found = json.loads((report_folder(folder, study) / NUMBERS_FILE).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def overview(fronts: Mapping[str, pd.DataFrame | None], folder: Path) -> str:
    """The table of all studies: their images, fronts and hypervolumes, with links to the reports.

    Args:
        fronts: see ``front_of``.
    """
    header = ["study", "images", "models", COSTS[COST].label, "best test %", "HV2, test", "state"]
    rows = [[name, *_numbers(frame, numbers_of(folder, name))] for name, frame in fronts.items()]
    links = [address_of(name) for name in fronts]
    return table_html(("All studies", header, rows, 2), links=links)


def address_of(study: str, file: str = "report.html") -> str:
    """Where a file of a study's report is, seen from beside the store."""
    return f"{quote(FOLDER_PREFIX + study)}/{file}"


def _numbers(frame: pd.DataFrame | None, numbers: Mapping[str, Any]) -> list[str]:
    images = str(numbers.get("dataset", MISSING))
    state = {True: "interim", False: "finished"}.get(numbers.get("interim", ""), MISSING)
    if frame is None or frame.empty:
        return [images, *[MISSING] * 4, state]
    volume = numbers.get("hv2_test")
    return [
        images,
        str(len(frame)),
        f"{frame[COST].min():,.0f} to {frame[COST].max():,.0f}",
        f"{100 * frame['test_accuracy'].max():.2f}",
        f"{volume:.3f}" if isinstance(volume, float) else MISSING,
        state,
    ]
