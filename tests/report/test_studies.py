"""Pages about several studies, from the tables of their reports."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from mnist_tradeoff.report.notes import study_metrics
from mnist_tradeoff.report.search import report_folder, search_texts, write
from mnist_tradeoff.report.studies import front_of, numbers_of, write_comparison, write_index
from tests.browser import open_page
from tests.factories import make_results


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """With the reports of a finished study and of one of which nothing was trained anew."""
    folder = tmp_path_factory.mktemp("studies")
    for name, finals in (("first", make_results().finalists), ("second", [])):
        results = replace(make_results(), study=name, finalists=finals)
        write(search_texts(results, []), report_folder(folder, name))
    return folder


def test_the_index_lists_every_study_and_links_to_its_report(folder):
    path = write_index(folder)
    with open_page(offline=True) as page:
        page.goto(path.as_uri())
        expect(page.get_by_role("row")).to_have_count(3)
        cells = page.get_by_role("row", name="first").get_by_role("cell").all_text_contents()
        hv2 = study_metrics(make_results())["hv2_test"]
        assert cells[:4] == ["first", "mnist", "3", "568"]
        assert cells[-2] == f"{hv2:.3f}"
        page.get_by_role("link", name="first").click()
        expect(page.locator("h1")).to_have_text("Study first on mnist")


def test_the_comparison_draws_each_front(folder):
    path = write_comparison(["first", "second"], folder)
    assert path.name == "compare_first_second.html"
    with open_page(offline=True, width=400) as page:
        page.goto(path.as_uri())
        chart = page.locator(".js-plotly-plot")
        expect(chart).to_have_count(1)
        points = chart.evaluate("chart => chart.data.map(trace => trace.x.length)")
        assert points == [3, 0]
        assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_table_that_cannot_be_read_is_no_front(folder):
    assert front_of(folder, "none") is None
    (folder / "search_broken").mkdir()
    (folder / "search_broken" / "pareto.csv").write_text("not, a, table\n1\n")
    assert front_of(folder, "broken") is None
    assert numbers_of(folder, "none") == numbers_of(folder, "broken") == {}
