"""The rooms' rules, held on the syntax trees."""

import ast
import itertools

import pytest

from tests.conftest import ROOT

# Each heavy library lives behind one file.
OWNERS = {
    "tensorflow": {"backend.py"},
    "keras": {"backend.py"},
    "mlflow": {"tracking.py", "study_tracking.py", "export_tracking.py"},
    # All but the first name the type Figure.
    "matplotlib": {
        "figures.py",
        "tracking.py",
        "report.py",
        "search_report.py",
        "device_report.py",
    },
    "sklearn": {"data.py", "surrogate.py"},
    "plotly": {"page.py"},
    "optuna": {"study.py", "storage.py", "sampler.py"},
    "grpc": {"storage.py"},
    "ai_edge_litert": {"litert.py"},
    "onnxruntime": {"onnx.py"},
    "multiprocessing": {"workers.py", "export.py"},
    "argparse": {"cli.py"},
    "psutil": {"processes.py", "backend.py"},
}
LIGHT = {"architectures.py", "complexity.py", "config.py", "cli.py", "search_space.py"}
ORDER = [
    [
        "advisory_lock",
        "architectures",
        "files",
        "markdown",
        "pareto",
        "processes",
        "quiet",
        "redaction",
    ],
    ["complexity", "data_files", "ladder", "litert", "search_space"],
    ["backend", "config", "download", "cli"],
    ["data", "fingerprint", "models", "onnx", "statistics", "storage", "workers"],
    ["surrogate"],
    ["sampler"],
    ["study"],
    ["export", "results", "training"],
    ["comparison", "device", "recommendation", "search"],
    ["search_results"],
    ["search_tables"],
    ["figures", "terminal", "tracking"],
    ["page", "report", "study_tracking"],
    ["device_report", "export_tracking", "search_report"],
]
PACKAGE = sorted((ROOT / "mnist_tradeoff").glob("*.py"))


def imported(path, top_level_only=False):
    tree = ast.parse(path.read_text())
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names]
            yield from names if module == "mnist_tradeoff" else [module]


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: path.name)
def test_heavy_libraries_live_behind_one_file(path):
    for name in imported(path):
        owners = OWNERS.get(name.partition(".")[0])
        assert owners is None or path.name in owners, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: path.name)
def test_imports_run_one_way(path):
    ranks = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
    assert path.stem in ranks or path.stem == "__init__", f"{path.name} has no place in ORDER"
    for name in imported(path):
        package, _, room = name.partition(".")
        assert package != "experiments"
        if package == "mnist_tradeoff" and room:
            assert ranks[room] < ranks[path.stem], f"{path.name} imports {name}"


def test_light_rooms_use_the_standard_library_alone():
    import sys

    paths = [path for path in PACKAGE if path.name in LIGHT]
    assert len(paths) == len(LIGHT)
    names = itertools.chain.from_iterable(imported(path) for path in paths)
    for name in names:
        top = name.partition(".")[0]
        assert top in sys.stdlib_module_names or top == "mnist_tradeoff", name


def test_entry_points_import_light_rooms_only_at_the_top():
    for path in (ROOT / "experiments").glob("*.py"):
        for name in imported(path, top_level_only=True):
            package, _, room = name.partition(".")
            assert (
                package != "mnist_tradeoff" or not room or f"{room}.py" in {*LIGHT, "processes.py"}
            ), f"{path.name} imports {name}"
