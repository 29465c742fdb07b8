"""The README's commands are those that CI runs, and its tables those that the code makes."""

import json
import re

import pandas as pd
import pytest

from benchmarks import comparisons, export_memory, scaling, time_to_accuracy
from mnist_tradeoff.architectures import REFERENCES
from mnist_tradeoff.pareto import on_front
from tests.conftest import ROOT

ASSETS = ROOT / "assets"
README = (ROOT / "README.md").read_text()


def test_ci_runs_the_test_command_of_the_readme():
    ci = (ROOT / ".ci" / "run").read_text().splitlines()
    (command,) = [line for line in ci if line.startswith("python3 -m venv")]
    assert command in README.splitlines()
    setup = command.rpartition(" && ")[0]
    assert f"{setup} && mlflow run . --env-manager local -P model=cnn_v1" in README.splitlines()


def test_report_of_the_benchmarks_is_generated():
    assert comparisons.REPORT.read_text() == comparisons.report()


def test_tables_of_the_benchmarks_are_generated():
    assert comparisons.summary() in README
    races = json.loads(time_to_accuracy.RESULTS.read_text())
    assert time_to_accuracy.markdown(races) in README


def test_table_of_the_notes_is_generated():
    notes = (ROOT / "benchmarks" / "NOTES.md").read_text()
    assert export_memory.markdown(json.loads(export_memory.RESULTS.read_text())) in notes


def test_table_of_the_scaling_is_generated():
    results = json.loads(scaling.RESULTS.read_text())
    assert scaling.markdown(results) in (ROOT / "docs" / "distributed.md").read_text()


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


def test_tables_of_the_search_are_generated():
    text = (ASSETS / "search" / "pareto.md").read_text()
    sections = dict(re.findall(r"^## (.*?)\n\n(.*?)\n*(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    for title in (
        *("Against the documented accuracies", "Cheaper than the references", "How it was found"),
    ):
        assert sections[title] in README


def test_the_stored_front_is_that_of_the_stored_trials():
    trials = pd.read_csv(ASSETS / "search" / "trials.csv").query("full_length")
    assert len(pd.read_csv(ASSETS / "search" / "trials.csv")) >= 60
    means = trials.groupby("architecture").agg(
        error=("val_accuracy", lambda values: 1 - values.mean()), num_params=("num_params", "first")
    )
    expected = set(means.index[on_front(means.to_numpy())])
    frame = pd.read_csv(ASSETS / "search" / "pareto.csv")
    assert set(frame.query("role == 'front'").architecture) == expected
    finals = pd.read_csv(ASSETS / "search" / "finals.csv").query("metric == 'test_accuracy'")
    means = finals.groupby("model").value.mean()
    for row in frame.to_dict("records"):
        assert means[row["model"]] == pytest.approx(row["test_accuracy"])


def test_every_figure_of_the_readme_exists():
    names = re.findall(r"assets/([\w/]+\.(?:png|csv|md))", README)
    assert len(names) >= 14
    assert all((ASSETS / name).is_file() for name in names)
