"""A set as its files have it, made the one kind that is trained on: uint8 images, labels 0, 1, 2, …

What loses nothing gives the very same arrays: another type or order of bytes, a channel axis, flat
images, one-hot labels. What does lose something, or cannot be meant, is said or refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.architecture.task import Shape, Task
from mnist_tradeoff.data.dataset import Split
from mnist_tradeoff.data.formats.pictures import scaled
from mnist_tradeoff.data.formats.raw import Raw
from mnist_tradeoff.system.plain import plural, shortened, visible

MIN_SIDE, MAX_SIDE = 8, 256
MIN_CLASSES, MAX_CLASSES = 2, 1_000
MAX_NAME = 200
UINT8_CLASSES = 256
CHANNELS = (1, 3)
SHOWN = 8


@dataclass(frozen=True)
class Canonical:
    """A set whose parts may still have to be split: uint8 images and labels from 0 on.

    parts: by ``train``, and where the source has them ``val`` and ``test``.
    class_names: of all classes, without control marks; empty where they are 0, 1, 2, …
    """

    task: Task
    parts: Mapping[str, Split]
    class_names: tuple[str, ...]
    notes: tuple[str, ...]


def canonical(raw: Raw, orientation: str = "stored", resize: int = 0) -> Canonical:
    """Images and labels of a set in the one form that the rest works with.

    Args:
        orientation: ``transposed`` exchanges rows and columns.
        resize: side to which every image is scaled; 0: none.

    Raises:
        ValueError: shapes, values or labels that no set has; the message names the array.
    """
    notes = list(raw.notes)
    images = _images(raw, notes)
    if orientation == "transposed":
        images = {part: one.swapaxes(1, 2) for part, one in images.items()}
    if resize and any(one.shape[1:3] != (resize, resize) for one in images.values()):
        notes.append(f"images scaled to {resize}×{resize}")
        images = {part: scaled(one, resize) for part, one in images.items()}
    shape = _common_shape(images, raw)
    labels, names = _labels(raw, notes)
    for part, one in raw.parts.items():
        if len(images[part]) != len(labels[part]):
            raise ValueError(
                f"{one.source}: {plural(len(images[part]), 'image')} but "
                f"{plural(len(labels[part]), 'label')}"
            )
    task = Task(shape, len(names))
    if orientation == "stored" and _is_like_emnist(raw):
        notes.append(
            "it looks like EMNIST, whose images are stored transposed: see them with doctor, and "
            "use orientation=transposed if so"
        )
    parts = {p: Split(np.ascontiguousarray(images[p]), labels[p]) for p in raw.parts}
    numbered = tuple(map(str, range(len(names))))
    return Canonical(task, parts, () if names == numbered else names, tuple(notes))


def _is_like_emnist(raw: Raw) -> bool:
    labels = raw.parts["train"].labels
    is_letters = labels.dtype.kind in "iu" and labels.size and labels.min() == 1
    return "emnist" in raw.name.lower() or bool(is_letters and labels.max() in (26, 27, 37))


def _images(raw: Raw, notes: list[str]) -> dict[str, np.ndarray]:
    shaped = {part: _shaped(one.images, one.source) for part, one in raw.parts.items()}
    ranges = {part: _range(one, raw.parts[part].source) for part, one in shaped.items()}
    low, high = min(low for low, _ in ranges.values()), max(high for _, high in ranges.values())
    scale = 1
    kinds = {one.dtype.kind for one in shaped.values()}
    if kinds == {"b"} or (kinds <= set("fb") and low >= 0 and high <= 1):
        scale = 255
        notes.append("values 0 to 1 taken as 0 to 255")
    elif high > 1 and (odd := [part for part in shaped if _is_scaled(shaped[part], ranges[part])]):
        raise ValueError(
            f"{raw.parts[odd[0]].source} has values from 0 to 1, another part up to {high:g}: give "
            "all parts the same scale"
        )
    elif low < 0 or high > 255:
        raise ValueError(
            f"{raw.parts['train'].source} has values from {low:g} to {high:g}: 0 to 255 are due, "
            "or 0 to 1 as floats; scale them before you store them"
        )
    return {part: _bytes(one, scale, raw.parts[part].source, notes) for part, one in shaped.items()}


def _is_scaled(images: np.ndarray, found: tuple[float, float]) -> bool:
    """Whether values are fractions from 0 to 1; ``found`` are the least and the largest."""
    low, high = found
    return images.dtype.kind == "f" and 0 <= low <= high <= 1 and bool((images % 1).any())


def _range(images: np.ndarray, source: str) -> tuple[float, float]:
    if images.dtype.kind not in "uifb":
        raise ValueError(f"images of {source} must be numbers, not {images.dtype}")
    low, high = images.min(), images.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"images of {source} have missing or infinite values")
    return float(low), float(high)


def _bytes(images: np.ndarray, scale: int, source: str, notes: list[str]) -> np.ndarray:
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind != "f":
        return (images.astype(np.uint8) * np.uint8(scale)).astype(np.uint8, copy=False)
    found = np.empty(images.shape, np.uint8)
    is_whole = True
    for first in range(0, len(images), 1_000):  # a float copy of all of them may not fit
        some = images[first : first + 1_000] * images.dtype.type(scale)
        rounded = np.rint(some)
        is_whole = is_whole and bool((np.abs(rounded - some) < 1e-2).all())
        found[first : first + 1_000] = rounded
    if not is_whole:
        notes.append(f"images of {source} rounded to whole numbers from 0 to 255")
    return found


def _shaped(images: np.ndarray, source: str) -> np.ndarray:
    """Images (n, height, width) or (n, height, width, 3)."""
    if not len(images.shape) or not len(images):
        raise ValueError(f"{source} has no images: its shape is {images.shape}")
    if images.ndim == 2:
        return _unflattened(images, source)
    if images.ndim == 4 and images.shape[3] not in CHANNELS and images.shape[1] in CHANNELS:
        images = np.moveaxis(images, 1, 3)  # PyTorch's order
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3):
        return images
    raise ValueError(
        f"images of {source} must have the shape (n, height, width), (n, height, width, 3) or "
        f"(n, pixels), not {images.shape}"
    )


def _unflattened(images: np.ndarray, source: str) -> np.ndarray:
    pixels = images.shape[1]
    side = round(pixels**0.5)
    if side * side == pixels:
        return images.reshape(-1, side, side)
    coloured = round((pixels / 3) ** 0.5)
    if 3 * coloured * coloured == pixels:
        raise ValueError(
            f"images of {source} are flat, {pixels:,} numbers each: whether {coloured}×{coloured} "
            f"in colours comes by pixel or by channel is not known; store them as (n, {coloured}, "
            f"{coloured}, 3)"
        )
    raise ValueError(f"images of {source} are flat, and {pixels:,} pixels are no square image")


def _common_shape(images: Mapping[str, np.ndarray], raw: Raw) -> Shape:
    shapes = {part: one.shape[1:] for part, one in images.items()}
    for part, shape in shapes.items():
        if shape != shapes["train"]:
            raise ValueError(
                f"images of {raw.parts[part].source} are {_text(shape)}, those of "
                f"{raw.parts['train'].source} {_text(shapes['train'])}"
            )
    height, width, *channels = shapes["train"]
    if min(height, width) < MIN_SIDE or max(height, width) > MAX_SIDE:
        raise ValueError(
            f"images of {raw.parts['train'].source} are {height}×{width}: {MIN_SIDE} to {MAX_SIDE} "
            "pixels a side are trained on; resize=SIDE scales them"
        )
    return Shape(height, width, *(channels or [1]))


def _text(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _labels(raw: Raw, notes: list[str]) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Labels from 0 on by part, and the name of each class."""
    plain = {part: _plain_labels(one.labels, one.source) for part, one in raw.parts.items()}
    if len({one.dtype.kind for one in plain.values()}) > 1:
        plain = {part: one.astype(str) for part, one in plain.items()}
    _require_common(plain, raw)
    found = np.unique(np.concatenate(list(plain.values())))
    if found.dtype.kind == "U" and all(text.isdecimal() for text in found):
        found = np.array(sorted(found, key=int))  # folders 0 to 10
    names, shown = _names(found, raw), _shown(found)
    if not MIN_CLASSES <= len(found) <= MAX_CLASSES:
        raise ValueError(
            f"labels of {raw.parts['train'].source} have {len(found):,} "
            f"{'class' if len(found) == 1 else 'classes'}, {shown}: {MIN_CLASSES} to "
            f"{MAX_CLASSES:,} are due"
        )
    order = np.argsort(found)
    kind = np.uint8 if len(found) <= UINT8_CLASSES else np.uint16
    labels = {
        part: order[np.searchsorted(found, one, sorter=order)].astype(kind)
        for part, one in plain.items()
    }
    is_plain = found.dtype.kind != "U" and np.array_equal(found, np.arange(len(found)))
    if not is_plain:
        notes.append(f"labels {shown} are the classes 0 to {len(found) - 1}")
    return labels, names


def _require_common(labels: Mapping[str, np.ndarray], raw: Raw) -> None:
    for part, one in labels.items():
        if not np.isin(one, labels["train"]).any():
            raise ValueError(
                f"labels of {raw.parts[part].source}, {_shown(np.unique(one))}, have none in "
                f"common with those of {raw.parts['train'].source}, "
                f"{_shown(np.unique(labels['train']))}"
            )


def _names(found: np.ndarray, raw: Raw) -> tuple[str, ...]:
    """A name for every class: the source's, or its label."""
    names = [visible(raw.class_names.get(label, str(label))) for label in found.tolist()]
    longest = max(names, key=len)
    if len(longest) > MAX_NAME:
        raise ValueError(
            f"a class of {raw.parts['train'].source} has a name of {len(longest):,} characters, "
            f"'{shortened(longest, 40)}': at most {MAX_NAME} are due"
        )
    return tuple(names)


def _shown(found: np.ndarray) -> str:
    shown = ", ".join(visible(str(label)) for label in found[:SHOWN])
    return shown if len(found) <= SHOWN else f"{shown}, … {visible(str(found[-1]))}"


def _plain_labels(labels: np.ndarray, source: str) -> np.ndarray:
    """Whole numbers or text (n,)."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and _is_one_hot(labels):
        labels = labels.argmax(axis=1)
    if labels.ndim != 1:
        raise ValueError(
            f"labels of {source} must have the shape (n,), (n, 1) or, one-hot, (n, classes), "
            f"not {labels.shape}"
        )
    if labels.dtype.kind == "f":
        if not (np.isfinite(labels).all() and (labels == np.rint(labels)).all()):
            raise ValueError(
                f"labels of {source} must be whole numbers or text, not {labels.dtype} with "
                "fractions or missing values"
            )
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "latin-1")
    if labels.dtype.kind not in "uibU":
        raise ValueError(f"labels of {source} must be whole numbers or text, not {labels.dtype}")
    if labels.dtype.kind == "U" and (labels == "").any():
        raise ValueError(f"labels of {source}: {int((labels == '').sum()):,} are empty")
    return labels.astype(np.int64) if labels.dtype.kind in "uib" else labels


def _is_one_hot(labels: np.ndarray) -> bool:
    if labels.dtype.kind not in "uifb" or labels.shape[1] < MIN_CLASSES:
        return False
    return bool(((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all())
