"""Small real data made in the test, real MNIST where it can be had, and which tests go together."""

import os
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from mnist_tradeoff.data.download import fetched
from mnist_tradeoff.data.named import MNIST
from tests.factories import make_arrays, write_idx

# Files of tests/pipelines whose tests share a store, which must be made in one process.
SHARING = {
    "test_export_pipeline.py": "search",
    "test_search_pipeline.py": "search",
    "test_suite_pipeline.py": "suite",
    "test_ui.py": "suite",
}


class ByStore(LoadFileScheduling):
    """The tests of a file go to one process, and those of files that share a store, too."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return SHARING.get(Path(file).name, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByStore:
    return ByStore(config, log)


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
