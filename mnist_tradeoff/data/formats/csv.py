"""Sets as tables: a label and the grey pixels of one image a line, as Kaggle has them."""

import csv
import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnist_tradeoff.data.formats.raw import (
    GZIP,
    PART_WORD,
    Part,
    Raw,
    part_of,
    require_file,
    require_memory,
    unzipped_size,
)
from mnist_tradeoff.system.plain import plural

LABEL_COLUMNS = ("label", "class", "target", "y", "labels", "classes")
# Of numbers of the lines, as pandas writes them; beside a column of labels they are left out.
INDEX_COLUMNS = ("", "unnamed: 0", "index", "id")
# Columns of an image of 8×8, the smallest.
LEAST_COLUMNS = 64
# UTF-8, with or without the mark that spreadsheets put before it.
ENCODING = "utf-8-sig"
# A pixel of text, with its comma, is about so many bytes; in memory it has four.
TEXT_BYTES, NUMBER_BYTES = 2, 4


def tables_in(folder: Path) -> list[Path]:
    """The CSV files of a folder, gzipped or not."""
    return [path for path in sorted(folder.iterdir()) if is_csv_name(path.name)]


def is_csv_name(name: str) -> bool:
    """Whether a file is named as a table."""
    return name.lower().endswith((".csv", ".csv.gz"))


def read_csv_set(paths: list[Path], folder: Path) -> Raw:
    """A set of one table, or of one a part (``train.csv``, ``mnist_test.csv``).

    Raises:
        ValueError: no table of labels and pixels, or several of one part; the message names it.
        MemoryError: it does not fit.
    """
    named = {path: _named_part(path) for path in paths}
    # Where one is named as the training table, one that is no part is none of the set's.
    others = [path.name for path in paths if not named[path]] if "train" in named.values() else []
    by_part: dict[str, Path] = {}
    for path in (path for path in paths if path.name not in others):
        part = named[path] or "train"
        if part in by_part:
            raise ValueError(
                f"'{folder}' has two tables of one part, {by_part[part].name} and {path.name}: "
                f"name the one to use, dataset={by_part[part]}"
            )
        by_part[part] = path
    if "train" not in by_part:
        raise ValueError(
            f"'{folder}' has no training table, only {', '.join(p.name for p in paths)}"
        )
    tables = {part: _read(path) for part, path in by_part.items()}
    _require_labels(tables, by_part)
    parts = {
        part: Part(table.pixels, table.labels, f"'{by_part[part]}'")
        for part, table in tables.items()
    }
    notes = [f"left out, neither train nor test by name: {', '.join(others)}"] if others else []
    return Raw("", parts, {}, tuple(notes))


def _named_part(path: Path) -> str:
    """What part a table is by its name; empty: none."""
    word = PART_WORD.search(path.name.lower())
    return part_of(word["part"]) if word else ""


@dataclass(frozen=True)
class _Table:
    """Labels (n,) as numbers or text, and pixels float32 (n, pixels).

    label: the name of the labels' column; empty without a header.
    """

    label: str
    labels: np.ndarray
    pixels: np.ndarray


def _require_labels(tables: Mapping[str, _Table], paths: Mapping[str, Path]) -> None:
    train = tables["train"]
    for part, table in tables.items():
        if table.pixels.shape[1] == train.pixels.shape[1] - 1:
            why = f"one column less than {paths['train'].name}"
        elif table.label and train.label and table.label.lower() != train.label.lower():
            why = f"its first column is {table.label}, that of {paths['train'].name} {train.label}"
        else:
            continue
        raise ValueError(
            f"'{paths[part]}' has no labels, {why}: use the training table alone, "
            f"dataset={paths['train']}; a test part is split from it"
        )


def _read(path: Path) -> _Table:
    import pandas as pd

    header, columns = _first_line(path)
    size = unzipped_size(path) if _is_gzipped(path) else path.stat().st_size
    require_memory([size // TEXT_BYTES * NUMBER_BYTES], path)
    label = next((c for c in columns if header and str(c).lower() in LABEL_COLUMNS), columns[0])
    used = [i for i, column in enumerate(columns) if not _is_index(column, label, header)]
    # Where no header says so, the last column may be the labels.
    others = (label,) if header else (label, columns[-1])
    types: Any = {column: np.float32 for column in columns if column not in others}
    options: Any = {"header": 0, "names": None} if header else {"header": None, "names": columns}
    try:
        table = pd.read_csv(
            path,
            dtype=types,
            usecols=used if len(used) < len(columns) else None,
            compression="gzip" if _is_gzipped(path) else None,
            encoding=ENCODING,
            keep_default_na=False,  # a class may be called None or NA
            na_values=[""],
            **options,
        )
    except (ValueError, OSError, EOFError, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"'{path}' is no table of labels and pixels: {reason}") from None
    if not len(table):
        raise ValueError(f"'{path}' has a header, but no images")
    if not header and table[label].nunique() == 1 < table[columns[-1]].nunique():
        label = columns[-1]  # a corner of the images is the same in all of them, a label is not
    labels = table.pop(label)
    if labels.isna().any():
        lines = plural(int(labels.isna().sum()), "line")
        raise ValueError(f"'{path}' has {lines} without a label")
    name = str(label) if header else ""
    return _Table(name, _plain(labels.to_numpy()), _pixels(table, path))


def _is_index(column: str, label: str, has_header: bool) -> bool:
    is_named = has_header and label.lower() in LABEL_COLUMNS
    return is_named and column.strip().lower() in INDEX_COLUMNS


def _pixels(table: Any, path: Path) -> np.ndarray:
    try:
        pixels = table.to_numpy(np.float32)
    except ValueError as error:
        raise ValueError(f"'{path}' is no table of labels and pixels: {error}") from None
    if np.isnan(pixels).any():
        row, missing = next((i, n) for i, n in enumerate(np.isnan(pixels).sum(axis=1)) if n)
        raise ValueError(
            f"'{path}', image {row}: {plural(int(missing), 'pixel')} of {pixels.shape[1]:,} missing"
        )
    return pixels


def _plain(labels: np.ndarray) -> np.ndarray:
    return labels if labels.dtype.kind in "iuf" else labels.astype(str)


def _first_line(path: Path) -> tuple[bool, list[str]]:
    """Whether the first line names the columns, and their names."""
    opened = gzip.open if _is_gzipped(require_file(path)) else open
    try:
        with opened(path, "rt", encoding=ENCODING, newline="") as file:
            cells = next(csv.reader(file), [])
    except (UnicodeDecodeError, OSError, EOFError, zlib.error, csv.Error) as error:
        raise ValueError(f"'{path}' is no readable table ({error})") from None
    if len(cells) <= LEAST_COLUMNS:
        raise ValueError(
            f"'{path}' is no table of images: its first line has {plural(len(cells), 'column')}, a "
            f"label and at least {LEAST_COLUMNS} pixels are due, with commas between them"
        )
    # The label may be text where there is no header.
    header = not all(_is_number(cell) for cell in cells[1:-1]) or _is_counted(cells)
    return header, cells if header else [f"column{i}" for i in range(len(cells))]


def _is_counted(cells: list[str]) -> bool:
    """Whether the cells are a label's name and pixels named 0, 1, 2, …, as pandas has them."""
    names = cells[1:] if cells[0].lower() in LABEL_COLUMNS else cells[:-1]
    is_named = cells[0].lower() in LABEL_COLUMNS or cells[-1].lower() in LABEL_COLUMNS
    return is_named and names[:3] in (["0", "1", "2"], ["1", "2", "3"])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_gzipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == GZIP
