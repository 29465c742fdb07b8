import pytest

from mnist_tradeoff.search.successive_halving import (
    candidates,
    front,
    is_promoted,
    rung_epochs,
)
from tests.factories import make_trial


@pytest.mark.parametrize(
    ("epochs", "lengths"),
    [(1, [1]), (2, [2]), (3, [1, 3]), (8, [2, 8]), (9, [1, 3, 9]), (10, [1, 3, 10])],
)
def test_each_rung_is_a_third_of_the_next(epochs, lengths):
    assert rung_epochs(epochs) == lengths


def test_an_architecture_counts_with_the_mean_of_its_trials_of_one_length():
    trials = [
        make_trial(2, "4C3-P2", 100, {1: 0.90, 3: 0.95}),
        make_trial(0, "4C3-P2", 100, {1: 0.92, 3: 0.97}),
        make_trial(1, "8C3-P2", 200, {1: 0.80}),
        make_trial(3, "2C3-P2", 50, {}, error="diverged"),
    ]
    short = candidates(trials, 1)
    assert [(one.architecture, one.trials) for one in short] == [
        ("4C3-P2", [0, 2]),
        ("8C3-P2", [1]),
    ]
    assert short[0].val_accuracy == pytest.approx(0.91)
    (full,) = candidates(trials, 3)
    assert full.val_accuracy == pytest.approx(0.96)


def test_two_recipes_of_one_architecture_are_two_candidates():
    trials = [
        make_trial(0, "4C3-P2", 100, {1: 0.90}, overrides={"batch_size": 64}),
        make_trial(1, "4C3-P2", 100, {1: 0.80}),
        make_trial(2, "4C3-P2", 100, {1: 0.92}, overrides={"batch_size": 64}),
    ]
    found = candidates(trials, 1)
    assert [(str(one.proposal), one.trials) for one in found] == [
        ("4C3-P2 batch_size=64", [0, 2]),
        ("4C3-P2", [1]),
    ]
    assert {one.architecture for one in found} == {"4C3-P2"}
    (best,) = front(found, ["num_params"])
    assert best.proposal.overrides == (("batch_size", 64),)
    assert is_promoted(best.proposal, found, ["num_params"])


def test_front_is_ordered_by_cost():
    trials = [
        make_trial(0, "8C3-P2", 200, {1: 0.95}),
        make_trial(1, "4C3-P2", 100, {1: 0.90}),
        make_trial(2, "6C3-P2", 150, {1: 0.90}),  # more expensive than 4C3-P2 and no better
        make_trial(3, "9C3-P2", 210, {1: 0.94}),  # more expensive than 8C3-P2 and worse
    ]
    found = front(candidates(trials, 1), ["num_params"])
    assert [one.architecture for one in found] == ["4C3-P2", "8C3-P2"]


def test_the_best_third_by_pareto_rank_is_promoted():
    on_front = [make_trial(i, f"{i + 2}C3-P2", 100 + i, {1: 0.9 + i / 100}) for i in range(2)]
    behind = [make_trial(9 + i, f"{i + 20}C3-P2", 900 + i, {1: 0.5 - i / 100}) for i in range(4)]
    found = candidates([*on_front, *behind], 1)
    promoted = [is_promoted(one.proposal, found, ["num_params"]) for one in found]
    # Ranks 1, 1, 2, 3, 4, 5 of six: a third is two, and the front is exactly that.
    assert promoted == [True, True, False, False, False, False]


def test_a_front_is_promoted_however_large_it_is():
    trials = [make_trial(i, f"{i + 2}C3-P2", 100 + i, {1: 0.5 + i / 100}) for i in range(10)]
    found = candidates(trials, 1)
    assert all(is_promoted(one.proposal, found, ["num_params"]) for one in found)
