"""Sets of image files in a folder a class: ``train/CLASS/x.png``, or only ``CLASS/x.png``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mnist_tradeoff.data.formats.pictures import SUFFIXES, decode_parts
from mnist_tradeoff.data.formats.raw import PART_WORD, SHOWN, Raw, part_of
from mnist_tradeoff.system.plain import visible

# Such as train, seg_train, training_set, test-images.
PART_FOLDER = re.compile(
    rf"(?:.*[-_. ])?{PART_WORD.pattern}(?:[-_. ]?(?:set|data|images?|imgs?))?", re.IGNORECASE
)
# Where image files of a class are: in its folder, or in folders within, as torchvision reads them.
DEPTHS = ("*", "*/*", "*/*/*")


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
    places = _parts(folder)
    found, notes = {}, _beside(_unwrapped(folder), places)
    for part, place in places.items():
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
    others = [entry for one, files in classes.items() for entry in set(_entries(one)) - {*files}]
    if others:
        example = visible(str(min(others).relative_to(place)))
        notes.append(f"'{place}': {len(others):,} left out, no image files, such as {example}")
    if empty := [visible(one.name) for one, files in classes.items() if not files]:
        notes.append(f"'{place}': no image in {', '.join(empty[:SHOWN])}: no class of the set")
    return notes


def _beside(folder: Path, places: Mapping[str, Path]) -> list[str]:
    """A line on the folders that lie beside those of the parts, where there are parts."""
    if places == {"train": folder}:
        return []
    others = [one.name for one in _classes(folder) if not _part_named(one)]
    names = ", ".join(map(visible, others[:SHOWN]))
    return [f"'{folder}': {names} left out, neither train, val nor test"] if others else []


def _parts(folder: Path) -> dict[str, Path]:
    """The folders of classes by part; where none is named as a part, all are train's."""
    inner = _unwrapped(folder)
    found: dict[str, Path] = {}
    for path in _classes(inner):
        part = _part_named(path)
        if part in found:
            raise ValueError(
                f"'{inner}' has two folders of one part, {found[part].relative_to(inner)} and "
                f"{path.name}: move the one that is not meant away"
            )
        if part:
            found[part] = _unwrapped(path, within_part=True)
    return found or {"train": inner}


def _part_named(folder: Path) -> str:
    """What part a folder of classes is by its name; empty: none. A class may be called train."""
    named = PART_FOLDER.fullmatch(folder.name)
    holds_classes = named and any(_files(one) for one in _classes(_unwrapped(folder, True)))
    return part_of(named["part"].lower()) if named and holds_classes else ""


def _unwrapped(folder: Path, within_part: bool = False) -> Path:
    """The folder itself, or the innermost of folders that hold one folder of folders each."""
    inner = _classes(folder)
    may_be_part = not within_part and any(PART_FOLDER.fullmatch(one.name) for one in inner)
    is_wrapper = len(inner) == 1 and not may_be_part and _classes(inner[0])
    return _unwrapped(inner[0], within_part) if is_wrapper else folder


def _classes(part: Path) -> list[Path]:
    return [path for path in sorted(part.iterdir()) if _is_visible(path) and path.is_dir()]


def _files(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.suffix.lower() in SUFFIXES and path.is_file()]


def _entries(folder: Path) -> Iterator[Path]:
    """What lies in the folder of a class and in the folders within, but folders."""
    for depth in DEPTHS:
        for path in sorted(folder.glob(depth)):
            if not path.is_dir() and all(map(_is_visible, _within(path, folder))):
                yield path


def _within(path: Path, folder: Path) -> list[Path]:
    return [path, *(one for one in path.parents if folder in one.parents)]


def _is_visible(path: Path) -> bool:
    return not path.name.startswith((".", "__"))
