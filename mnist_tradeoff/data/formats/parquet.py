"""Sets in Parquet as Hugging Face has them: an image's bytes and its label a row."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnist_tradeoff.data.formats.pictures import decode_parts
from mnist_tradeoff.data.formats.raw import (
    MAX_SHOWN,
    PART_WORD,
    Raw,
    part_of,
    require_file,
    require_memory,
)
from mnist_tradeoff.system.plain import plural, shortened

MAGIC = b"PAR1"
SHARD = re.compile(r"(?P<set>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})")
IMAGE_COLUMNS = ("image", "img", "picture", "pixel_values")
LABEL_COLUMNS = ("label", "labels", "fine_label", "class", "target", "character")


def tables_in(folder: Path) -> list[Path]:
    """The Parquet files of a folder, of the ``data`` below it, or of a folder a part."""
    return sorted(
        path
        for path in [*folder.glob("*.parquet"), *folder.glob("*/*.parquet")]
        if path.parent == folder or path.parent.name == "data" or _part_of_folder(path)
    )


def _part(path: Path) -> str:
    """The part of ``test-00000-of-00001.parquet``, ``test/0000.parquet``, else train."""
    word = PART_WORD.match(path.name.lower())
    return part_of(word["part"]) if word else _part_of_folder(path) or "train"


def _part_of_folder(path: Path) -> str:
    word = PART_WORD.fullmatch(path.parent.name.lower())
    return part_of(word["part"]) if word else ""


def read_parquet_set(paths: list[Path], folder: Path, resize: int) -> Raw:
    """A set of one file or of several (``train-00000-of-00002.parquet``, ``test-…``).

    Raises:
        ValueError: no Parquet, no column of images or of labels, or a cell that is no image.
        MemoryError: it does not fit.
    """
    _require_shards(paths)
    require_memory((_unzipped_size(path) for path in paths), folder)
    cells: dict[str, list[tuple[bytes, str, Any]]] = {}
    for path in paths:
        cells.setdefault(_part(path), []).extend(_rows(path))
    if not cells.get("train"):
        have = ", ".join(part for part, found in cells.items() if found)
        raise ValueError(f"'{folder}' has no training images{have and f', only {have}'}")
    return Raw("", decode_parts(cells, resize, folder), _names(paths[0]))


def _require_shards(paths: list[Path]) -> None:
    """Refuse ``…-00000-of-00003`` where one of the three is not there."""
    found: dict[tuple[str, int], set[int]] = {}
    for path in paths:
        if match := SHARD.search(path.name):
            found.setdefault((match["set"], int(match["count"])), set()).add(int(match["number"]))
    for (name, count), numbers in found.items():
        if missing := sorted(set(range(count)) - numbers):
            raise ValueError(
                f"'{paths[0].parent}' has {len(numbers)} of {count} files of {name}: number "
                f"{missing[0]} is missing"
            )


def _unzipped_size(path: Path) -> int:
    """Bytes of all columns as the file's end says; it is compressed."""
    import pyarrow.parquet

    try:
        metadata = pyarrow.parquet.read_metadata(require_file(path))
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"'{path}' is no readable Parquet file ({_line(error)})") from None
    return sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _rows(path: Path) -> list[tuple[bytes, str, Any]]:
    import pandas as pd

    try:
        table = pd.read_parquet(path)
    except Exception as error:  # untrusted bytes
        raise ValueError(f"'{path}' is no readable Parquet file ({_line(error)})") from None
    image, label = _column(table, IMAGE_COLUMNS, path), _column(table, LABEL_COLUMNS, path)
    found: list[Any] = [
        cell.get("bytes") if isinstance(cell, Mapping) else cell for cell in table[image]
    ]
    for number, cell in enumerate(found):
        if not isinstance(cell, bytes):
            raise ValueError(f"'{path}', row {number}: column {image} holds no bytes of an image")
    _require_labels(table[label], path)
    names = [f"{path}, row {number}" for number in range(len(found))]
    return list(zip(found, names, table[label], strict=True))


def _require_labels(labels: Any, path: Path) -> None:
    for number, cell in enumerate(labels):
        if hasattr(cell, "__len__") and not isinstance(cell, str):
            raise ValueError(f"'{path}', row {number}: column {labels.name} must hold one label")
    if missing := int(labels.isna().sum()):
        raise ValueError(f"'{path}' has {plural(missing, 'row')} without a label")


def _column(table: Any, names: tuple[str, ...], path: Path) -> str:
    for name in names:
        if name in table.columns:
            return name
    have = shortened(", ".join(map(str, table.columns)), MAX_SHOWN)
    raise ValueError(f"'{path}' has no column {names[0]}; it has {have}")


def _names(path: Path) -> Mapping[int, str]:
    """The names of the classes, which Hugging Face keeps beside the columns."""
    import pyarrow.parquet

    try:
        stored = pyarrow.parquet.read_schema(path).metadata or {}
        features = json.loads(stored[b"huggingface"])["info"]["features"]
        label = next(features[name] for name in LABEL_COLUMNS if name in features)
        return dict(enumerate(map(str, label["names"])))
    except (KeyError, ValueError, StopIteration, TypeError):
        return {}
