"""MLflow's own pages over a suite's runs, in headless Chromium."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

import mlflow
import pytest
from playwright.sync_api import expect

from tests.browser import free_port, look, open_page, wait_for
from tests.commands import environment, runs_in

pytestmark = pytest.mark.slow

MODELS = ("ann", "simple_cnn", "cnn_v1", "cnn_v2")


# Other tests go on with the same store.
FILTER = "tags.role = 'reference' and params.seed = '0' and params.epochs = '2'"


@pytest.fixture(scope="module")
def folder(finished_suite) -> Path:
    """A store with a finished suite."""
    folder, _ = finished_suite
    return folder


@pytest.fixture(scope="module")
def server(folder):
    """Address of MLflow's real server over the store."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    wait_for(f"{address}/health")
    yield address
    os.killpg(process.pid, 15)
    process.wait(timeout=30)


def suite_of(folder: Path):
    *_, first = [run for run in runs_in(folder) if run.data.tags["role"] == "suite"]
    return first


@pytest.fixture
def page():
    with open_page() as page:
        yield page


def test_the_four_are_listed_flat_by_tag_and_metric(page, server):
    query = {
        "searchFilter": FILTER,
        "orderByKey": "metrics.`test_accuracy`",
        "orderByAsc": "false",
    }
    page.goto(f"{server}/#/experiments/0/runs?{urlencode(query)}")
    for model in MODELS:
        expect(page.get_by_role("link", name=f"{model} seed 0")).to_be_visible()
    expect(page.get_by_text("matching runs")).to_contain_text("4")
    look(page, "list")


def test_a_filter_shows_its_runs_when_they_are_sorted_by_a_metric(page, server):
    """As docs/search.md says: before that, children hide behind the row of their parent."""
    page.goto(f"{server}/#/experiments/0/runs")
    search = page.get_by_placeholder("metrics.rmse < 1")
    search.fill(FILTER)
    search.press("Enter")
    expect(page.get_by_role("link", name="suite").first).to_be_visible()
    expect(page.get_by_role("link", name="ann seed 0")).to_have_count(0)
    page.get_by_role("button", name="Sort: Created").click()
    page.get_by_text("test_accuracy", exact=True).first.click()
    for model in MODELS:
        expect(page.get_by_role("link", name=f"{model} seed 0")).to_be_visible()
    look(page, "sorted")


def test_the_description_says_what_a_suite_is_and_shows_its_figure(page, server, folder):
    parent = suite_of(folder)
    page.goto(f"{server}/#/experiments/0/runs/{parent.info.run_id}")
    expect(page.get_by_text("The four reference architectures on stripes")).to_be_visible()
    image = page.locator("img[src^='get-artifact']")
    expect(image).to_be_attached()
    page.wait_for_function("document.querySelector(\"img[src^='get-artifact']\").naturalWidth > 0")
    assert 600 <= image.evaluate("image => image.naturalWidth") <= 800
    for metric in ("hv2_test", "best_test_accuracy", "trainings"):
        expect(page.get_by_text(metric, exact=True).first).to_be_visible()
    look(page, "description")


def test_compare_page_draws_its_charts(page, server, folder):
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    runs = client.search_runs(["0"], FILTER)
    ids = quote(json.dumps([run.info.run_id for run in runs]))
    page.goto(f"{server}/#/compare-runs?runs={ids}&experiments={quote(json.dumps(['0']))}")
    expect(page.get_by_text("Comparing 4 Runs from 1 Experiment")).to_be_visible()
    # Plotly's parallel coordinates: one label for each model on its first axis
    for model in MODELS:
        expect(page.locator(".js-plotly-plot").get_by_text(model, exact=True)).to_be_visible()
    for metric in ("num_params", "macs", "train_seconds", "val_accuracy", "test_accuracy"):
        expect(page.get_by_text(metric, exact=True).first).to_be_attached()
    look(page, "compare")
    page.get_by_role("tab", name="Scatter Plot").click()
    plot = page.locator(".js-plotly-plot").last
    expect(plot.locator("canvas.gl-canvas-context")).to_be_visible()
    expect(plot.get_by_text("accuracy", exact=True)).to_be_visible()
    look(page, "scatter")


@pytest.mark.parametrize("figure", ["accuracy_against_cost", "final_accuracy"])
def test_figures_open_in_the_artifact_view(page, server, folder, figure):
    parent = suite_of(folder)
    page.goto(f"{server}/#/experiments/0/runs/{parent.info.run_id}/artifacts/figures/{figure}.png")
    image = page.locator("img[src^='blob:']").first
    expect(image).to_be_visible()
    assert image.evaluate("image => image.naturalWidth") > 1_000
    look(page, figure)
