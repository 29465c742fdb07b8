import numpy as np
import pytest

from mnist_tradeoff.analysis.comparison import (
    common_mistakes,
    conclusions,
    correct_by_model,
    difference_table,
    differences,
    step_table,
    steps,
)
from tests.factories import LABELS, RIGHT, training


@pytest.fixture
def trainings():
    return [training(model, seed) for model in RIGHT for seed in (0, 1)]


@pytest.fixture
def correct(trainings):
    return correct_by_model(trainings, LABELS)


def test_every_pair_is_compared_and_the_larger_gaps_are_real(correct):
    found = differences(correct)
    assert len(found) == 6
    assert found["ann", "cnn_v2"].difference == pytest.approx(0.042)
    assert found["ann", "cnn_v2"].is_real
    assert found["ann", "cnn_v2"].p_value < 1e-9
    assert len(difference_table(found).splitlines()) == 8


def test_a_gap_of_one_image_is_noise():
    pair = [training("simple_cnn", 0, 980), training("cnn_v1", 0, 981)]
    found = differences(correct_by_model(pair, LABELS))
    assert not found["cnn_v1", "simple_cnn"].is_real
    assert found["cnn_v1", "simple_cnn"].p_value == 1
    assert "not told apart" in difference_table(found)


def test_steps_name_the_mended_and_the_broken_images():
    a, b = training("cnn_v1", 0, 980), training("ann", 0, 980)
    b.predictions[[5, 6]] = LABELS[[5, 6]] + 1  # broken
    b.predictions[[990]] = LABELS[[990]]  # mended
    (step,) = steps(correct_by_model([a, b], LABELS), "num_params")
    assert (step.cheaper, step.dearer) == ("cnn_v1", "ann")
    assert step.fixed.tolist() == [990]
    assert step.broken.tolist() == [5, 6]
    (backwards,) = steps(correct_by_model([a, b], LABELS), "macs")
    assert (backwards.cheaper, backwards.fixed.tolist()) == ("ann", [5, 6])
    table = step_table([step, backwards])
    assert "96,576 parameters" in table
    assert "nothing gained" in table
    assert "553,728 MACs" in table


def test_an_image_is_right_where_most_seeds_are(correct):
    # the seeds of a model have RIGHT and RIGHT + 1 images right: no majority on the last one
    (first, *_) = steps(correct, "macs")
    assert len(first.fixed) == RIGHT["cnn_v1"] - RIGHT["ann"]


def test_common_mistakes():
    votes = [training("ann", seed, 1_000) for seed in range(5)]
    for seed, prediction in enumerate((7, 7, 3)):  # image 0 is a 0, and right twice
        votes[seed].predictions[0] = prediction
    assert common_mistakes(votes, LABELS)["ann"][0] == 7


def test_documented_conclusions_confirmed_and_contradicted(trainings, correct):
    found = conclusions(trainings, correct)
    assert [c.confirmed for c in found] == [True, True, True, True]
    assert "17.6 times fewer" in found[0].evidence
    # cnn_v1 as poor as can be, cnn_v2 no better than simple_cnn
    others = [t for t in trainings if t.model not in ("cnn_v1", "cnn_v2")]
    poor = [training("cnn_v1", seed, 900) for seed in (0, 1)]
    even = [training("cnn_v2", seed, 985 + seed) for seed in (0, 1)]
    changed = [*others, *poor, *even]
    verdicts = [c.confirmed for c in conclusions(changed, correct_by_model(changed, LABELS))]
    assert verdicts == [False, False, True, False]


def test_no_conclusions_without_all_four(trainings):
    some = [t for t in trainings if t.model != "ann"]
    assert conclusions(some, correct_by_model(some, LABELS)) == []
    assert np.isin(list(correct_by_model(some, LABELS)), list(RIGHT)).all()
