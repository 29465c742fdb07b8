"""What a search found, from hand-made trials and finals."""

import io

import numpy as np
import optuna
import pandas as pd
import pytest

from mnist_tradeoff.analysis.pareto import hv2
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.report import figures, page
from mnist_tradeoff.report.search_tables import account_table, pareto_frame, tables, trials_frame
from mnist_tradeoff.search.results import (
    SearchResults,
    Standing,
    best_no_dearer,
    cheapest_as_accurate,
    cheapest_not_worse,
    finalists_of,
    hv2_of,
    neighbours,
    on_test_front,
    progress,
    standings,
)
from mnist_tradeoff.search.successive_halving import candidates, front
from tests.factories import make_trial

IMAGES = 1_000
LABELS = np.arange(IMAGES) % 10


def exact(notation: str) -> dict[str, float]:
    cost = complexity(parse(notation))
    return {"num_params": cost.num_params, "macs": cost.macs}


SMALL, MIDDLE, LARGE = "2C3-P2-2C3-P2", "4C3-P2-4C3-P2", "8C3-P2-8C3-P2"
WRONG = {SMALL: 50, MIDDLE: 20, LARGE: 19, "cnn_v1": 20, "ann": 40}


@pytest.fixture
def results() -> SearchResults:
    def trial(number, architecture, accuracies, **more):
        params = exact(architecture)["num_params"]
        return make_trial(number, architecture, int(params), accuracies, **more)

    trials = [
        trial(0, SMALL, {1: 0.90, 3: 0.95}),
        trial(1, MIDDLE, {1: 0.92, 3: 0.98}),
        trial(2, LARGE, {1: 0.93, 3: 0.985}),
        trial(3, "6C3-P2-8C3-P2", {1: 0.89}),
        trial(4, "5C3-P2-5C3-P2", {1: 0.88, 3: 0.93}, audited=True),
        trial(5, "64C3-P2-64C3-P2", {}, error="training diverged in epoch 1: <lower>"),
    ]
    found = front(candidates(trials, 3), ["num_params"])
    trainings = [
        make_training(model, seed, wrong + seed)
        for model, wrong in WRONG.items()
        for seed in (0, 1, 2)
    ]
    costs = {name: exact(str(reference.architecture)) for name, reference in REFERENCES.items()}
    finalists, references = finalists_of(found, costs, trainings, LABELS)
    return SearchResults(
        study="s",
        dataset="mnist",
        costs=["num_params"],
        budgets={"num_params": 20_000, "macs": 0},
        epochs=3,
        trials=trials,
        refused=2,
        importances={"val_accuracy": {"blocks": 0.6, "dense": 0.4}},
        finalists=finalists,
        references=references,
    )


def test_finalists_are_the_trained_models_of_the_front_by_cost(results):
    assert [finalist.model for finalist in results.finalists] == [SMALL, MIDDLE, LARGE]
    assert [finalist.model for finalist in results.references] == ["ann", "cnn_v1"]
    small = results.finalists[0]
    assert (small.search_accuracy, small.trials) == (0.95, [0])
    assert small.test.mean == pytest.approx(0.949)
    assert small.correct.sum(axis=1).tolist() == [950, 949, 948]
    assert small.run_ids == [f"run-{SMALL}-{seed}" for seed in (0, 1, 2)]


def test_standings(results):
    assert standings(results.trials, results.costs, results.epochs) == {
        0: Standing(True, None),
        1: Standing(True, None),
        2: Standing(True, None),
        3: Standing(False, 0),  # stopped short: among those of one epoch
        4: Standing(False, 0),
        5: Standing(False, None),  # diverged
    }


def test_a_replicate_stands_where_the_mean_of_its_architecture_stands():
    trials = [
        make_trial(0, "4C3-P2", 100, {1: 0.99}),
        make_trial(1, "4C3-P2", 100, {1: 0.91}),
        make_trial(2, "2C3-P2", 90, {1: 0.96}),
    ]
    found = standings(trials, ["num_params"], 1)
    assert found[0] == found[1] == Standing(False, 2)


def test_hypervolume_over_trials_never_falls_and_agrees_with_optunas(results):
    grown = progress(results.trials, results.epochs)
    values = [point.hv2 for point in grown]
    assert values == sorted(values)
    assert values[-1] == hv2_of(candidates(results.trials, 3))
    assert [point.seconds for point in grown] == [10, 20, 30, 40, 50, 60]
    # Optuna's own, on the same axes
    study = optuna.create_study(directions=["maximize", "maximize"])
    for one in candidates(results.trials, 3):
        x = (5.5 - np.log10(one.costs["num_params"])) / 3.5
        y = np.log10(3) - np.log10(100 * (1 - one.val_accuracy))
        study.add_trial(optuna.create_trial(values=[x, y]))
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        figure = optuna.visualization.plot_hypervolume_history(study, [0.0, 0.0])
    assert values[-1] == pytest.approx(figure.to_dict()["data"][0]["y"][-1])


def test_front_against_the_references(results):
    ann, cnn_v1 = results.references
    found = cheapest_as_accurate(results, ann, ann.test.mean)
    assert found is not None
    assert found.model == MIDDLE  # SMALL is worse than the ann
    best = best_no_dearer(results, cnn_v1)
    assert best is not None
    assert best.model == LARGE
    assert cheapest_as_accurate(results, ann, 0.999) is None
    tied = cheapest_not_worse(results, cnn_v1)
    assert tied is not None
    assert tied.model == MIDDLE  # SMALL is worse by three points of a thousand images


def test_neighbours_that_differ_by_one_image_are_tied(results):
    first, second = neighbours(results.finalists)
    assert first.is_real
    assert not second.is_real
    assert second.difference == pytest.approx(0.001)


def test_a_model_that_is_worse_on_test_than_a_cheaper_one_leaves_the_test_front(results):
    worse = [make_training(LARGE, seed, 21) for seed in (0, 1)]
    others = [make_training(model, 0, WRONG[model]) for model in (SMALL, MIDDLE)]
    found = front(candidates(results.trials, 3), ["num_params"])
    finalists, _ = finalists_of(found, {}, [*worse, *others], LABELS)
    changed = SearchResults(**{**vars(results), "finalists": finalists, "references": []})
    assert on_test_front(changed) == [True, True, False]
    assert len(tables(changed)) == 3  # nothing to say about references


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


def test_account_tells_what_the_ladder_missed(results):
    _, _, rows, _ = account_table(results)
    account = dict(rows)
    assert account["trials"] == "6 of 6 architectures"
    assert account["refused untrained, over budget"] == "2"
    assert account["diverged"] == "1"
    assert account["trained at full length"] == "4, of 3 epochs"
    assert account["stopped short by the ladder"] == "1"
    assert account["… of them on the front after all"].startswith("0 of 1 (95 % interval 0% to")
    assert account["HV2 of the documented references"] == "0.125"
    finals = hv2(
        np.array([finalist.costs["num_params"] for finalist in results.finalists]),
        np.array([finalist.test.mean for finalist in results.finalists]),
    )
    assert account["HV2 of the front's finals, test"] == f"{finals:.3f}"
    assert account["optimism: finals, validation − test, mean points"] == "-0.10"


def test_page_is_whole_and_what_comes_from_outside_is_escaped(results):
    hostile = SearchResults(**{**vars(results), "dataset": "<script>alert(1)</script>"})
    text = page.render(hostile)
    assert "<script>alert(1)</script>" not in text
    assert text.count("plotly-graph-div") >= len(page.charts(results)) == 5
    for source in ("<script src", "<link", "@import"):
        assert source not in text


def test_figures_show_every_model_and_every_trial(results):
    figure = figures.pareto_front(results)
    figure.canvas.draw()
    for axes, cost in zip(figure.axes, ("num_params", "macs"), strict=True):
        lines = [np.asarray(line.get_xydata()) for line in axes.lines]
        drawn = {tuple(map(float, xy)) for line in lines for xy in line}
        for one in (*results.finalists, *results.references):
            assert (one.costs[cost], 1 - one.test.mean) in drawn
        for trial in results.trials:
            if trial.at(3):
                assert (trial.costs[cost], 1 - trial.rungs[-1].val_accuracy) in drawn
    low, high = figure.axes[0].get_ylim()
    assert low > high  # the better, the higher
    grown = figures.hypervolume_by_trial(results)
    grown.canvas.draw()
    last = np.asarray(grown.axes[0].lines[0].get_ydata())[-1]
    assert last == progress(results.trials, 3)[-1].hv2
