"""One source for every default, one environment however it is made."""

import importlib
import re
import shlex
import tomllib
from dataclasses import asdict, fields

import pytest
import yaml
from mlflow.projects import _project_spec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mnist_tradeoff.search.config import (
    BenchmarkConfig,
    DoctorConfig,
    ExportConfig,
    InitConfig,
    ReapConfig,
    RecommendConfig,
    ReportConfig,
    RunConfig,
    SearchConfig,
    SuiteConfig,
)
from mnist_tradeoff.system import command_line as cli
from tests.factories import ROOT

CONFIGS = {
    "main": ("experiments.train", RunConfig),
    "suite": ("experiments.suite", SuiteConfig),
    "search": ("experiments.search", SearchConfig),
    "export": ("experiments.export", ExportConfig),
    "recommend": ("experiments.recommend", RecommendConfig),
    "init": ("experiments.init", InitConfig),
    "report": ("experiments.report", ReportConfig),
    "reap": ("experiments.reap", ReapConfig),
    "doctor": ("experiments.doctor", DoctorConfig),
    "benchmark": ("experiments.benchmark", BenchmarkConfig),
}
SEARCH = SearchConfig(
    study="other",
    trials=7,
    cost="macs,latency_us",
    max_params=20_000,
    max_macs=900_000,
    workers=2,
    timeout=1.5,
    seeds=2,
    epochs=7,
    batch_size=64,
    learning_rate=0.125,
    precision="float32",
    seed=3,
    dataset="digits",
)
CHANGED = {
    SuiteConfig: SuiteConfig(
        seeds=2,
        epochs=7,
        batch_size=64,
        learning_rate=0.125,
        precision="float32",
        dataset="digits",
    ),
    RecommendConfig: RecommendConfig(
        study="other",
        max_params=15_000,
        max_macs=900_000,
        max_latency_us=12.5,
        max_size_bytes=60_000,
        min_accuracy=0.985,
        cost="latency_us",
        dataset="digits",
    ),
    ExportConfig: ExportConfig(study="other", run_id="0a1b", tolerance=0.25, dataset="digits"),
    SearchConfig: SEARCH,
    InitConfig: InitConfig(**asdict(SEARCH), artifact_location="s3://bucket/folder"),
    ReportConfig: ReportConfig(study="other", seeds=2, dataset="digits"),
    ReapConfig: ReapConfig(),
    DoctorConfig: DoctorConfig(dataset="digits"),
    BenchmarkConfig: BenchmarkConfig(what="T1,S1"),
    RunConfig: RunConfig(
        model="8C3-P2",
        epochs=7,
        batch_size=64,
        learning_rate=0.125,
        seed=3,
        precision="bfloat16",
        dataset="a folder/with 'quotes'",
    ),
}

PROJECT = _project_spec.load_project(str(ROOT))


def test_every_entry_point_is_known_here():
    assert set(yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]) == set(CONFIGS)


@pytest.mark.parametrize("entry_point", CONFIGS)
def test_defaults_and_changes_arrive(entry_point, tmp_path):
    module, config_type = CONFIGS[entry_point]
    importlib.import_module(module)
    default, changed = config_type(), CHANGED[config_type]
    assert all(getattr(default, f.name) != getattr(changed, f.name) for f in fields(default))
    changes = {field.name: str(getattr(changed, field.name)) for field in fields(changed)}
    for config, parameters in ((default, {}), (changed, changes)):
        entry = PROJECT.get_entry_point(entry_point)
        assert entry is not None
        command = entry.compute_command(parameters, str(tmp_path))
        python, dash_m, name, *arguments = shlex.split(command)
        assert (python, dash_m, name) == ("python", "-m", module)
        assert cli.parse(config_type, arguments) == config


def test_conda_requirements_and_pyproject_agree():
    conda = yaml.safe_load((ROOT / "conda.yaml").read_text())
    assert conda["dependencies"] == ["python=3.11", "pip", {"pip": ["-r requirements.txt"]}]
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert pyproject["project"]["requires-python"] == ">=3.11,<3.14"
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.lstrip().startswith("#")]
    assert all([operator == "==" for operator in operators(pin)] == [True] for pin in pins)
    for text in (*pyproject["project"]["dependencies"], *pyproject["dependency-groups"]["dev"]):
        wanted = Requirement(text)
        found = [pin for pin in pins if canonicalize_name(pin.name) == wanted.name.lower()]
        assert found, f"{wanted} is not pinned"
        for pin in found:
            (version,) = pin.specifier
            assert wanted.specifier.contains(version.version), f"{pin} is not {wanted}"


def operators(requirement: Requirement) -> list[str]:
    return [specifier.operator for specifier in requirement.specifier]


def test_no_file_names_a_package_index():
    for name in ("requirements.txt", "conda.yaml", "pyproject.toml", "MLproject"):
        text = (ROOT / name).read_text()
        assert "index-url" not in text.replace("--no-emit-index-url", "")
        assert "find-links" not in text.replace("--no-emit-find-links", "")
        assert "://" not in text


def test_pinned_environment_is_the_one_that_runs():
    """Otherwise the tests prove something about other versions than the user gets."""
    from importlib.metadata import version

    pins = dict(
        re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.M)
    )
    for package in ("tensorflow", "keras", "mlflow", "numpy", "scikit-learn", "pandas"):
        assert version(package) == pins[package]
