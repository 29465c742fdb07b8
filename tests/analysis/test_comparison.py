from itertools import pairwise

import pytest

from mnist_tradeoff.analysis.comparison import (
    common_mistakes,
    compared_by,
    compared_pairs,
    correct_by_model,
    costs_of,
    differences,
    steps,
)
from mnist_tradeoff.architecture.task import MNIST
from tests.factories import COSTS, LABELS, RIGHT, exact, make_training


@pytest.fixture
def correct():
    trainings = [make_training(model, seed) for model in RIGHT for seed in (0, 1)]
    return correct_by_model(trainings, LABELS)


def test_each_seed_of_a_model_is_right_where_it_says_the_label(correct):
    assert {name: one.sum(axis=1).tolist() for name, one in correct.items()} == {
        name: [right, right + 1] for name, right in RIGHT.items()
    }


def test_every_pair_is_compared_and_the_larger_gaps_are_real(correct):
    found = differences(correct, COSTS)
    assert len(found) == 6
    assert found["ann", "cnn_v2"].difference == pytest.approx(0.042)
    assert found["ann", "cnn_v2"].is_real
    assert found["ann", "cnn_v2"].p_value < 1e-9


def test_of_many_models_neighbours_on_the_front_and_the_references_are_compared():
    small = {f"{filters}C3-P2": 900 + filters for filters in (1, 2, 3, 4, 5)}
    small["3C3-P2"] = 800  # no model of the front
    groups = [make_training(name, 0, right, **exact(name)) for name, right in small.items()]
    groups += [make_training(name, 0) for name in ("ann", "cnn_v1", "cnn_v2")]
    costs = costs_of(groups, MNIST)
    pairs = compared_pairs(groups, costs)
    order = ["1C3-P2", "2C3-P2", "4C3-P2", "5C3-P2", "cnn_v1", "ann", "cnn_v2"]
    assert compared_by("num_params", groups, costs) == order
    assert pairs[:6] == list(pairwise(order))
    assert set(pairs[6:]) == {("cnn_v1", "ann"), ("cnn_v1", "cnn_v2"), ("ann", "cnn_v2")}
    found = differences(correct_by_model(groups, LABELS), costs, pairs)
    assert len(found) == 7
    assert found["ann", "cnn_v1"].difference == pytest.approx(0.03)
    few = groups[:4]
    assert len(compared_pairs(few, costs_of(few, MNIST))) == 6


def test_a_gap_of_one_image_is_noise():
    pair = [make_training("simple_cnn", 0, 980), make_training("cnn_v1", 0, 981)]
    found = differences(correct_by_model(pair, LABELS), COSTS)
    assert not found["cnn_v1", "simple_cnn"].is_real
    assert found["cnn_v1", "simple_cnn"].p_value == 1


def test_steps_name_the_corrected_and_the_broken_images():
    a, b = make_training("cnn_v1", 0, 980), make_training("ann", 0, 980)
    b.predictions[[5, 6]] = LABELS[[5, 6]] + 1  # broken
    b.predictions[[990]] = LABELS[[990]]  # corrected
    (step,) = steps(correct_by_model([a, b], LABELS), "num_params", COSTS)
    assert (step.cheaper, step.costlier, step.paid) == ("cnn_v1", "ann", 96_576)
    assert step.corrected.tolist() == [990]
    assert step.broken.tolist() == [5, 6]
    (backwards,) = steps(correct_by_model([a, b], LABELS), "macs", COSTS)
    assert (backwards.cheaper, backwards.paid) == ("ann", 553_728)
    assert backwards.corrected.tolist() == [5, 6]


def test_an_image_is_right_where_most_seeds_are(correct):
    # the seeds of a model have RIGHT and RIGHT + 1 images right: no majority on the last one
    (first, *_) = steps(correct, "macs", COSTS)
    assert len(first.corrected) == RIGHT["cnn_v1"] - RIGHT["ann"]


def test_common_mistakes():
    votes = [make_training("ann", seed, 1_000) for seed in range(5)]
    for seed, prediction in enumerate((7, 7, 3)):  # image 0 is a 0, and right twice
        votes[seed].predictions[0] = prediction
    assert common_mistakes(votes, LABELS)["ann"][0] == 7
