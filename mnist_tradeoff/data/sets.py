"""``load(dataset)``: MNIST, the digits demo or a set of your own, verified and split."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from mnist_tradeoff.data.canonical import MAX_SIDE, MIN_SIDE, Canonical, canonical
from mnist_tradeoff.data.dataset import MNIST_NAME, Dataset, Split
from mnist_tradeoff.data.download import fetched
from mnist_tradeoff.data.formats.idx import idx_bytes
from mnist_tradeoff.data.formats.raw import Part, Raw
from mnist_tradeoff.data.named import MEDMNIST, MNIST, MNIST_MD5, SETS, is_name, named, read_named
from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.data.reading import read_raw
from mnist_tradeoff.data.splits import stratified, with_test, with_validation
from mnist_tradeoff.system.plain import visible
from mnist_tradeoff.system.settings import require_range

DATA_VARIABLE = "MNIST_TRADEOFF_DATA"
# What stands for a set of ours, and so is no name for one of the user's.
OURS = ("auto", MNIST_NAME, "digits")
RESERVED = (*OURS, *SETS)


class DataNotFoundError(OSError):
    """MNIST is neither here nor to be downloaded; the message says what was tried."""


def load_configured(config: DataConfig) -> Dataset:
    """``load`` with the settings of a command."""
    return load(config.dataset, config.orientation, config.resize)


def load(dataset: str, orientation: str = "stored", resize: int = 0) -> Dataset:
    """Load a set by name or path.

    Args:
        dataset: ``auto`` (MNIST, or the digits demo where it cannot be had), ``mnist``, ``digits``,
            a name of ``named``, or the path of a set of the user's own in any of the formats of
            ``reading``. What has a slash is a path; else a name comes before a file of that name.
        orientation: ``transposed`` exchanges rows and columns of a set of the user's own.
        resize: side to which the images are scaled, but those of MNIST and digits; 0: none.

    Raises:
        ValueError: a file that is not what it should be; the message names it.
        OSError: a file or folder that cannot be read, or a set that cannot be had.
        MemoryError: it does not fit into memory.
    """
    _require_applicable(dataset, orientation, resize)
    found = _load(dataset, orientation, resize)
    if (dataset in OURS or is_name(dataset)) and os.path.lexists(dataset):
        note = f"what is named '{dataset}' here is not read; dataset=./{dataset} would be it"
        return replace(found, notes=(*found.notes, note))
    return found


def _require_applicable(dataset: str, orientation: str, resize: int) -> None:
    if resize:
        require_range("resize", resize, MIN_SIDE, MAX_SIDE)
    if dataset in OURS and (resize or orientation != "stored"):
        raise ValueError(f"resize and orientation are for sets of your own, not for '{dataset}'")
    if is_name(dataset) and orientation != "stored":
        raise ValueError(f"orientation is for sets of your own: '{dataset}' is upright as it is")


def _load(dataset: str, orientation: str, resize: int) -> Dataset:
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
        case _ if is_name(dataset):
            return _named(dataset, resize)
        case _:
            return _user_set(_path(dataset), orientation, resize)


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
        folder = fetched(MNIST)
    except OSError as error:
        raise DataNotFoundError(
            f"MNIST was not found: {DATA_VARIABLE} is not set, there is no '{keras_file}', and the "
            f"download failed: {error}. Set {DATA_VARIABLE} to a folder of the four IDX files"
        ) from None
    return _verified(folder, "it was downloaded", "move it away")


def _verified(path: Path, why: str, remedy: str) -> Dataset:
    if not path.exists():
        raise ValueError(f"'{path}' does not exist ({DATA_VARIABLE} names it)")
    found = canonical(read_raw(path))
    md5s = content_md5(found.parts)
    if md5s != MNIST_MD5:
        raise ValueError(
            f"'{path}' is not MNIST ({why}, but its content differs): {remedy}, "
            f"or use it as a set of your own with dataset={path}"
        )
    return _split(found, MNIST_NAME, str(path))


def _named(dataset: str, resize: int) -> Dataset:
    found, raw = named(dataset), read_named(dataset)
    return _split(canonical(raw, found.orientation, resize), dataset, found.source.addresses[0])


def _user_set(path: Path, orientation: str, resize: int) -> Dataset:
    if not path.exists():
        raise ValueError(
            f"dataset '{path}' is neither {', '.join(RESERVED)}, {MEDMNIST}NAME nor an existing "
            "folder or file"
        )
    raw = read_raw(path, resize)
    found = canonical(raw, orientation, resize)
    if content_md5(found.parts) == MNIST_MD5:
        return _split(found, MNIST_NAME, str(path))
    name = f"{raw.name}-custom" if raw.name in RESERVED else visible(raw.name)
    return _split(found, name, str(path))


def _digits(fallback_reason: str = "") -> Dataset:
    """scikit-learn's 1,797 8×8 digits, each pixel tripled and framed to 28×28."""
    from sklearn.datasets import load_digits

    pixels, labels = (np.asarray(array) for array in load_digits(return_X_y=True))
    grey = np.round(pixels.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    images = np.pad(grey.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2)))
    train, test = stratified(labels, share=0.2)
    source = "sklearn.datasets.load_digits"
    parts = {
        name: Part(images[indices], labels[indices], source)
        for name, indices in (("train", train), ("test", test))
    }
    return _split(canonical(Raw("digits", parts, {})), "digits", source, fallback_reason)


def content_md5(parts: Mapping[str, Split]) -> tuple[str, ...]:
    """md5 of each array's IDX content, whatever file it came from: train, test, then val."""
    known = [parts[name] for name in ("train", "test", "val") if name in parts]
    arrays = [array for part in known for array in (part.images, part.labels)]
    return tuple(hashlib.md5(idx_bytes(array)).hexdigest() for array in arrays)


def _split(found: Canonical, name: str, source: str, fallback_reason: str = "") -> Dataset:
    try:
        tested, of_test = with_test(found.parts)
        parts, of_validation = with_validation(tested, has_made_test=bool(of_test))
    except ValueError as error:
        raise ValueError(f"'{source}' cannot be split: {error}") from None
    return Dataset(
        name=name,
        digest=hashlib.md5("".join(content_md5(tested)).encode()).hexdigest(),
        source=source,
        task=found.task,
        **parts,
        class_names=found.class_names,
        notes=(*found.notes, *of_test, *of_validation),
        fallback_reason=fallback_reason,
    )
