"""What a search found, from hand-made trials and finals."""

from dataclasses import replace

import numpy as np
import optuna
import pytest

from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.proposals import Proposal
from mnist_tradeoff.search.results import (
    SearchResults,
    Standing,
    best_no_more_expensive,
    cheapest_as_accurate,
    cheapest_not_worse,
    finalist_name,
    finalists_of,
    hv2_of,
    on_test_front,
    progress,
    standings,
)
from mnist_tradeoff.search.successive_halving import candidates, front
from tests.factories import (
    LABELS,
    LARGE,
    MIDDLE,
    SMALL,
    WRONG,
    make_final,
    make_results,
    make_trial,
)


@pytest.fixture
def results() -> SearchResults:
    return make_results()


def test_finalists_are_the_trained_models_of_the_front_by_cost(results):
    assert [finalist.name for finalist in results.finalists] == [SMALL, MIDDLE, LARGE]
    assert [finalist.name for finalist in results.references] == ["ann", "cnn_v1"]
    small = results.finalists[0]
    assert (small.search_accuracy, small.trials) == (0.95, [0])
    assert small.test.mean == pytest.approx(0.949)
    assert small.correct.sum(axis=1).tolist() == [950, 949, 948]
    assert small.run_ids == [f"{SMALL}-{seed}" for seed in (0, 1, 2)]


def test_two_recipes_of_one_architecture_are_two_finalists():
    cnn_v1 = REFERENCES["cnn_v1"].architecture
    names = {
        epochs: finalist_name(Proposal.of(cnn_v1, {"epochs": epochs}), MNIST) for epochs in (3, 9)
    }
    assert names == {3: "cnn_v1 epochs=3", 9: "cnn_v1 epochs=9"}
    trials = [
        make_trial(0, str(cnn_v1), 100, {3: 0.98}, overrides={"epochs": 3}),
        make_trial(1, str(cnn_v1), 100, {3: 0.98}, overrides={"epochs": 9}),
    ]
    trainings = {name: [make_final("cnn_v1", epochs, 20)] for epochs, name in names.items()}
    found = front(candidates(trials, 3), ["num_params"])
    finalists, _ = finalists_of(found, {}, trainings, LABELS, MNIST)
    assert {one.name: one.run_ids for one in finalists} == {
        "cnn_v1 epochs=3": ["cnn_v1-3"],
        "cnn_v1 epochs=9": ["cnn_v1-9"],
    }


def test_standings(results):
    assert standings(results.trials, results.costs, results.epochs) == {
        0: Standing(True, None),
        1: Standing(True, None),
        2: Standing(True, None),
        3: Standing(False, 0),  # stopped early: among those of one epoch
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
    grown = progress(results.trials, results.epochs, results.scale)
    values = [point.hv2 for point in grown]
    assert values == sorted(values)
    assert values[-1] == hv2_of(candidates(results.trials, 3), results.scale)
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
    assert found.name == MIDDLE  # SMALL is worse than the ann
    best = best_no_more_expensive(results, cnn_v1)
    assert best is not None
    assert best.name == LARGE
    assert cheapest_as_accurate(results, ann, 0.999) is None
    tied = cheapest_not_worse(results, cnn_v1)
    assert tied is not None
    assert tied.name == MIDDLE  # SMALL is worse by three points of a thousand images


def test_neighbours_that_differ_by_one_image_are_tied(results):
    first, second = results.steps
    assert first.is_real
    assert not second.is_real
    assert second.difference == pytest.approx(0.001)


def test_a_model_that_is_worse_on_test_than_a_cheaper_one_leaves_the_test_front(results):
    trainings = {
        LARGE: [make_final(LARGE, seed, 21) for seed in (0, 1)],
        **{model: [make_final(model, 0, WRONG[model])] for model in (SMALL, MIDDLE)},
    }
    found = front(candidates(results.trials, 3), ["num_params"])
    finalists, _ = finalists_of(found, {}, trainings, LABELS, MNIST)
    assert on_test_front(replace(results, finalists=finalists)) == [True, True, False]
