"""The README's commands are those that CI runs, and its tables those that the code makes."""

import json
import statistics

from benchmarks import references, time_to_accuracy
from mnist_tradeoff.architectures import REFERENCES
from tests.conftest import ROOT

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


def test_table_of_the_references_is_generated_and_holds_its_promise():
    results = json.loads(references.RESULTS.read_text())
    assert references.markdown(results) in README
    for name, reference in REFERENCES.items():
        accuracies = [answer["test_accuracy"] for answer in results["answers"][name]]
        assert len(accuracies) >= 5
        assert statistics.fmean(accuracies) >= reference.documented_test_accuracy
