"""A set as its files have it: what every format is read into, and how files are named."""

import gzip
import re
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist_tradeoff.system.host import available_memory

# The first bytes of a gzipped file.
GZIP = b"\x1f\x8b"
# Besides the array itself: its split, and TensorFlow's copy.
COPIES = 3
SHOWN = 6
BLOCK_BYTES = 1 << 20
# Letters of a list of names in a message.
MAX_SHOWN = 120

_PART = r"(?P<part>train(?:ing)?|t10k|test(?:ing)?|val(?:id(?:ation)?)?)"
_WHAT = r"(?P<what>images?|imgs?|labels?|targets?|x|y)"
_NAMES = [
    re.compile(rf"(?P<set>.*?)[-_. ]*{_PART}[-_. ]*{_WHAT}(?![a-z])"),
    re.compile(rf"(?P<set>.*?)(?<![a-z]){_WHAT}[-_. ]*{_PART}(?![a-z])"),
]


class Part(NamedTuple):
    """Images and labels of one part as they were stored, in any type, and where."""

    images: np.ndarray
    labels: np.ndarray
    source: str


@dataclass(frozen=True)
class Raw:
    """A set as its files have it.

    name: of the set.
    parts: by ``train``, ``val`` and ``test``; there is always a train part.
    class_names: by label, where the source has names.
    notes: what the user should know of how it was read.
    """

    name: str
    parts: Mapping[str, Part]
    class_names: Mapping[int, str]
    notes: tuple[str, ...] = ()


class Place(NamedTuple):
    """What a file or an array holds, told by its name: ``emnist-letters``, train, images."""

    set_name: str
    part: str
    is_images: bool


def place_of(name: str) -> Place | None:
    """What a name such as ``x_train``, ``t10k-labels-idx1-ubyte`` or ``kmnist-test-imgs`` says."""
    for pattern in _NAMES:
        if found := pattern.match(name.lower()):
            is_images = found["what"][0] in "ix"
            return Place(found["set"].strip("-_. "), part_of(found["part"]), is_images)
    return None


def part_of(word: str) -> str:
    """``train``, ``val`` or ``test`` for each of the words in use."""
    return "train" if word.startswith("train") else "val" if word.startswith("val") else "test"


PART_WORD = re.compile(_PART)


def unpaired(found: Collection[tuple[str, bool]]) -> tuple[str, bool] | None:
    """The first part and kind (whether images) whose labels, or images, are missing."""
    return next(((part, kind) for part, kind in found if (part, not kind) not in found), None)


def contents(folder: Path) -> str:
    """What lies in a folder, for a message."""
    entries = sorted(folder.iterdir())
    shown = [f"{entry.name}/" if entry.is_dir() else entry.name for entry in entries[:SHOWN]]
    if not entries:
        return "it is empty"
    more = f", … ({len(entries):,} in all)" if len(entries) > SHOWN else ""
    return f"it holds {', '.join(shown)}{more}"


def require_file(path: Path) -> Path:
    """A path that is a file.

    Raises:
        ValueError: it is a folder, a link to nothing, or something else; the message says which.
    """
    if path.is_file():
        return path
    if path.is_dir():
        what = "is a folder, not a file"
    elif path.is_symlink():
        what = f"is a link to '{path.readlink()}', which is not there"
    else:
        what = "is no file"
    raise ValueError(f"'{path}' {what}")


def require_memory(sizes: Iterable[int], source: Path) -> None:
    """Refuse a set that does not fit, before it is read.

    Args:
        sizes: bytes of its arrays.

    Raises:
        MemoryError: it does not.
    """
    needed, available = COPIES * sum(sizes), available_memory()
    if needed > available:
        raise MemoryError(
            f"'{source}' needs about {_memory(needed)} of memory, and {_memory(available)} are "
            "free: make it smaller, with fewer images or a smaller size"
        )


def _memory(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


def unzipped_size(path: Path) -> int:
    """Bytes in a gzipped file, counted: the size at its end is modulo 4 GB, and chance where cut.

    Raises:
        ValueError: it is truncated or corrupt.
    """
    try:
        with gzip.open(path) as file:
            return sum(len(block) for block in iter(lambda: file.read(BLOCK_BYTES), b""))
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"'{path}' is truncated or corrupt ({error})") from None
