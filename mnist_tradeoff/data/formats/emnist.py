"""EMNIST's archive, as NIST publishes it: the IDX files of all its splits in one zip."""

import zipfile
from pathlib import Path

from mnist_tradeoff.data.formats.idx import parse_idx_file, parse_mapping
from mnist_tradeoff.data.formats.raw import Part, Raw, require_memory

IMAGES, LABELS = "images-idx3", "labels-idx1"


def read_emnist(archive: Path, split: str) -> Raw:
    """One split, which is read in memory: nothing is unpacked.

    Args:
        split: ``letters``, ``balanced``, ….

    Raises:
        MemoryError: it does not fit.
    """
    with zipfile.ZipFile(archive) as file:
        files = {
            (part, what): file.read(f"gzip/emnist-{split}-{part}-{what}-ubyte.gz")
            for part in ("train", "test")
            for what in (IMAGES, LABELS)
        }
        names = parse_mapping(file.read(f"gzip/emnist-{split}-mapping.txt").decode("ascii"))
    # The last four bytes of a gzipped file are the size of what is in it.
    require_memory((int.from_bytes(one[-4:], "little") for one in files.values()), archive)
    arrays = {key: parse_idx_file(one, f"{key} of '{archive}'") for key, one in files.items()}
    parts = {
        part: Part(arrays[part, IMAGES], arrays[part, LABELS], f"{part} of {split} in '{archive}'")
        for part in ("train", "test")
    }
    return Raw("", parts, names)
