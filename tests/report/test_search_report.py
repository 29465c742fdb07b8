"""A study's tables, CSV files, page and figures, from hand-made trials and finals."""

import io
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mnist_tradeoff.analysis.hv2 import MNIST_SCALE, hv2
from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.architecture.public_nets import PROTOCOLS, PUBLIC_NETS, PublicNet
from mnist_tradeoff.architecture.task import Shape, Task
from mnist_tradeoff.report import html, search_figures
from mnist_tradeoff.report.charts import hypervolume_chart, parallel_chart
from mnist_tradeoff.report.notes import study_metrics
from mnist_tradeoff.report.numbers import MISSING
from mnist_tradeoff.report.public_table import public_table
from mnist_tradeoff.report.search import write
from mnist_tradeoff.report.search_frames import pareto_frame, trials_frame
from mnist_tradeoff.report.search_tables import account_table, tables
from mnist_tradeoff.search.results import SearchResults, progress
from mnist_tradeoff.search.spaces import Widths
from mnist_tradeoff.search.surrogate import RandomTrial
from tests.factories import LARGE, MIDDLE, SMALL, exact, make_results, points_in


@pytest.fixture
def results() -> SearchResults:
    return make_results()


def test_without_references_there_is_nothing_to_say_about_them(results):
    titles = [title for title, *_ in tables(results)]
    of_mnist = {"Against the documented accuracies", "Against the public nets, as reported"}
    assert of_mnist < set(titles)
    others = [title for title, *_ in tables(replace(results, references=[]))]
    assert others == [
        *("The front", "What each step along the front buys", "How it was found"),
    ]
    of_other_data = [title for title, *_ in tables(replace(results, dataset="digits"))]
    assert set(titles) - set(of_other_data) == of_mnist


def test_every_public_net_is_answered_by_the_front(results):
    small, middle, _ = results.finalists
    nets = [
        PublicNet("beaten", small.costs["num_params"], 9, small.test.mean - 0.001, "mean"),
        PublicNet("too good", 1_000_000, None, 0.99999, "one run"),
        PublicNet("too small", 1, 1, small.test.mean + 1e-6, "best of many"),
    ]
    rows = {row[0]: row[4:] for row in public_table(results, nets)[2]}
    assert rows["beaten"][0] == rows["beaten"][2] == f"`{small.name}`"
    assert rows["beaten"][3] == "1.0 times"
    assert rows["too good"][2:] == [MISSING, MISSING]
    assert rows["too small"][:2] == [MISSING, MISSING]
    assert rows["too small"][2] == f"`{middle.name}`"
    assert [row[0] for row in public_table(replace(results, costs=["macs"]), nets)[2]] == [
        *("beaten", "too small")
    ]


def test_public_nets_are_open_symbols_on_mnist_only(results):
    def labels(results):
        return search_figures.pareto_front(results).axes[0].get_legend_handles_labels()[1]

    public = [f"public: {words}" for words in PROTOCOLS.values()]
    assert set(public) < set(labels(results))
    assert not set(public) & set(labels(replace(results, dataset="digits")))
    points = points_in(search_figures.pareto_front(results).axes[0])
    assert all((net.num_params, 1 - net.test_accuracy) in points for net in PUBLIC_NETS)


def test_csv_files_hold_every_model_and_trial(results):
    frame = pd.read_csv(io.StringIO(pareto_frame(results).to_csv(index=False)))
    assert frame.role.tolist() == ["front"] * 3 + ["reference"] * 2
    assert frame.num_params.tolist()[:3] == [exact(m)["num_params"] for m in (SMALL, MIDDLE, LARGE)]
    assert frame.tied_with_next.tolist()[:3] == [False, True, False]
    frame = pd.read_csv(io.StringIO(trials_frame(results).to_csv(index=False)))
    assert frame.trial_number.tolist() == [0, 1, 2, 3, 4, 5]
    assert frame.epochs.tolist() == [3, 3, 3, 1, 3, 0]
    assert frame.full_length.tolist() == [True, True, True, False, True, False]
    assert frame.train_seconds.sum() == 18  # 2 s a rung, nine of them
    assert "augment" not in frame
    strong = [replace(results.trials[0], overrides={"augment": "1"})]
    assert trials_frame(replace(results, trials=strong)).augment.tolist() == ["1"]


def test_account_tells_what_successive_halving_missed(results):
    _, _, rows, _ = account_table(results)
    account = dict(rows)
    assert account["trials"] == "6 of 6 architectures"
    assert account["rejected untrained, over budget"] == "2"
    assert account["diverged"] == "1"
    assert account["trained at full length"] == "4, of 3 epochs"
    assert account["stopped early by successive halving"] == "1"
    assert account["… of them on the front after all"].startswith("0 of 1 (95 % interval 0% to")
    assert account["HV2 of the documented references"] == "0.125"
    finals = hv2(
        np.array([finalist.costs["num_params"] for finalist in results.finalists]),
        np.array([finalist.test.mean for finalist in results.finalists]),
        MNIST_SCALE,
    )
    assert account["HV2 of the front's finals, test"] == f"{finals:.3f}"
    assert account["optimism: finals, validation − test, mean points"] == "-0.10"


@pytest.mark.parametrize(
    ("costs", "panels"),
    [(["num_params"], ["num_params", "macs"]), (["macs"], ["macs", "num_params"])],
)
def test_figure_shows_every_model_and_every_trial_over_the_costs_of_the_study(
    results, costs, panels
):
    figure = search_figures.pareto_front(replace(results, costs=costs))
    figure.canvas.draw()
    for axes, cost in zip(figure.axes, panels, strict=True):
        assert axes.get_xlabel() == f"{COSTS[cost].label} (log scale)"
        drawn = points_in(axes)
        for one in (*results.finalists, *results.references):
            assert (one.costs[cost], 1 - one.test.mean) in drawn
        for trial in results.trials:
            if trial.at(3):
                assert (trial.costs[cost], 1 - trial.rungs[-1].val_accuracy) in drawn
    low, high = figure.axes[0].get_ylim()
    assert low > high  # the better, the higher


def test_figure_of_two_measured_costs_shows_these(results):
    def measured(one):
        return replace(one, costs={**one.costs, "latency_us": 9.0, "size_bytes": 5_000.0})

    parts = {
        name: list(map(measured, getattr(results, name)))
        for name in ("trials", "finalists", "references")
    }
    found = replace(results, costs=["size_bytes", "latency_us"], **parts)
    figure = search_figures.pareto_front(found)
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert labels == ["bytes (log scale)", "latency µs (log scale)"]
    title, header, *_ = tables(found)[0]
    assert title == "The front"
    assert header[1:5] == ["parameters", "MACs", "bytes", "latency µs"]


def test_hypervolume_ends_where_the_trials_have_come_to(results):
    grown = search_figures.hypervolume_by_trial(results)
    last = np.asarray(grown.axes[0].lines[0].get_ydata())[-1]
    assert last == progress(results.trials, 3, MNIST_SCALE)[-1].hv2
    assert study_metrics(results)["hv2_search"] == last


def test_on_other_images_the_hypervolume_has_their_scale_and_nothing_is_documented(results):
    others = replace(results, dataset="colours", task=Task(Shape(32, 32, 3), 3))
    names = [row[0] for row in account_table(others)[2]]
    assert "HV2 of the references, test" in names
    assert "HV2 of the documented references" not in names
    drawn = search_figures.hypervolume_by_trial(others).axes[0].lines
    assert drawn[0].get_label() == "front (validation)"
    assert len(drawn) == len(search_figures.hypervolume_by_trial(results).axes[0].lines) - 1
    chart: Any = hypervolume_chart(others)
    assert len(chart.data) == len(chart.layout.updatemenus[0].buttons[0].args[0]["x"]) == 2
    page = html.render(others)
    assert "corner, 564,522 parameters and 66.7 % error; 1 is the ideal, 179 parameters" in page
    assert "at the error of guessing" in page
    assert "corner, 316,228 parameters and 3 % error; 1 is the ideal, 100 param" in html.render(
        results
    )
    assert 0 < study_metrics(others)["hv2_test"] <= 1


def test_trials_side_by_side_have_an_axis_for_every_number_of_their_space(results):
    space, generator = Widths().fitted(Task(Shape(256, 256, 3), 3)), random.Random(0)
    proposals = [space.suggest(RandomTrial(generator)) for _ in range(40)]
    trials = [
        replace(results.trials[0], number=i, params=space.params(one))
        for i, one in enumerate(proposals)
    ]
    many = replace(results, trials=trials)
    chart: Any = parallel_chart(many)
    found = {one.label for one in chart.data[0].dimensions}
    numbers = {name for trial in trials for name in trial.params} - {"dense"}
    assert found == {*numbers, "parameters", "MACs", "validation"}
    assert {"filters_6_1", "units"} <= found
    (six,) = [one for one in chart.data[0].dimensions if one.label == "filters_6_1"]
    assert list(six.values) == [trial.params.get("filters_6_1", 0) for trial in trials]
    assert f"min-width: {4.5 * len(found):g}rem" in html.render(many)


def test_the_report_is_written_whole_over_an_older_one(tmp_path):
    folder = tmp_path / "search_s"
    write({"pareto.md": "old"}, folder)
    paths = write({"pareto.md": "new", "pareto.png": b"\x89PNG"}, folder)
    assert [path.read_bytes() for path in paths] == [b"new", b"\x89PNG"]
    assert sorted(folder.iterdir()) == sorted(paths)
