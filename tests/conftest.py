"""Fixtures: small real data made in the test, and real MNIST where it can be had."""

import os
from pathlib import Path

import pytest

from mnist_tradeoff.data.download import fetched
from mnist_tradeoff.data.named import MNIST
from tests.factories import make_arrays, write_idx


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
        return fetched(MNIST)
    except OSError as error:
        pytest.skip(f"no MNIST: set MNIST_TRADEOFF_DATA to a folder of its files ({error})")


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of this session's."""
    from tests.services import postgresql

    with postgresql() as server:
        yield server
