"""Pages about several studies, from the tables of their reports."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from mnist_tradeoff.architecture.public_nets import PUBLIC_NETS
from mnist_tradeoff.report.comparison import write_comparison
from mnist_tradeoff.report.links import page_of
from mnist_tradeoff.report.notes import study_metrics
from mnist_tradeoff.report.search import report_folder, search_texts, write
from mnist_tradeoff.report.studies import front_of, numbers_of, write_index
from tests.browser import assert_fits, open_page
from tests.factories import make_results


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """With the reports of a finished study and of one of which nothing was trained anew."""
    folder = tmp_path_factory.mktemp("studies")
    for name, finals in (("first", make_results().finalists), ("second", [])):
        settings = {"learning_rate": 0.01, "space": f"<{name}>"}
        results = replace(make_results(), study=name, finalists=finals, settings=settings)
        write(search_texts(results, []), report_folder(folder, name))
    write({page_of(make_results().finalists[0].run_ids[1]): ""}, report_folder(folder, "first"))
    return folder


def test_the_index_lists_every_study_and_links_to_its_report(folder):
    path = write_index(folder)
    with open_page(offline=True) as page:
        page.goto(path.as_uri())
        expect(page.get_by_role("row")).to_have_count(3)
        cells = page.get_by_role("row", name="first").get_by_role("cell").all_text_contents()
        hv2 = study_metrics(make_results())["hv2_test"]
        assert cells[:4] == ["first", "mnist", "3", "568 to 2,674"]
        assert cells[-2:] == [f"{hv2:.3f}", "finished"]
        assert_fits(page, "index")
        page.get_by_role("link", name="first").click()
        expect(page.locator("h1")).to_have_text("Study first on mnist")


def test_the_comparison_draws_fronts_with_public_nets_and_hypervolumes_and_names_settings(folder):
    path = write_comparison(["first", "second"], folder)
    run = make_results().finalists[0].run_ids[1]
    assert path.name == "compare_first_second.html"
    with open_page(offline=True) as page:
        page.goto(path.as_uri())
        charts = page.locator(".js-plotly-plot")
        expect(charts).to_have_count(2)
        points = "chart => chart.data.map(trace => trace.x.length)"
        of_fronts, of_volumes = (charts.nth(i).evaluate(points) for i in range(2))
        assert of_fronts[:2] == [3, 0]
        assert sum(of_fronts[2:]) == len(PUBLIC_NETS)
        first, second = (
            charts.first.evaluate(f"chart => chart.data[{i}].customdata") for i in (0, 1)
        )
        assert first == [f"search_first/{page_of(run)}", *["search_first/report.html"] * 2]
        assert second == []
        grown = [point.hv2 for point in make_results().progress]
        assert of_volumes == [1 + len(set(grown) - {grown[-1]})] * 2
        assert numbers_of(folder, "first")["progress"][-1][1] == grown[-1]
        settings = page.get_by_role("region", name="Settings that differ").get_by_role("row")
        cells = ["setting", "first", "second", "space", "<first>", "<second>"]
        assert settings.locator("th, td").all_text_contents() == cells
        assert_fits(page, "studies")


def test_the_comparison_takes_what_other_sets_and_older_reports_have_left(folder):
    write({"numbers.json": '{"dataset": "mine"}'}, report_folder(folder, "older"))
    text = write_comparison(["first", "older"], folder).read_text()
    assert "published nets" not in text
    assert "Settings that differ" in text


def test_a_table_that_cannot_be_read_is_no_front(folder):
    assert front_of(folder, "none") is None
    (folder / "search_broken").mkdir()
    (folder / "search_broken" / "pareto.csv").write_text("not, a, table\n1\n")
    assert front_of(folder, "broken") is None
    assert numbers_of(folder, "none") == numbers_of(folder, "broken") == {}
