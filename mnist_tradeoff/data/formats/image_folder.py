"""Sets of image files in a folder a class: ``train/CLASS/x.png``, or only ``CLASS/x.png``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mnist_tradeoff.data.formats.pictures import SUFFIXES, decode_parts
from mnist_tradeoff.data.formats.raw import PART_WORD, SHOWN, Raw, part_of
from mnist_tradeoff.system.plain import visible


def is_image_folder(folder: Path) -> bool:
    """Whether there are image files in folders below it."""
    return any(_files(one) for part in _parts(folder).values() for one in _classes(part))


def read_image_folder(folder: Path, resize: int) -> Raw:
    """A set of image files, whose classes are named by their folders.

    Args:
        resize: side to which each is scaled; 0: none.

    Raises:
        ValueError: a file that is no image, or images of several sizes; the message names them.
        MemoryError: they do not fit.
    """
    found, notes = {}, []
    for part, place in _parts(folder).items():
        classes = {one: _files(one) for one in _classes(place)}
        found[part] = [
            (file, str(file), one.name) for one, files in classes.items() for file in files
        ]
        notes += _left_out(place, classes)
    found = {part: files for part, files in found.items() if files}
    if "train" not in found:
        raise ValueError(f"'{folder}' has no training images: name their folder train")
    return Raw("", decode_parts(found, resize, folder), {}, tuple(notes))


def _left_out(place: Path, classes: Mapping[Path, Sequence[Path]]) -> list[str]:
    """What the folder of a part has besides image files, as lines."""
    notes = []
    others = [entry for one, files in classes.items() for entry in set(_visible(one)) - {*files}]
    if others:
        example = visible(str(min(others).relative_to(place)))
        notes.append(f"'{place}': {len(others):,} left out, no image files, such as {example}")
    if empty := [visible(one.name) for one, files in classes.items() if not files]:
        notes.append(f"'{place}': no image in {', '.join(empty[:SHOWN])}: no class of the set")
    return notes


def _parts(folder: Path) -> dict[str, Path]:
    """The folders of the parts; where none is named as a part, the folder itself is train."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        named = PART_WORD.fullmatch(path.name.lower())
        if named and path.is_dir():
            found.setdefault(part_of(named["part"]), path)
    return found or {"train": folder}


def _classes(part: Path) -> list[Path]:
    return [path for path in _visible(part) if path.is_dir()]


def _files(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.suffix.lower() in SUFFIXES and path.is_file()]


def _visible(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "__"))]
