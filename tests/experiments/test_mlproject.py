"""One source for every default, one environment however it is made."""

import re
import shlex
import tomllib
from dataclasses import Field, fields
from importlib.metadata import version
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from mlflow.projects import _project_spec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import experiments
from benchmarks.replay_table import GridSpace
from mnist_tradeoff.search.spaces import SPACES
from mnist_tradeoff.system import command_line
from mnist_tradeoff.system.mlproject import entry_points, mlproject
from tests.factories import ROOT

ENTRY_POINTS = entry_points(experiments)
# Another value than the default for every parameter of any entry point; for one that takes some
# words only, another of these is found.
CHANGED: dict[str, Any] = {
    "augment": "auto",
    "beta_1": 0.9,
    "beta_2": 0.99,
    "resize": 32,
    "artifact_location": "s3://bucket/folder",
    "batch_size": 64,
    "cost": "latency_us",
    "dataset": "a folder/with 'quotes'",
    "epochs": 7,
    "learning_rate": 0.125,
    "max_latency_us": 12.5,
    "max_macs": 900_000,
    "max_params": 20_000,
    "max_size_bytes": 60_000,
    "min_accuracy": 0.985,
    "model": "8C3-P2",
    "models": "8C3-P2, net.py:make",
    "run_id": "0a1b",
    "seed": 3,
    "seeds": 2,
    "space": "grid",
    "study": "other",
    "timeout": 1.5,
    "together": 4,
    "tolerance": 0.25,
    "trials": 7,
    "what": "T1,S1",
    "workers": 2,
}
CHANGED_IN_ONE = {"search": {"cost": "macs,latency_us"}}

PROJECT = _project_spec.load_project(str(ROOT))


def test_mlproject_is_what_the_configs_say():
    assert (ROOT / "MLproject").read_text() == mlproject(experiments)
    found = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]
    assert list(found) == list(ENTRY_POINTS)
    assert next(iter(found)) == "main"
    assert {"suite", "search", "export", "recommend", "report", "doctor", "init"} <= set(found)


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_defaults_and_changes_arrive(name, tmp_path, monkeypatch):
    monkeypatch.setitem(SPACES, "grid", GridSpace())
    module, entry_point = ENTRY_POINTS[name]
    values = {one.name: changed(one) for one in fields(entry_point.config_type)}
    values |= CHANGED_IN_ONE.get(name, {})
    default, other = entry_point.config_type(), entry_point.config_type(**values)
    assert all(getattr(default, one) != getattr(other, one) for one in values)
    parameters = {one: str(value) for one, value in values.items()}
    for config, given in ((default, {}), (other, parameters)):
        entry = PROJECT.get_entry_point(name)
        assert entry is not None
        command = entry.compute_command(given, str(tmp_path))
        python, dash_m, started, *arguments = shlex.split(command)
        assert (python, dash_m, started) == ("python", "-m", module)
        assert command_line.parse(entry_point.config_type, arguments) == config


def changed(field: Field) -> Any:
    if get_origin(field.type) is Literal:
        return next(choice for choice in get_args(field.type) if choice != field.default)
    if field.type is bool:
        return not field.default
    return CHANGED[field.name]


def pinned() -> list[Requirement]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.lstrip().startswith("#")]


def test_conda_requirements_and_pyproject_agree():
    conda = yaml.safe_load((ROOT / "conda.yaml").read_text())
    assert conda["dependencies"] == ["python=3.11", "pip", {"pip": ["-r requirements.txt"]}]
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert pyproject["project"]["requires-python"] == ">=3.11,<3.14"
    pins = pinned()
    for pin in pins:
        assert [specifier.operator for specifier in pin.specifier] == ["=="], pin
    for text in (*pyproject["project"]["dependencies"], *pyproject["dependency-groups"]["dev"]):
        wanted = Requirement(text)
        found = [pin for pin in pins if canonicalize_name(pin.name) == wanted.name.lower()]
        assert found, f"{wanted} is not pinned"
        for pin in found:
            (one,) = pin.specifier
            assert wanted.specifier.contains(one.version), f"{pin} is not {wanted}"


def test_no_file_names_a_package_index():
    """Which one is asked is the user's matter: packages are named, and never where they are."""
    assert not [pin for pin in pinned() if pin.url]  # an option such as --index-url is none
    conda = yaml.safe_load((ROOT / "conda.yaml").read_text())
    assert set(conda) == {"name", "channels", "dependencies"}
    assert not [channel for channel in conda["channels"] if "/" in channel]
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [
        pyproject["project"]["dependencies"],
        *pyproject["project"]["optional-dependencies"].values(),
        *pyproject["dependency-groups"].values(),
    ]
    assert not [text for group in groups for text in group if Requirement(text).url]
    ways_to_name_one = ("index", "index-url", "extra-index-url", "find-links", "sources", "pip")
    assert not set(ways_to_name_one) & set(pyproject["tool"].get("uv", {}))
    project = yaml.safe_load((ROOT / "MLproject").read_text())
    assert set(project) == {"name", "conda_env", "entry_points"}
    assert project["conda_env"] == "conda.yaml"


def test_pinned_environment_is_the_one_that_runs():
    """Otherwise the tests prove something about other versions than the user gets."""
    pins = dict(
        re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.M)
    )
    for package in ("tensorflow", "keras", "mlflow", "numpy", "scikit-learn", "pandas"):
        assert version(package) == pins[package]
