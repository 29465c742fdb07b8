"""A study's page: what it says first, and how it looks in headless Chromium."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.report import html
from mnist_tradeoff.report.answer import answer
from mnist_tradeoff.report.front_charts import front_chart
from mnist_tradeoff.report.links import Links, page_of
from mnist_tradeoff.search.results import Interim, SearchResults
from tests.browser import assert_fits, look, open_page
from tests.factories import LARGE, MIDDLE, SMALL, make_results

RUNS_PAGE = "http://127.0.0.1:5000/#/experiments/0/runs/"
NASTY = "../<script>alert('\"1')</script>\u202e"
PLAIN = "../<script>alert('\"1')</script>\\u202e"


@pytest.fixture(scope="module")
def results() -> SearchResults:
    return make_results()


@pytest.fixture(scope="module")
def page_file(results, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html.render(results, Links(RUNS_PAGE, "mlflow ui")))
    return path


def test_the_answer_comes_first_then_the_front_then_the_charts(results):
    text = html.render(results)
    places = [text.rindex(part) for part in ('class="answer"', "<h2>The front<", "<h2>Error ag")]
    assert places == sorted(places)
    found = answer(results)
    assert found.startswith(f"3 models are on the front, from `{SMALL}` (")
    assert f"`{MIDDLE}`, with" in found
    assert "cannot be told apart by 3 seeds each from `cnn_v1`" in found
    assert "/#/experiments/" not in text  # no address of MLflow was given


def test_all_is_in_the_one_file_and_what_comes_from_outside_is_escaped(results):
    def renamed(model: Model) -> Model:
        return replace(model, name=NASTY)

    nasty = replace(results, dataset=NASTY, finalists=list(map(renamed, results.finalists)))
    text = html.render(nasty, Links(RUNS_PAGE))
    assert NASTY not in text
    assert "<script>alert" not in text
    assert "\u202e" not in text
    for source in ("<script src", "<link", "@import"):
        assert source not in text


def test_names_from_outside_are_shown_as_they_are(results, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(html.render(replace(results, dataset=NASTY)))
    with open_page(offline=True) as page:
        page.on("dialog", lambda _: pytest.fail("a script of the name ran"))
        page.goto(path.as_uri())
        expect(page.locator("h1")).to_have_text(f"Study s on {PLAIN}")


@pytest.mark.parametrize(("width", "dark"), [(1500, False), (400, False), (400, True)])
def test_charts_fit_the_screen_in_light_and_in_dark(page_file, width, dark):
    with open_page(offline=True, width=width, dark=dark) as page:
        page.goto(page_file.as_uri())
        charts = page.locator(".js-plotly-plot")
        expect(charts).to_have_count(4)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for i in range(3):
            assert plot_width(charts.nth(i)) > 0.6 * width
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        channels = [int(number) for number in re.findall(r"\d+", background)]
        assert (max(channels) < 60) if dark else (min(channels) > 200)
        text = charts.first.locator(".xtitle").evaluate("text => getComputedStyle(text).fill")
        assert text == page.evaluate("getComputedStyle(document.body).color")
        assert_nothing_overlaps(charts.first)
        look(page, f"page_{width}_{'dark' if dark else 'light'}")


def plot_width(chart) -> float:
    """Of the inner rectangle, without axis and legend."""
    return chart.locator(".gridlayer").first.evaluate("grid => grid.getBBox().width")


def assert_nothing_overlaps(chart) -> None:
    """No label lies on another one."""
    boxes = chart.locator("g.textpoint text, .xtick text, .ytick text").evaluate_all(
        "texts => texts.map(text => text.getBoundingClientRect().toJSON())"
    )
    assert len(boxes) > 3
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart = a["right"] <= b["left"] + 1 or b["right"] <= a["left"] + 1
            assert apart or a["bottom"] <= b["top"] + 4 or b["bottom"] <= a["top"] + 4, (a, b)


def test_the_budget_is_named_within_the_page(page_file):
    with open_page(offline=True, width=400) as page:
        page.goto(page_file.as_uri())
        name = page.locator(".js-plotly-plot").first.get_by_text("budget 20,000")
        expect(name).to_be_visible()
        box = name.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 400


def test_charts_say_what_they_show_and_have_their_tables(page_file):
    with open_page(offline=True) as page:
        page.goto(page_file.as_uri())
        images = page.locator(".chart[role=img]")
        for i in range(4):
            assert "table below" in (images.nth(i).get_attribute("aria-label") or "")
        expect(page.locator("details table")).to_have_count(4)
        assert axis_of(page) == "log"
        ticks = page.locator(".js-plotly-plot").first.locator(".ytick text").all_text_contents()
        assert ticks
        assert all(0 < float(tick.rstrip(" %")) <= 100 for tick in ticks)


def axis_of(page: Page) -> str:
    return page.locator(".js-plotly-plot").first.evaluate("chart => chart.layout.yaxis.type")


def test_within_mlflows_frame_there_are_no_links_that_lead_nowhere(page_file):
    with open_page(offline=True) as page:
        page.set_content('<iframe sandbox="allow-scripts" width="900" height="600"></iframe>')
        page.evaluate(
            """text => {
                const blob = new Blob([text], { type: "text/html" });
                document.querySelector("iframe").src = URL.createObjectURL(blob);
            }""",
            page_file.read_text(),
        )
        frame = page.frame_locator("iframe")
        expect(frame.get_by_text("The links of this page work where")).to_be_visible()
        expect(frame.locator("a:not(.modebar-btn)")).to_have_count(0)
        expect(frame.locator(".js-plotly-plot")).to_have_count(4)


def test_a_run_is_a_link_and_its_id_can_be_copied(page_file, results):
    run_id = results.finalists[0].best.run_id
    with open_page(offline=True) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(page_file.as_uri())
        expect(page.locator(f"a[href='{RUNS_PAGE}{run_id}']")).to_be_visible()
        page.get_by_role("button", name="copy").first.click()
        expect(page.get_by_role("button", name="copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == run_id


def test_intervals_of_few_seeds_are_not_drawn(results):
    drawn: Any = front_chart(results, "num_params")
    (front,) = [trace for trace in drawn.data if trace.name == "front, test"]
    assert set(front.error_y.array) == {0.0}
    assert "95 % interval" in front.text[0]
    (steps,) = [trace for trace in drawn.data if trace.line.shape == "hv"]
    assert len(steps.x) == 3


def test_what_a_point_says_fits_on_a_small_screen(results):
    notation = "-".join(["10DS3sb:hswish"] * 6)
    longest = [replace(results.finalists[0], name=notation)]
    drawn: Any = front_chart(replace(results, finalists=longest), "num_params")
    (front,) = [trace for trace in drawn.data if trace.name == "front, test"]
    lines = front.text[0].split("<br>")
    assert "".join(lines).startswith(notation)
    assert max(map(len, lines)) <= len("run ") + 32  # letters of a run's id


def test_points_lead_to_the_page_of_their_model_or_else_to_their_run(results):
    first, second = (results.finalists[i].best.run_id for i in (0, 1))
    links = Links(RUNS_PAGE, pages={first}, trials={0: "run-of-0"})
    drawn: Any = front_chart(results, "num_params", links)
    by_name = {trace.name: trace.customdata for trace in drawn.data}
    assert list(by_name["front, test"])[:2] == [page_of(first), RUNS_PAGE + second]
    assert list(by_name["trials, validation"])[:2] == [f"{RUNS_PAGE}run-of-0", ""]
    assert f'<a href="{page_of(first)}">page</a>' in html.render(results, links)


def test_an_interim_page_says_so_and_shows_the_front_of_the_trials(results, tmp_path):
    unfinished = replace(
        results, finalists=[], references=[], interim=Interim(20, ["4C3-P2"], 8, 1_200.0)
    )
    text = html.render(unfinished)
    assert "Interim: " in text
    for part in ("6 of 20 trials", "1 run now (4C3-P2)", "about 20 min", "1 of them diverged"):
        assert part in text
    assert f"{LARGE}</td>" in text
    assert "front of the trials" in text
    assert "What each step along the front buys" not in text  # there is no step yet
    assert "<td class=text>HV2 of the front&#x27;s finals, test</td><td>–</td>" in text
    path = tmp_path / "report.html"
    path.write_text(text)
    with open_page(offline=True) as page:
        page.goto(path.as_uri())
        expect(page.get_by_role("status")).to_contain_text("Interim: 6 of 20 trials")
        assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "30"
        assert_fits(page, "running")
    empty = html.render(replace(unfinished, trials=[], importances={}))
    assert "No trial has been trained at full length so far" in empty


def test_models_without_a_place_in_the_picture_are_counted():
    assert html.below_text([0.3, 0.07, 0.01], [0.005]).startswith("1 of the front lie below")
    assert html.below_text([0.07, 0.01], [0.005]) == ""
