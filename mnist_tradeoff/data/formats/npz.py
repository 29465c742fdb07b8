"""Sets in NumPy's files: npz with the keys of Keras, MedMNIST and others, or an array a file."""

import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from mnist_tradeoff.data.formats.raw import (
    MAX_SHOWN,
    Part,
    Raw,
    place_of,
    require_file,
    require_memory,
    unpaired,
)
from mnist_tradeoff.system.plain import shortened

NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")
# Of a set that is not split.
IMAGE_KEYS = ("x", "data", "images", "imgs", "pixels", "arr_0")
LABEL_KEYS = ("y", "target", "targets", "labels", "label", "classes", "arr_1")
SUFFIXES = (".npz", ".npy")


def read_npz_set(path: Path) -> Raw:
    """A set in one npz, whose arrays are told by their names.

    Raises:
        ValueError: it is truncated, corrupt, pickled, or lacks an array.
        MemoryError: it does not fit.
    """
    keys = _keys(path)
    found = {(place.part, place.is_images): key for key in keys if (place := place_of(key))}
    if not found:
        found = _undivided(keys)
    if alone := unpaired(found):
        part, is_images = alone
        other = f"{'y' if is_images else 'x'}_{part}"
        raise ValueError(f"'{path}' lacks an array: it has {found[alone]}, but no {other}")
    if ("train", True) not in found:
        have = shortened(", ".join(keys), MAX_SHOWN) or "none"
        raise ValueError(f"'{path}' lacks an array: x_train and y_train; it has {have}")
    arrays = _load(path, found.values())
    parts = {
        part: Part(arrays[image], arrays[label], f"{image} and {label} in '{path}'")
        for part in dict.fromkeys(part for part, _ in found)
        for image, label in [(found[part, True], found[part, False])]
    }
    return Raw(path.stem, parts, {})


def _undivided(keys: Collection[str]) -> dict[tuple[str, bool], str]:
    by_name = {key.lower(): key for key in keys}
    images = [by_name[key] for key in IMAGE_KEYS if key in by_name]
    labels = [by_name[key] for key in LABEL_KEYS if key in by_name]
    found = {("train", True): images, ("train", False): labels}
    return {key: names[0] for key, names in found.items() if names}


def _keys(path: Path) -> list[str]:
    if not zipfile.is_zipfile(require_file(path)):
        raise ValueError(f"'{path}' is no readable npz: it is truncated, or another kind of file")
    try:
        with zipfile.ZipFile(path) as file:
            return [info.filename.removesuffix(".npy") for info in file.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ValueError(f"'{path}' is no readable npz: {_problem(error)}") from None


def _load(path: Path, keys: Collection[str]) -> Mapping[str, np.ndarray]:
    with zipfile.ZipFile(path) as file:
        wanted = {f"{key}.npy" for key in keys} | set(keys)
        require_memory((one.file_size for one in file.infolist() if one.filename in wanted), path)
    try:
        with zipfile.ZipFile(path) as file:
            for one in file.infolist():
                if one.filename in wanted:
                    with file.open(one) as member:
                        _require_whole(member, one.file_size)
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            members = {key: file[key] for key in keys}
            if not all(isinstance(member, np.ndarray) for member in members.values()):
                raise ValueError("a member is no array")
            return members
    except Exception as error:  # untrusted bytes: NumPy and zipfile raise a dozen kinds
        raise ValueError(f"'{path}' is no readable npz: {_problem(error)}") from None


def _require_whole(file: IO[bytes], size: int) -> None:
    """Refuse an array whose header claims more than follows: NumPy would make room for it."""
    is_short = np.lib.format.read_magic(file) == (1, 0)
    read = np.lib.format.read_array_header_1_0 if is_short else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if (
        not dtype.hasobject
        and file.tell() + dtype.itemsize * int(np.prod(shape, dtype=object)) > size
    ):
        raise ValueError("an array is not whole")


def _problem(error: Exception) -> str:
    if "pickle" in str(error) or "Object arrays" in str(error):
        return "it holds pickled objects, which are never loaded"
    return "it is truncated or corrupt"


def array_files(folder: Path) -> dict[str, dict[tuple[str, bool], Path]]:
    """Files of one array each, such as ``kmnist-train-imgs.npz``, by the name of their set."""
    found: dict[str, dict[tuple[str, bool], Path]] = {}
    for path in sorted(folder.iterdir()):
        place = place_of(path.stem) if path.suffix.lower() in SUFFIXES else None
        if place:
            found.setdefault(place.set_name, {})[place.part, place.is_images] = path
    return found


def read_array_files(folder: Path, set_name: str, files: dict[tuple[str, bool], Path]) -> Raw:
    """A set whose arrays are in files of their own.

    Raises:
        ValueError: a file that is missing, or is no array.
        MemoryError: it does not fit.
    """
    if alone := unpaired(files):
        what = "labels" if alone[1] else "images"
        raise ValueError(f"'{folder}' has {files[alone].name}, but no {what} to it")
    if ("train", True) not in files:
        raise ValueError(f"'{folder}' has {', '.join(p.name for p in files.values())} only")
    parts = {
        part: Part(
            _one_array(files[part, True]),
            _one_array(files[part, False]),
            f"{files[part, True].name} and {files[part, False].name} in '{folder}'",
        )
        for part in dict.fromkeys(part for part, _ in files)
    }
    return Raw(set_name, parts, {})


def _one_array(path: Path) -> np.ndarray:
    if path.suffix.lower() == ".npz":
        keys = _keys(path)
        if len(keys) != 1:
            raise ValueError(f"'{path}' must have one array, not {', '.join(keys) or 'none'}")
        return _load(path, keys)[keys[0]]
    require_memory([require_file(path).stat().st_size], path)
    try:
        with path.open("rb") as raw:
            _require_whole(raw, path.stat().st_size)
            raw.seek(0)
            return np.lib.format.read_array(raw, allow_pickle=False)
    except Exception as error:  # untrusted bytes
        raise ValueError(f"'{path}' is no readable npy: {_problem(error)}") from None
