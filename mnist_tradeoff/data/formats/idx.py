"""Sets in MNIST's own format, IDX (LeCun, "The MNIST database"), in all the namings in use."""

import gzip
import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist_tradeoff.data.formats.raw import (
    GZIP,
    Part,
    Place,
    Raw,
    place_of,
    require_file,
    require_memory,
    unpaired,
)

IDX_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
QMNIST_COLUMNS = 8
# Of 255 dimensions, as many as there may be.
HEADER_BYTES = 4 + 4 * 255
# What deflate makes of zeros at best, see zlib's "Technical Details": a header that claims more
# than such a file can hold is that of a truncated one.
GZIP_RATIO = 1_032
Files = dict[tuple[str, bool], Path]


def idx_bytes(array: np.ndarray) -> bytes:
    """A uint8 array, or one of small integers, in the IDX format."""
    kind, dtype = (0x08, "u1") if array.dtype == np.uint8 else (0x0B, ">i2")
    header = struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array, dtype).tobytes()


def parse_idx(content: bytes, source: str) -> np.ndarray:
    """Array of uncompressed IDX content, in the type that it has.

    Raises:
        ValueError: no IDX header, an unknown type, or a wrong length.
    """
    header = _header(content, source)
    if len(content) != header.size:
        found = "truncated" if len(content) < header.size else "too long"
        raise ValueError(
            f"{source} is {found}: {len(content):,} bytes where {header.size:,} are due"
        )
    return np.frombuffer(content, header.dtype, offset=header.start).reshape(header.shape)


class _Header(NamedTuple):
    """What an IDX file says of itself: where its array begins, and how many bytes it has in all."""

    shape: tuple[int, ...]
    dtype: np.dtype
    start: int

    @property
    def size(self) -> int:
        return self.start + self.dtype.itemsize * int(np.prod(self.shape, dtype=object))


def _header(beginning: bytes, source: str) -> _Header:
    if not is_idx(beginning):
        raise ValueError(f"{source} is no IDX file")
    _, kind, dimensions = struct.unpack(">HBB", beginning[:4])
    start = 4 + 4 * dimensions
    if len(beginning) < start:
        raise ValueError(f"{source} is truncated in its header")
    shape = struct.unpack(f">{dimensions}I", beginning[4:start])
    return _Header(shape, np.dtype(TYPES[kind]), start)


def is_idx(beginning: bytes) -> bool:
    """Whether the first bytes are an IDX header."""
    return len(beginning) >= 4 and beginning[:2] == b"\0\0" and beginning[2] in TYPES


def read_idx_file(path: Path) -> np.ndarray:
    """Array of one IDX file, gzipped or not (told by its content, not by its name)."""
    return parse_idx_file(require_file(path).read_bytes(), f"'{path}'")


def parse_idx_file(content: bytes, source: str) -> np.ndarray:
    """Array of an IDX file's content, gzipped or not.

    Raises:
        ValueError: it is truncated, corrupt, or no IDX.
    """
    if content[:2] == GZIP:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                content = _unzipped(file, len(content), source)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{source} is truncated or corrupt ({error})") from None
    return parse_idx(content, source)


def _unzipped(file: gzip.GzipFile, size: int, source: str) -> bytes:
    """What the header says, and one byte more: a file may be made to unzip without end."""
    beginning = file.read(HEADER_BYTES)
    due = min(_header(beginning, source).size, GZIP_RATIO * size)
    return beginning + file.read(max(0, due + 1 - len(beginning)))


def sets_in(folder: Path) -> dict[str, Files]:
    """The IDX files of a folder by the name of their set, by part and whether they are images."""
    found: dict[str, dict[tuple[str, bool], list[Path]]] = {}
    for path in sorted(folder.iterdir()):
        place = _place(path)
        if place:
            files = found.setdefault(place.set_name, {})
            files.setdefault(place[1:], []).append(path)
    return {
        name: {key: _best(paths) for key, paths in files.items()} for name, files in found.items()
    }


def _place(path: Path) -> Place | None:
    name = path.name.lower()
    if path.suffix == ".part":
        return None  # a download that is not finished
    is_plain = path.suffix.lower() in ("", ".gz") and "." not in path.stem and not path.is_dir()
    return place_of(name) if "idx" in name or is_plain else None


def _best(paths: list[Path]) -> Path:
    """Of several spellings one that can be read, rather than gzipped."""
    return min(paths, key=lambda path: (not path.is_file(), path.suffix == ".gz"))


def read_idx_set(folder: Path, set_name: str, files: Files) -> Raw:
    """A set of IDX files.

    Raises:
        ValueError: a file that is missing, truncated, corrupt, or of a wrong shape.
        MemoryError: it does not fit.
    """
    if alone := unpaired(files):
        part, is_images = alone
        what, missing = "labels" if is_images else "images", _expected_name(part, not is_images)
        name = files[alone].name
        raise ValueError(f"'{folder}' has {name}, but no {what} to it such as {missing}")
    if ("train", True) not in files:
        raise ValueError(f"'{folder}' has no training images, such as {IDX_NAMES[0]}")
    require_memory((_size(path) for path in files.values()), folder)
    parts, notes = {}, []
    for part in dict.fromkeys(part for part, _ in files):
        images, labels = read_idx_file(files[part, True]), read_idx_file(files[part, False])
        if labels.dtype == ">i4" and labels.ndim == 2 and labels.shape[1] == QMNIST_COLUMNS:
            labels = labels[:, 0]
            notes.append(f"{files[part, False].name}: the class is its first column of 8 (QMNIST)")
        names = f"{files[part, True].name} and {files[part, False].name} in '{folder}'"
        parts[part] = Part(images, labels, names)
    return Raw(set_name, parts, _mapping(folder, set_name), tuple(notes))


def _expected_name(part: str, is_images: bool) -> str:
    first = {"train": "train", "test": "t10k", "val": "val"}[part]
    return f"{first}-{'images-idx3' if is_images else 'labels-idx1'}-ubyte"


def _size(path: Path) -> int:
    """Bytes of a file's array; of a gzipped one as its header says, if it can hold as many."""
    size = require_file(path).stat().st_size
    with path.open("rb") as raw:
        if raw.read(2) != GZIP:
            return size
    try:
        with gzip.open(path) as file:
            return min(_header(file.read(HEADER_BYTES), str(path)).size, GZIP_RATIO * size)
    except (ValueError, OSError, EOFError, zlib.error):
        return size  # whoever reads it says what is wrong


def _mapping(folder: Path, set_name: str) -> Mapping[int, str]:
    """Names of the classes where EMNIST's file is there: a label and the codes of its letters."""
    path = folder / f"{set_name}-mapping.txt"
    if not path.is_file():
        return {}
    try:
        return parse_mapping(path.read_text("ascii"))
    except (ValueError, OverflowError):
        raise ValueError(f"'{path}' is no mapping of labels to the codes of letters") from None


def parse_mapping(text: str) -> Mapping[int, str]:
    """The character of each label, of EMNIST's lines ``1 65 97``: a label, and codes of it."""
    rows = [list(map(int, line.split())) for line in text.splitlines()]
    return {label: chr(code) for label, code, *_ in filter(None, rows)}
