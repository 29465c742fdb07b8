"""Stores that tests of several files share: what has taken a minute to make."""

import shutil

import pytest

from tests.commands import mlflow_run


@pytest.fixture(scope="session")
def finished_search(tmp_path_factory, stripes):
    """Folder of a store with a finished search of five trials, and what the command printed.

    Tests go on with it; ``pareto_of_five.csv`` there stays as it is.
    """
    folder = tmp_path_factory.mktemp("search")
    parameters = ["trials=5", "epochs=3", "seeds=1", f"dataset={stripes}"]
    done = mlflow_run(folder, *parameters, entry="search")
    assert done.returncode == 0, done.stderr
    shutil.copy(folder / "search_widths" / "pareto.csv", folder / "pareto_of_five.csv")
    return folder, done


@pytest.fixture(scope="session")
def finished_suite(tmp_path_factory, stripes):
    """Folder of a store with a finished suite of two seeds, and what the command printed."""
    folder = tmp_path_factory.mktemp("suite")
    done = mlflow_run(folder, "seeds=2", "epochs=2", f"dataset={stripes}", entry="suite")
    assert done.returncode == 0, done.stderr
    return folder, done
