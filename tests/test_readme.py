"""The README's commands are those that CI runs; the pages' tables are those that the code makes."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import comparisons, export_memory, full_store, scaling, time_to_accuracy
from mnist_tradeoff.analysis.hv2 import MNIST_SCALE, hv2
from mnist_tradeoff.analysis.pareto import on_front
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.report.markdown import table
from tests.factories import ROOT

ASSETS = ROOT / "assets"
README = (ROOT / "README.md").read_text()
TURKISH_README = (ROOT / "README.tr.md").read_text()
MAX_README_BYTES = 8_192
PAGES = [
    ROOT / "README.md",
    ROOT / "README.tr.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "benchmarks").glob("*.md")),
]
GENERATED = [*sorted(ASSETS.glob("*.md")), *sorted(ASSETS.glob("*/*.md"))]
# The field says corrects, more expensive, rejected, and successive halving.
OTHER_WORDS = re.compile(r"\b(mend(s|ed)?|dearer|refuse[sd]?|ladder)\b", re.IGNORECASE)


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()


def sections(path: Path) -> dict[str, str]:
    """Title and content of every section of a generated file."""
    pattern = r"^## (.*?)\n\n(.*?)\n*(?=^## |\Z)"
    return dict(re.findall(pattern, path.read_text(), re.DOTALL | re.MULTILINE))


def mean_and_sd(values: pd.Series) -> str:
    return f"{100 * values.mean():.2f} ± {100 * values.std():.2f}"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_ci_runs_the_test_command_of_the_readme():
    ci = (ROOT / ".ci" / "run").read_text().splitlines()
    (command,) = [line for line in ci if line.startswith("python3 -m venv")]
    assert command in README.splitlines()
    setup = command.rpartition(" && ")[0]
    assert f"{setup} && mlflow run . --env-manager local -P model=cnn_v1" in README.splitlines()


def test_the_readme_is_short():
    assert len(README.encode()) <= MAX_README_BYTES


def commands(text: str) -> list[str]:
    """The code that a page shows, in its order, and the commands within its lines."""
    blocks = re.findall(r"^```(?:sh|python)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [*blocks, *sorted(set(re.findall(r"`((?:mlflow|python) [^`]+)`", text)))]


def test_the_turkish_readme_gives_the_same_commands():
    assert commands(TURKISH_README) == commands(README)
    assert len(commands(README)) >= 8
    assert len(TURKISH_README.encode()) <= MAX_README_BYTES


def test_table_of_the_readme_is_that_of_the_results():
    frame = pd.read_csv(ASSETS / "results.csv")
    rows = []
    for model, reference in REFERENCES.items():
        metrics = frame[frame.model == model].groupby("metric").value
        (num_params,), (macs,) = (set(metrics.get_group(cost)) for cost in ("num_params", "macs"))
        rows.append(
            [
                f"`{model}`",
                f"{num_params:,.0f}",
                f"{macs:,.0f}",
                mean_and_sd(metrics.get_group("test_accuracy")),
                f"{100 * reference.documented_test_accuracy:.2f}",
            ]
        )
    header = ["model", "parameters", "MACs", "test %", "documented %"]
    assert re.findall(r"(?:^\|.*\n)+", README, re.MULTILINE) == [f"{table(header, rows)}\n"]


def test_sentence_of_the_readme_on_the_search_is_that_of_the_study():
    documented = sections(ASSETS / "search" / "pareto.md")["Against the documented accuracies"]
    (row,) = [line for line in documented.splitlines() if line.startswith("| `cnn_v2`")]
    _, _, model, accuracy, times = (cell.strip(" `") for cell in row.strip("|").split("|"))
    frame = pd.read_csv(ASSETS / "search" / "pareto.csv").set_index("model")
    assert f"{frame.num_params[model]:,} parameters reach {accuracy} %" in README
    assert f"with {times} fewer parameters" in README


def test_report_of_the_benchmarks_is_generated():
    assert comparisons.report_file().read_text() == comparisons.report()


def test_tables_of_the_benchmarks_are_generated():
    assert comparisons.summary() in page("benchmarks")
    races = json.loads(time_to_accuracy.RESULTS.read_text())
    assert time_to_accuracy.markdown(races) in page("benchmarks")


def test_table_of_the_notes_is_generated():
    notes = (ROOT / "benchmarks" / "NOTES.md").read_text()
    assert export_memory.markdown(json.loads(export_memory.RESULTS.read_text())) in notes


def test_table_of_the_scaling_is_generated():
    for one in (scaling, full_store):
        assert one.markdown(json.loads(one.RESULTS.read_text())) in page("distributed")


def test_tables_of_the_suite_are_generated_and_hold_their_promise():
    tables = sections(ASSETS / "results.md").values()
    assert len(tables) == 5
    assert all(one in page("references") for one in tables)
    frame = pd.read_csv(ASSETS / "results.csv").query("metric == 'test_accuracy'")
    for model, reference in REFERENCES.items():
        accuracies = frame[frame.model == model].value
        assert len(accuracies) >= 5
        assert accuracies.mean() >= reference.documented_test_accuracy
        assert mean_and_sd(accuracies) in page("references")


def test_the_hour_of_tiny_is_that_of_its_trials():
    trials = pd.read_csv(ASSETS / "search" / "tiny_trials.csv")
    full = trials.query("full_length")
    found = hv2(full.num_params.to_numpy(), full.val_accuracy.to_numpy(), MNIST_SCALE)
    assert f"{len(trials)} trials" in page("search")
    assert f"| {found:.3f} |" in page("search")


def test_tables_of_the_frontier_are_generated():
    tables = sections(ASSETS / "frontier" / "results.md")
    assert len(tables) == 4
    assert next(iter(tables)) in page("frontier")  # the hypervolumes
    assert all(one in page("frontier") for one in tables.values())
    frame = pd.read_csv(ASSETS / "frontier" / "results.csv").query("metric == 'test_accuracy'")
    for _, accuracies in frame.groupby(["model", "epochs"]).value:
        assert mean_and_sd(accuracies) in page("frontier")


def test_tables_of_the_search_are_generated():
    found = sections(ASSETS / "search" / "pareto.md")
    for title in (
        *("Against the documented accuracies", "Cheaper than the references", "How it was found"),
    ):
        assert found[title] in page("search")


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


def anchors(text: str) -> set[str]:
    """What a link can name behind ``#``: a page's headings as GitHub spells them."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_link_and_figure_of_a_page_is_there(path):
    links = re.findall(r'\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"', path.read_text())
    local = [link for pair in links for link in pair if link and "://" not in link]
    for link in local:
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target.read_text()), link


def test_every_page_of_the_docs_is_linked_from_the_readme():
    names = [path.name for path in (ROOT / "docs").glob("*.md")]
    assert len(names) >= 6
    assert all(f"](docs/{one})" in README for one in names)


@pytest.mark.parametrize("path", [*PAGES, *GENERATED], ids=name)
def test_pages_use_the_words_of_the_field(path):
    assert not OTHER_WORDS.search(path.read_text())
