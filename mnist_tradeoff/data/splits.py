"""Which images are for training, which for choices (validation) and which for the test."""

import hashlib
from collections.abc import Mapping

import numpy as np

from mnist_tradeoff.data.dataset import Split
from mnist_tradeoff.system.plain import plural

VALIDATION_SHARE = 5_000 / 60_000
TEST_SHARE = 0.2
# Fixed, so that every seed and every study sees the same split.
SPLIT_SEED = 0


def with_test(parts: Mapping[str, Split]) -> tuple[dict[str, Split], list[str]]:
    """The parts with a test part: the source's own, or a fifth of the training images.

    Returns:
        the parts, and a line where one was made.

    Raises:
        ValueError: there is nothing that could be held out.
    """
    if "test" in parts:
        return dict(parts), []
    train, test = by_content(parts["train"], TEST_SHARE, "test")
    found = {**parts, "train": parts["train"].at(train), "test": parts["train"].at(test)}
    held = plural(len(test), "training image")
    return found, [f"no test part: {held} held out for it, by content"]


def with_validation(
    parts: Mapping[str, Split], has_made_test: bool
) -> tuple[dict[str, Split], list[str]]:
    """The parts with a validation part: the source's own, or a twelfth of the training images.

    Args:
        has_made_test: whether copies of an image must not be torn apart here either.

    Returns:
        the parts, and a line where it is not simply stratified.

    Raises:
        ValueError: there is nothing that could be held out.
    """
    train = parts["train"]
    if "val" in parts:
        # Files are often sorted by class, and the first images stand for all in some places.
        order = np.random.default_rng(SPLIT_SEED).permutation(len(train.labels))
        note = f"its own validation part of {plural(len(parts['val'].labels), 'image')} is used"
        return {**parts, "train": train.at(order)}, [note]
    notes = []
    if has_made_test:
        larger, smaller = by_content(train, VALIDATION_SHARE, "validation")
    elif _can_be_stratified(train.labels, VALIDATION_SHARE):
        larger, smaller = stratified(train.labels, VALIDATION_SHARE)
    else:
        larger, smaller = by_content(train, VALIDATION_SHARE, "validation")
        notes.append(
            f"few images of some classes: {len(smaller):,} held out for validation, at least "
            "one of every class that has two"
        )
    return {**parts, "train": train.at(larger), "val": train.at(smaller)}, notes


def stratified(labels: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the larger and of the smaller part, each class in proportion."""
    from sklearn.model_selection import train_test_split

    larger, smaller = train_test_split(
        np.arange(len(labels)),
        test_size=round(len(labels) * share),
        random_state=SPLIT_SEED,
        stratify=labels,
    )
    return np.asarray(larger), np.asarray(smaller)


def _can_be_stratified(labels: np.ndarray, share: float) -> bool:
    """What scikit-learn asks for: two images a class, and a place for each class on both sides."""
    _, counts = np.unique(labels, return_counts=True)
    smaller = round(len(labels) * share)
    return counts.min() >= 2 and len(counts) <= smaller <= len(labels) - len(counts)


def by_content(split: Split, share: float, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the larger and of the smaller part: copies of an image stay together.

    Of each class those images are held out whose content has the lowest digests, at least one
    where the class has two that differ.

    Raises:
        ValueError: no class has two different images left.
    """
    digests = content_digests(split.images)
    _, first, copies = np.unique(digests, return_index=True, return_inverse=True)
    classes = split.labels[first]  # of each content; of copies with two labels, the first one's
    held = np.zeros(len(first), bool)
    for one in np.unique(classes):
        places = np.flatnonzero(classes == one)  # in the order of the digests
        count = max(round(share * len(places)), 1) if len(places) > 1 else 0
        held[places[:count]] = True
    if not held.any():
        raise ValueError(
            f"no class has two different images left: none can be held out for {what}, add images"
        )
    order = np.random.default_rng(SPLIT_SEED).permutation(len(digests))
    is_held = held[copies][order]
    return order[~is_held], order[is_held]


def content_digests(images: np.ndarray) -> np.ndarray:
    """md5 of every image's content as text (n,), which sorts and compares as it is."""
    return np.array([hashlib.md5(image.tobytes()).hexdigest() for image in images])
