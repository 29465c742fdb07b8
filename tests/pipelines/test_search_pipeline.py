"""The search as its users run it: real processes, real storages, a small set."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from playwright.sync_api import expect

from mnist_tradeoff.architecture.costs import num_params
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST
from tests.browser import free_port, look, open_page, wait_for
from tests.commands import (
    SIZE,
    execute,
    mlflow_run,
    of_role,
    runs_in,
    search,
    start,
    trials_of,
    wait_for_line,
)

pytestmark = pytest.mark.slow


def test_one_parent_and_a_flat_child_for_each_trial(finished_search):
    folder, _ = finished_search
    (parent,) = of_role(folder, "study")
    children = of_role(folder, "trial")
    assert parent.info.status == "FINISHED"
    assert {child.info.status for child in children} == {"FINISHED"}
    assert {child.data.tags["mlflow.parentRunId"] for child in children} == {parent.info.run_id}
    by_number = {int(child.data.tags["trial_number"]): child for child in children}
    assert sorted(by_number) == list(range(5))
    for number, trial in enumerate(trials_of(folder)):
        tags, params = by_number[number].data.tags, by_number[number].data.params
        assert tags["study"] == "widths"
        assert tags["dataset"] == "stripes"
        assert params["model"] == tags["architecture"] == trial.user_attrs["architecture"]
        assert params["blocks"] == str(trial.params["blocks"])
        assert trial.values[1] == num_params(parse(params["model"]), MNIST)


def test_trials_do_not_see_the_test_split(finished_search):
    folder, _ = finished_search
    for child in of_role(folder, "trial"):
        assert not [name for name in child.data.metrics if "test" in name]
        assert child.data.metrics["val_accuracy"] > 0
    finals = of_role(folder, "final")
    assert all("test_accuracy" in final.data.metrics for final in finals)
    assert {final.data.tags["study"] for final in finals} == {"widths"}


def test_front_recomputed_from_mlflow_alone_equals_the_tags(finished_search):
    folder, _ = finished_search
    frame = mlflow_frame(folder)
    full = frame[frame["tags.full_length"] == "true"]
    means = full.groupby("tags.architecture").agg(
        accuracy=("metrics.val_accuracy", "mean"), cost=("metrics.num_params", "first")
    )
    on_front = {
        name
        for name, row in means.iterrows()
        if not any(
            (other.accuracy >= row.accuracy and other.cost <= row.cost)
            and (other.accuracy > row.accuracy or other.cost < row.cost)
            for _, other in means.iterrows()
        )
    }
    tagged = frame[frame["tags.on_front"] == "true"]
    assert set(tagged["tags.architecture"]) == on_front
    assert set(tagged["tags.full_length"]) == {"true"}
    numbers = set(frame["tags.trial_number"])
    dominated = frame[(frame["tags.on_front"] == "false")]["tags.dominated_by"]
    assert set(dominated) <= numbers
    assert set(tagged["tags.dominated_by"]) == {""}


def mlflow_frame(folder) -> pd.DataFrame:
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    frame = mlflow.search_runs(["0"], "tags.role = 'trial' and tags.study = 'widths'")
    mlflow.set_tracking_uri("")
    assert isinstance(frame, pd.DataFrame)
    return frame


def test_finals_are_the_front_and_the_references(finished_search):
    folder, _ = finished_search
    front = {
        run.data.tags["architecture"]
        for run in of_role(folder, "trial")
        if run.data.tags["on_front"] == "true"
    }
    references = {str(reference.architecture) for reference in REFERENCES.values()}
    finals = of_role(folder, "final")
    assert {final.data.tags["architecture"] for final in finals} == front | references
    assert len(finals) == len(front | references)


def test_report_is_beside_the_store_and_logged(finished_search):
    folder, done = finished_search
    (parent,) = of_role(folder, "study")
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    logged = {file.path for file in client.list_artifacts(parent.info.run_id)}
    written = {path.name for path in (folder / "search_widths").iterdir()}
    tables = {"pareto.md", "pareto.csv", "trials.csv", "finals.csv", "numbers.json"}
    assert written == tables | {"report.html", "figures", "models"}
    assert logged == written | {"dataset"}
    figures = {file.path for file in client.list_artifacts(parent.info.run_id, "figures")}
    assert figures == {
        *("figures/pareto.png", "figures/hypervolume.png", "figures/dark", "figures/small")
    }
    assert parent.info.run_name == "widths"
    assert parent.data.metrics["trials"] == 5
    assert {"hv2_search", "hv2_test", "best_val_accuracy"} <= set(parent.data.metrics)
    note = parent.data.tags["mlflow.note.content"]
    assert "figures%2Fsmall%2Fpareto.png" in note
    assert "-e recommend -P study=widths" in note
    frame = pd.read_csv(folder / "search_widths" / "pareto.csv")
    assert frame[frame.role == "reference"].model.tolist() == list(REFERENCES)
    assert str(folder / "search_widths" / "report.html") in done.stdout
    tables = (folder / "search_widths" / "pareto.md").read_text()
    assert "documented" not in tables  # those are of MNIST
    assert "Interim" not in tables
    paths = ("report ", "look at it", "next ")
    own = [line for line in done.stdout.splitlines() if not line.strip().startswith(paths)]
    assert all(len(line) <= 80 for line in own)
    assert done.stdout.splitlines()[-1].strip().startswith("next ")
    assert "5/5 trial" in done.stderr
    assert "\r" not in done.stderr
    for noise in ("oneDNN", "cuda", "ExperimentalWarning", "Traceback"):
        assert noise not in done.stderr


def test_report_needs_no_network_and_tells_what_a_point_is(finished_search):
    folder, _ = finished_search
    errors = []
    with open_page(offline=True) as page:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((folder / "search_widths" / "report.html").as_uri())
        charts = page.locator(".js-plotly-plot")
        expect(charts).to_have_count(4)  # too few trials for importances
        front = "gd => gd.data.findIndex(trace => trace.name === 'front, test')"
        curve = charts.first.evaluate(front)
        charts.first.evaluate(
            "(gd, n) => Plotly.Fx.hover(gd, [{curveNumber: n, pointNumber: 0}])", curve
        )
        run_ids = {run.info.run_id for run in of_role(folder, "final")}
        hover = charts.first.locator(".hovertext")
        expect(hover).to_contain_text("C3-")
        assert any(run_id in (hover.text_content() or "") for run_id in run_ids)
        look(page, "report")
        charts.nth(1).get_by_text("seconds of trials").click()
        expect(charts.nth(1).locator(".xtitle")).to_have_text("seconds of trials")
    assert not errors


def test_a_click_on_a_point_opens_the_page_of_its_model(finished_search):
    folder, _ = finished_search
    report = folder / "search_widths" / "report.html"
    runs = {run.info.run_id: run for run in of_role(folder, "final")}
    assert {path.stem for path in report.parent.glob("models/*.html")} == set(runs)  # of one seed
    for width, dark in ((1200, False), (400, True)):
        with open_page(offline=True, width=width, dark=dark) as page:
            page.goto(report.as_uri())
            chart = page.locator(".js-plotly-plot").first
            target = chart.evaluate(
                """chart => {
                    const front = chart.data.find(trace => trace.name === "front, test");
                    chart.emit("plotly_click", { points: [{ customdata: front.customdata[0] }] });
                    return front.customdata[0];
                }"""
            )
            page.wait_for_url(f"**/{target}")
            run = runs[Path(target).stem]
            expect(page.locator("h1")).to_have_text(f"{run.data.params['model']} on stripes")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            expect(page.locator("svg.plot")).to_have_count(4)
            wrong = round(200 * (1 - run.data.metrics["test_accuracy"]))
            expect(page.locator(".mistake img")).to_have_count(min(wrong, 60))
            expect(page.get_by_role("region", name="Confusion matrix")).to_be_visible()
            look(page, f"model_{width}")
            page.locator("svg.plot a").last.click()
            expect(page.locator("h1")).to_contain_text("on stripes")
            page.get_by_role("link", name="widths").click()
            expect(page.locator("h1")).to_have_text("Study widths on stripes")


def test_the_page_of_a_run_is_written_on_demand(finished_search, stripes):
    folder, _ = finished_search
    (damaged, final, *_) = of_role(folder, "final")
    (trial, *_) = of_role(folder, "trial")
    command = [sys.executable, "-m", "experiments.report", "--dataset", str(stripes), "--run_id"]
    done = execute(folder, [*command, final.info.run_id])
    assert done.returncode == 0, done.stderr
    assert f"search_widths/models/{final.info.run_id}.html" in done.stdout
    file = folder / "mlruns" / "0" / damaged.info.run_id / "artifacts" / "test_predictions.npy"
    content = file.read_bytes()
    file.unlink()
    done = execute(folder, [*command, f"{damaged.info.run_id},{final.info.run_id}"])
    file.write_bytes(content)
    assert f"search_widths/models/{final.info.run_id}.html" in done.stdout
    assert_one_line(done, f"of run {damaged.info.run_id} is gone or damaged (No such artifact")
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    assert "model.html" in {file.path for file in client.list_artifacts(final.info.run_id)}
    foreign = client.create_run("0").info.run_id
    client.set_terminated(foreign)
    for run_id in (trial.info.run_id, foreign):
        assert_one_line(execute(folder, [*command, run_id]), "no finished training")
    client.delete_run(foreign)


def test_optunas_dashboard_opens_the_study(finished_search):
    folder, _ = finished_search
    port = free_port()
    program = Path(sys.executable).with_name("optuna-dashboard")
    command = [program, f"{folder}/optuna_journal.log", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/dashboard")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/studies") as response:
                (study,) = json.load(response)["study_summaries"]
        finally:
            server.terminate()
    assert study["study_name"] == "widths"
    assert study["directions"] == ["maximize", "minimize"]


def test_again_trains_nothing_and_more_trials_go_on(finished_search, stripes):
    folder, _ = finished_search
    before = [(trial.number, trial.values) for trial in trials_of(folder)]
    parameters = ("trials=5", "epochs=3", "seeds=1", f"dataset={stripes}")
    again = mlflow_run(folder, *parameters, entry="search")
    assert again.returncode == 0, again.stderr
    assert "/5 trial" not in again.stderr
    assert "trainings were finished before, and are reused" in again.stderr
    assert [(trial.number, trial.values) for trial in trials_of(folder)] == before
    (session,) = of_role(folder, "session")
    (parent,) = of_role(folder, "study")
    assert session.data.tags["mnist_tradeoff.study_run_id"] == parent.info.run_id
    more = search(folder, "--trials", "6", *SIZE[2:], "--dataset", str(stripes))
    assert more.returncode == 0, more.stderr
    assert "6/6 trial 5" in more.stderr
    assert len(of_role(folder, "trial")) == len(trials_of(folder)) == 6
    assert len(of_role(folder, "study")) == 1
    for role in ("study", "session", "trial", "final"):
        assert {run.info.status for run in of_role(folder, role)} == {"FINISHED"}


def front_of(path) -> pd.DataFrame:
    return pd.read_csv(path).drop(columns="run_ids")


def test_a_deleted_parent_is_one_line_that_says_how_to_bring_it_back(finished_search, stripes):
    folder, _ = finished_search
    (parent,) = of_role(folder, "study")
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    client.delete_run(parent.info.run_id)
    done = search(folder, *SIZE, "--dataset", str(stripes))
    client.restore_run(parent.info.run_id)
    assert_one_line(done, f"mlflow runs restore --run-id {parent.info.run_id}")


def test_another_study_of_that_name_is_one_line(finished_search, stripes):
    folder, _ = finished_search
    done = search(folder, "--epochs", "3", "--seed", "5", "--dataset", str(stripes))
    assert_one_line(done, "study 'widths' was made with seed=0, not 5")


def assert_one_line(done: subprocess.CompletedProcess[str], message: str) -> None:
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, done.stderr
    assert message in lines[0]
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_a_storage_that_cannot_be_used_is_one_line(tmp_path, stripes):
    storage = "postgresql+psycopg://me:hunter2@127.0.0.1:1/optuna"
    done = search(tmp_path, "--dataset", str(stripes), OPTUNA_STORAGE=storage)
    assert_one_line(done, "cannot be used")


def test_budget_that_no_architecture_meets_is_one_line_and_a_failed_run(tmp_path, stripes):
    done = mlflow_run(tmp_path, "max_params=10", f"dataset={stripes}", entry="search")
    assert done.returncode == 1
    assert "max_params must be 0 or at least 126" in done.stderr
    assert "Traceback" not in done.stderr
    assert {run.info.status for run in runs_in(tmp_path)} == {"FAILED"}


def outcome(folder) -> list[tuple]:
    return [
        (trial.number, trial.state, trial.params, trial.values, trial.user_attrs["seed"])
        for trial in trials_of(folder)
    ]


def assert_report_is_interim(folder: Path, arguments: list[str]) -> None:
    """Of a study that was killed: before and after ``report``."""
    page = folder / "search_widths" / "report.html"
    assert "Interim: " in page.read_text()  # written while it ran
    command = [sys.executable, "-m", "experiments.report", *arguments[-2:]]
    done = execute(folder, command)
    assert done.returncode == 0, done.stderr
    assert "Interim: 4 of 5 trials have ended" in " ".join(done.stdout.split())
    assert "Interim: 4 of 5 trials have ended" in page.read_text()
    (parent,) = of_role(folder, "study")
    assert parent.info.status == "KILLED"


def test_killed_and_run_again_gives_the_trials_of_an_undisturbed_study(
    finished_search, tmp_path, stripes
):
    undisturbed, _ = finished_search
    arguments = [*SIZE, "--dataset", str(stripes)]
    for line in ("2/5", "4/5"):
        with start(tmp_path, *arguments) as process:
            wait_for_line(process, line)
            process.kill()
    assert_report_is_interim(tmp_path, arguments)
    done = search(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    assert outcome(tmp_path) == outcome(undisturbed)[:5]
    assert {run.info.status for run in runs_in(tmp_path)} == {"FINISHED"}
    assert len(of_role(tmp_path, "trial")) == 5
    pd.testing.assert_frame_equal(
        front_of(tmp_path / "search_widths" / "pareto.csv"),
        front_of(undisturbed / "pareto_of_five.csv"),
    )
