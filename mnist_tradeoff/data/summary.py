"""A set at a glance: what there is of each class, copies, and what usually goes wrong with sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.system.plain import plural

PAIRS = (("val", "train"), ("test", "train"), ("test", "val"))
SHOWN = 8
# Of 255: pixels of 0 and 1, or of 0 to 16, were stored before they were scaled.
LEAST_HIGHEST = 64
LIGHT = 160


@dataclass(frozen=True)
class Summary:
    """What a set consists of; an image's content tells copies, whatever their labels.

    counts: images of each class (classes,), by part: train, val and test.
    lowest, highest: values of pixels.
    copies: images that an earlier one of the same part is equal to, by part.
    shared: images of a part that are also in another one, by the two.
    two_labels: images that are in the set with another label, too.
    constant: images whose pixels all have one value, by part.
    warnings: what may be wrong, a line each.
    """

    counts: Mapping[str, np.ndarray]
    lowest: int
    highest: int
    copies: Mapping[str, int]
    shared: Mapping[tuple[str, str], int]
    two_labels: int
    constant: Mapping[str, int]
    warnings: tuple[str, ...]


def parts_of(dataset: Dataset) -> dict[str, Split]:
    """The parts by their names."""
    return {"train": dataset.train, "val": dataset.val, "test": dataset.test}


def summarized(dataset: Dataset) -> Summary:
    """Count and compare all images of a set."""
    parts = parts_of(dataset)
    contents = {part: _contents(one.images) for part, one in parts.items()}
    counts = {
        part: np.bincount(one.labels, minlength=dataset.task.classes) for part, one in parts.items()
    }
    shared = {(a, b): int(np.isin(contents[a], contents[b]).sum()) for a, b in PAIRS}
    constant = {part: _constant(one.images) for part, one in parts.items()}
    two_labels = _two_labels(contents, parts)
    lowest = min(int(one.images.min()) for one in parts.values())
    highest = max(int(one.images.max()) for one in parts.values())
    warnings = [
        *_of_labels(dataset, counts),
        *_of_pixels(dataset, constant, highest),
        *_of_copies(shared, two_labels),
    ]
    copies = {part: len(one) - len(np.unique(one)) for part, one in contents.items()}
    return Summary(counts, lowest, highest, copies, shared, two_labels, constant, tuple(warnings))


def _contents(images: np.ndarray) -> np.ndarray:
    """64 bits of every image's content (n,), the same for the same content in this process."""
    return np.array([hash(image.tobytes()) for image in images], np.int64)


def _constant(images: np.ndarray) -> int:
    rows = images.reshape(len(images), -1)
    return int((rows.min(axis=1) == rows.max(axis=1)).sum())


def _two_labels(contents: Mapping[str, np.ndarray], parts: Mapping[str, Split]) -> int:
    every = np.concatenate(list(contents.values()))
    labels = np.concatenate([parts[part].labels for part in contents])
    pairs = np.unique(np.stack([every, labels.astype(np.int64)]), axis=1)
    of_two, times = np.unique(pairs[0], return_counts=True)
    return int(np.isin(every, of_two[times > 1]).sum())


def _of_labels(dataset: Dataset, counts: Mapping[str, np.ndarray]) -> list[str]:
    found = []
    classes = dataset.task.classes
    if dataset.class_names == tuple(map(str, range(1, classes + 1))):
        found.append(f"labels begin with 1: they are taken as the classes 0 to {classes - 1}")
    for part, count in counts.items():
        if missing := [dataset.names[i] for i in np.flatnonzero(count == 0)]:
            what = "class" if len(missing) == 1 else f"{len(missing):,} classes"
            found.append(f"{part} has no image of {what} {_some(missing)}")
    return found


def _some(names: Sequence[str]) -> str:
    return ", ".join([*names[:SHOWN], *(["…"] if len(names) > SHOWN else [])])


def _of_pixels(dataset: Dataset, constant: Mapping[str, int], highest: int) -> list[str]:
    found = [
        f"{plural(count, 'image')} of {part} all of one value"
        for part, count in constant.items()
        if count
    ]
    if highest < LEAST_HIGHEST:
        found.append(
            f"values reach {highest} of 255: perhaps they were stored before they were scaled"
        )
    if _is_dark_on_light(dataset.train.images):
        found.append(
            "it looks inverted, dark on a light ground: all the same to a training of its own, but "
            "a model of MNIST expects light on dark"
        )
    return found


def _is_dark_on_light(images: np.ndarray) -> bool:
    """Whether grey images are light at their edges and darker inside."""
    if images.ndim != 3:
        return False
    edges = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    edge = float(np.median(np.concatenate([one.ravel() for one in edges])))
    return edge >= LIGHT and edge > float(images.mean())


def _of_copies(shared: Mapping[tuple[str, str], int], two_labels: int) -> list[str]:
    found = [
        f"{plural(count, 'image')} of {one} also in {other}"
        for (one, other), count in shared.items()
        if count
    ]
    if two_labels:
        found.append(f"{plural(two_labels, 'image')} there with another label, too")
    return found
