"""``load(dataset)``: MNIST, the digits demo or a set of your own, verified and split."""

import hashlib
import os
from pathlib import Path

import numpy as np

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.data.download import cache_folder, download_mnist
from mnist_tradeoff.data.formats import MNIST_MD5, Arrays, content_md5, read_arrays

VALIDATION_SHARE = 5_000 / 60_000
# Fixed, so that every seed and every study sees the same split.
SPLIT_SEED = 0
DATA_VARIABLE = "MNIST_TRADEOFF_DATA"


class DataNotFoundError(OSError):
    """MNIST is neither here nor to be downloaded; the message says what was tried."""


def load(dataset: str) -> Dataset:
    """Load a set by name or path.

    Args:
        dataset: ``auto`` (MNIST, or the digits demo where it cannot be had), ``mnist``, ``digits``,
            or the path of a folder of IDX files or of an ``.npz`` with Keras's keys.

    Raises:
        ValueError: a file that is not what it should be; the message names it.
        OSError: a file or folder that cannot be read, or MNIST that cannot be had.
    """
    match dataset:
        case "digits":
            return _digits()
        case "mnist":
            return _mnist()
        case "auto":
            try:
                return _mnist()
            except DataNotFoundError as error:
                return _digits(fallback_reason=str(error))
        case _:
            return _user_set(_path(dataset))


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(f"'{text}' is no path: {error}") from None


def _mnist() -> Dataset:
    if folder := os.environ.get(DATA_VARIABLE):
        return _verified(_path(folder), f"{DATA_VARIABLE} names it", f"unset {DATA_VARIABLE}")
    keras_home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    keras_file = Path(keras_home) / "datasets" / "mnist.npz"
    if keras_file.is_file():
        return _verified(keras_file, "it is in the Keras cache", "move it away")
    try:
        download_mnist(cache_folder())
    except OSError as error:
        raise DataNotFoundError(
            f"MNIST was not found: {DATA_VARIABLE} is not set, there is no '{keras_file}', and the "
            f"download failed: {error}. Set {DATA_VARIABLE} to a folder of the four IDX files"
        ) from None
    return _verified(cache_folder(), "it was downloaded", "move it away")


def _verified(path: Path, why: str, remedy: str) -> Dataset:
    if not path.exists():
        raise ValueError(f"'{path}' does not exist ({DATA_VARIABLE} names it)")
    arrays = read_arrays(path)
    md5s = content_md5(arrays)
    if md5s != MNIST_MD5:
        raise ValueError(
            f"'{path}' is not MNIST ({why}, but its content differs): {remedy}, "
            f"or use it as a set of your own with dataset={path}"
        )
    return _split(arrays, md5s, "mnist", str(path))


def _user_set(path: Path) -> Dataset:
    if not path.exists():
        raise ValueError(
            f"dataset '{path}' is neither auto, mnist, digits nor an existing folder or .npz file"
        )
    arrays = read_arrays(path)
    md5s = content_md5(arrays)
    if md5s == MNIST_MD5:
        return _split(arrays, md5s, "mnist", str(path))
    name = path.resolve().stem if path.is_file() else path.resolve().name
    reserved = name in ("mnist", "digits", "auto")
    return _split(arrays, md5s, f"{name}-custom" if reserved else name, str(path))


def _digits(fallback_reason: str = "") -> Dataset:
    """scikit-learn's 1,797 8×8 digits, each pixel tripled and framed to 28×28."""
    from sklearn.datasets import load_digits

    pixels, labels = (np.asarray(array) for array in load_digits(return_X_y=True))
    scaled = np.round(pixels.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    images = np.pad(scaled.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2)))
    assert images.shape[1:] == MNIST.image_shape
    labels = labels.astype(np.uint8)
    train, test = _stratified(labels, share=0.2)
    arrays = Arrays(images[train], labels[train], images[test], labels[test])
    source = "sklearn.datasets.load_digits"
    return _split(arrays, content_md5(arrays), "digits", source, fallback_reason)


def _split(
    arrays: Arrays, md5s: tuple[str, ...], name: str, source: str, fallback_reason: str = ""
) -> Dataset:
    try:
        train, val = _stratified(arrays.train_labels, VALIDATION_SHARE)
    except ValueError as error:
        raise ValueError(f"'{source}' cannot be split into train and validation: {error}") from None
    return Dataset(
        name=name,
        digest=hashlib.md5("".join(md5s).encode()).hexdigest(),
        source=source,
        task=MNIST,
        train=Split(arrays.train_images[train], arrays.train_labels[train]),
        val=Split(arrays.train_images[val], arrays.train_labels[val]),
        test=Split(arrays.test_images, arrays.test_labels),
        fallback_reason=fallback_reason,
    )


def _stratified(labels: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the larger and of the smaller part, each class in proportion."""
    from sklearn.model_selection import train_test_split

    larger, smaller = train_test_split(
        np.arange(len(labels)),
        test_size=round(len(labels) * share),
        random_state=SPLIT_SEED,
        stratify=labels,
    )
    return np.asarray(larger), np.asarray(smaller)
