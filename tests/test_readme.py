"""The README's commands are those that CI runs, and its tables those that the code makes."""

import json
import re

import pandas as pd

from benchmarks import time_to_accuracy
from mnist_tradeoff.architectures import REFERENCES
from tests.conftest import ROOT

ASSETS = ROOT / "assets"
README = (ROOT / "README.md").read_text()


def test_ci_runs_the_test_command_of_the_readme():
    ci = (ROOT / ".ci" / "run").read_text().splitlines()
    (command,) = [line for line in ci if line.startswith("python3 -m venv")]
    assert command in README.splitlines()
    setup = command.rpartition(" && ")[0]
    assert f"{setup} && mlflow run . --env-manager local -P model=cnn_v1" in README.splitlines()


def test_table_of_the_comparison_is_generated():
    results = json.loads(time_to_accuracy.RESULTS.read_text())
    assert time_to_accuracy.markdown([results[name] for name in REFERENCES]) in README


def test_tables_of_the_suite_are_generated_and_hold_their_promise():
    sections = re.split(r"^## .*$", (ASSETS / "results.md").read_text(), flags=re.MULTILINE)
    tables = [section.strip() for section in sections if section.strip()]
    assert len(tables) == 5
    for table in tables:
        assert table in README
    frame = pd.read_csv(ASSETS / "results.csv").query("metric == 'test_accuracy'")
    for name, reference in REFERENCES.items():
        accuracies = frame[frame.model == name].value
        assert len(accuracies) >= 5
        assert accuracies.mean() >= reference.documented_test_accuracy
        assert f"{100 * accuracies.mean():.2f} ± {100 * accuracies.std():.2f}" in README


def test_every_figure_of_the_readme_exists():
    names = re.findall(r"assets/(\w+\.png)", README)
    assert len(names) >= 10
    assert set(names) <= {path.name for path in ASSETS.iterdir()}
