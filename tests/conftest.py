"""Fixtures: small real data made in the test, and real MNIST where it can be had."""

import os
from pathlib import Path

import numpy as np
import pytest

from mnist_tradeoff.data.download import cache_folder, download_mnist
from mnist_tradeoff.data.formats import IDX_NAMES, Arrays, idx_bytes

ROOT = Path(__file__).parent.parent


def make_arrays(train: int = 600, test: int = 200) -> Arrays:
    """Ten classes that are easy to tell apart: a bright row each, under noise."""
    random = np.random.default_rng(0)

    def make(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = (np.arange(count) % 10).astype(np.uint8)
        images = random.integers(0, 100, (count, 28, 28)).astype(np.uint8)
        images[np.arange(count), 2 * labels + 4] = 255
        return images, labels

    return Arrays(*make(train), *make(test))


def write_idx(folder: Path, arrays: Arrays) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(IDX_NAMES, arrays, strict=True):
        (folder / name).write_bytes(idx_bytes(array))
    return folder


@pytest.fixture(scope="session")
def stripes(tmp_path_factory) -> Path:
    """A folder of IDX files that is not MNIST."""
    return write_idx(tmp_path_factory.mktemp("data") / "stripes", make_arrays())


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """Real MNIST: the variable's folder, or the download's."""
    if folder := os.environ.get("MNIST_TRADEOFF_DATA"):
        return Path(folder).absolute()
    try:
        download_mnist(cache_folder())
    except OSError as error:
        pytest.skip(f"no MNIST: set MNIST_TRADEOFF_DATA to a folder of its files ({error})")
    return cache_folder()


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of this session's."""
    from tests.services import postgresql

    with postgresql() as server:
        yield server
