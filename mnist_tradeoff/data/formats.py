"""Reads and verifies image sets in MNIST's two file formats, IDX and Keras's npz.

Files are only ever read: nothing is unpickled, written, moved or deleted here.
"""

import gzip
import hashlib
import struct
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist_tradeoff.architecture.task import MNIST


class Arrays(NamedTuple):
    """The four arrays of a set: uint8 images (n, height, width), uint8 labels (n,) from 0 on."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


IDX_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")

# md5 of the uncompressed IDX content of MNIST.
MNIST_MD5 = (
    "6bbc9ace898e44ae57da46a324031adb",
    "a25bea736e30d166cdddb491f175f624",
    "2646ac647ad5339dbf082846283269ea",
    "27ae3e4e09519cfbb04c329615203637",
)


def read_arrays(path: Path) -> Arrays:
    """Arrays of a folder of four IDX files (gzipped or not) or of an ``.npz`` with Keras's keys.

    Raises:
        ValueError: a file that is missing, truncated, corrupt, pickled, or of a wrong shape, type
            or length; the message names it.
        OSError: a file that cannot be read.
    """
    arrays = _read_npz(path) if path.is_file() else _read_folder(path)
    names = NPZ_KEYS if path.is_file() else IDX_NAMES
    for i in (0, 2):
        _check_pair(arrays[i], arrays[i + 1], names[i], names[i + 1], path)
    return Arrays(*(array.astype(np.uint8, copy=False) for array in arrays))


def content_md5(arrays: Arrays) -> tuple[str, ...]:
    """md5 of each array's uncompressed IDX content, whatever file it came from."""
    return tuple(hashlib.md5(idx_bytes(array)).hexdigest() for array in arrays)


def idx_bytes(array: np.ndarray) -> bytes:
    """A uint8 array in the IDX format (LeCun, "The MNIST database", section on file formats)."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 0x08, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()


def parse_idx(content: bytes, source: str) -> np.ndarray:
    """Array of uncompressed IDX content.

    Raises:
        ValueError: no IDX header, another type than unsigned bytes, or a wrong length.
    """
    if len(content) < 4 or content[:2] != b"\0\0":
        raise ValueError(f"{source} is no IDX file")
    _, kind, dimensions = struct.unpack(">HBB", content[:4])
    if kind != 0x08:
        raise ValueError(
            f"{source} holds IDX type 0x{kind:02x}; only unsigned bytes (0x08) are read"
        )
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise ValueError(f"{source} is truncated in its header")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    expected = start + int(np.prod(shape, dtype=object))
    if len(content) != expected:
        found = "truncated" if len(content) < expected else "too long"
        raise ValueError(f"{source} is {found}: {len(content):,} bytes where {expected:,} are due")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_idx_file(path: Path) -> np.ndarray:
    """Array of one IDX file, gzipped or not (told by its content, not by its name)."""
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"'{path}' is truncated or corrupt ({error})") from None
    return parse_idx(content, f"'{path}'")


def _read_folder(folder: Path) -> Arrays:
    return Arrays(*(read_idx_file(_find(folder, name)) for name in IDX_NAMES))


def _find(folder: Path, name: str) -> Path:
    # Some copies of MNIST write a dot before "idx".
    spellings = (name, name.replace("-idx", ".idx"))
    candidates = [folder / f"{spelling}{end}" for spelling in spellings for end in ("", ".gz")]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ValueError(f"'{folder}' has no {name} (nor {name}.gz)")


def _read_npz(path: Path) -> Arrays:
    if not zipfile.is_zipfile(path):
        raise ValueError(f"'{path}' is no readable npz: it is truncated, or another kind of file")
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            members = [file[key] for key in NPZ_KEYS]
            if not all(isinstance(member, np.ndarray) for member in members):
                raise ValueError("a member is no array")
            return Arrays(*members)
    except KeyError as error:
        raise ValueError(f"'{path}' lacks an array: {error.args[0]}") from None
    except Exception as error:  # untrusted bytes: NumPy and zipfile raise a dozen kinds
        raise ValueError(f"'{path}' is no readable npz: {_npz_problem(error)}") from None


def _npz_problem(error: Exception) -> str:
    if "pickle" in str(error):
        return "it holds pickled objects, which are never loaded"
    return "it is truncated or corrupt"


def _check_pair(
    images: np.ndarray, labels: np.ndarray, image_name: str, label_name: str, path: Path
) -> None:
    _check_images(images, f"{image_name} in '{path}'")
    _check_labels(labels, f"{label_name} in '{path}'")
    if len(images) != len(labels):
        raise ValueError(f"'{path}' has {len(images)} {image_name} but {len(labels)} {label_name}")


def _check_images(images: np.ndarray, source: str) -> None:
    if images.dtype != np.uint8:
        raise ValueError(f"{source} must be uint8, not {images.dtype}")
    if images.shape[1:] != MNIST.image_shape or not len(images):
        sides = ", ".join(map(str, MNIST.image_shape))
        raise ValueError(f"{source} must have the shape (n, {sides}), not {images.shape}")


def _check_labels(labels: np.ndarray, source: str) -> None:
    if labels.dtype.kind not in "ui":
        raise ValueError(f"{source} must be whole numbers, not {labels.dtype}")
    if labels.ndim != 1:
        raise ValueError(f"{source} must have the shape (n,), not {labels.shape}")
    if labels.size and not (labels.min() >= 0 and labels.max() < MNIST.classes):
        last = MNIST.classes - 1
        raise ValueError(f"{source} must be 0 to {last}, not {labels.min()} to {labels.max()}")
