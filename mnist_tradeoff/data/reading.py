"""Which format a path has, told by what lies there; every format is a room of ``formats/``.

Files are only ever read: nothing is unpickled, written, moved or deleted here.
"""

import re
from dataclasses import replace
from pathlib import Path

from mnist_tradeoff.data.formats import csv, idx, image_folder, npz, parquet
from mnist_tradeoff.data.formats.raw import (
    GZIP,
    PART_WORD,
    SHOWN,
    Raw,
    contents,
    place_of,
    require_file,
)

FORMATS = "IDX files, an npz, CSV tables, folders of image files by class, or Parquet files"
# What torchvision and Hugging Face call the folder in which the files are.
PLAIN_NAMES = ("raw", "data", "default")
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".7z", ".rar")


def read_raw(path: Path, resize: int = 0) -> Raw:
    """A set as its files have it.

    Args:
        path: of a folder, or of one file.
        resize: side to which images in files of their own are scaled; 0: none.

    Raises:
        ValueError: nothing that is read, or a file that is not what it should be; the message
            names it.
        OSError: a file that cannot be read.
        MemoryError: it does not fit.
    """
    raw = _read_folder(path, resize) if path.is_dir() else _read_file(path, resize)
    return replace(raw, name=raw.name or name_of(path))


def name_of(path: Path) -> str:
    """What a set is called: by its file or folder; ``train.csv`` and ``raw`` by that above."""
    whole = path.resolve()
    if whole.is_file() and PART_WORD.match(whole.name.lower()):
        whole = whole.parent  # train.csv
    if whole.is_file():
        return re.sub(r"(\.csv)?(\.gz)?$", "", whole.name if ".csv" in whole.name else whole.stem)
    return whole.parent.name if whole.name in PLAIN_NAMES else whole.name


def _read_file(path: Path, resize: int) -> Raw:
    beginning = _beginning(require_file(path))
    place = place_of(path.name)
    if path.suffix.lower() == ".npy" or (path.suffix.lower() == ".npz" and _is_one_array(path)):
        files = npz.array_files(path.parent)
        if place and place.set_name in files:
            return _array_set(path.parent, place.set_name, files)
    if _is_archive(path):
        raise ValueError(f"'{path}' is an archive: unpack it, and name the folder with its files")
    if path.suffix.lower() == ".npz" or beginning[:2] == b"PK":
        return npz.read_npz_set(path)
    if beginning[:4] == parquet.MAGIC:
        return parquet.read_parquet_set([path], path, resize)
    if csv.is_csv_name(path.name):
        return csv.read_csv_set([path], path.parent)
    if place and (idx.is_idx(beginning) or beginning[:2] == GZIP):
        return _idx_set(path.parent, place.set_name, idx.sets_in(path.parent))
    raise ValueError(f"'{path}' is no set of images: a set is {FORMATS}")


def _is_one_array(path: Path) -> bool:
    """Whether a name is that of one array, as of ``kmnist-train-imgs.npz``, in such a folder."""
    place = place_of(path.stem)
    return place is not None and len(npz.array_files(path.parent).get(place.set_name, {})) > 1


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _read_folder(folder: Path, resize: int) -> Raw:
    if sets := idx.sets_in(folder):
        return _idx_set(folder, _only(sets, folder), sets)
    if files := npz.array_files(folder):
        return _array_set(folder, _only(files, folder), files)
    # Before tables: beside image files, a CSV is a list of them, or a form to be sent in.
    if image_folder.is_image_folder(folder):
        return image_folder.read_image_folder(folder, resize)
    if tables := csv.tables_in(folder):
        return csv.read_csv_set(tables, folder)
    if tables := parquet.tables_in(folder):
        return parquet.read_parquet_set(tables, folder, resize)
    if len(whole := sorted(folder.glob("*.npz"))) == 1:
        return npz.read_npz_set(whole[0])
    if below := _folder_below(folder):
        return read_raw(below, resize)
    packed = next((f"; unpack {one.name}" for one in folder.iterdir() if _is_archive(one)), "")
    raise ValueError(
        f"'{folder}' has no set of images: {contents(folder)}{packed}; a set is {FORMATS}"
    )


def _is_archive(path: Path) -> bool:
    return path.name.lower().endswith(ARCHIVES)


def _only(sets: dict, folder: Path) -> str:
    if len(sets) > 1:
        examples = [next(iter(files.values())) for files in sets.values()]
        raise ValueError(
            f"'{folder}' holds {len(sets)} sets, {', '.join(one.name for one in examples)}: name a "
            f"file of the one to use, such as dataset={examples[0]}"
        )
    return next(iter(sets))


def _idx_set(folder: Path, set_name: str, sets: dict[str, idx.Files]) -> Raw:
    raw = idx.read_idx_set(folder, set_name, sets[set_name])
    return replace(raw, name=raw.name or name_of(folder))


def _array_set(folder: Path, set_name: str, sets: dict) -> Raw:
    raw = npz.read_array_files(folder, set_name, sets[set_name])
    return replace(raw, name=raw.name or name_of(folder))


def _folder_below(folder: Path) -> Path | None:
    """The one folder with a set's files, one or two levels below, as publishers nest them:
    ``MNIST/raw`` (torchvision), ``SET/train-….parquet`` (Hugging Face), an archive's own folder.
    """
    for depth in ("*", "*/*"):
        found = sorted(one for one in folder.glob(depth) if one.is_dir() and _has_set(one))
        if len(found) > 1:
            names = ", ".join(str(one.relative_to(folder)) for one in found[:SHOWN])
            raise ValueError(f"'{folder}' holds {len(found)} sets, {names}: dataset={found[0]}")
        if found:
            return found[0]
    return None


def _has_set(folder: Path) -> bool:
    """Whether files of a set lie in the folder itself."""
    kinds = (idx.sets_in, npz.array_files, csv.tables_in, parquet.tables_in)
    return any(kind(folder) for kind in kinds) or len([*folder.glob("*.npz")]) == 1
