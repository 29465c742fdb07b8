import math
from dataclasses import replace

import pytest

from mnist_tradeoff.analysis.recommendation import recommend, standard_error
from mnist_tradeoff.analysis.statistics import Sample
from mnist_tradeoff.analysis.trainings import Model
from tests.factories import make_training

IMAGES = 5_000


def option(name: str, num_params: float, *accuracies: float, **costs: float) -> Model:
    trainings = [
        make_training(name, seed, 0, val_accuracy=one) for seed, one in enumerate(accuracies)
    ]
    return Model(name, name, {"num_params": num_params, **costs}, trainings)


TINY = option("tiny", 500, 0.950, 0.952)
SMALL = option("small", 5_000, 0.9895, 0.9905, latency_us=9.0)
MIDDLE = option("middle", 20_000, 0.9900, 0.9910, latency_us=30.0)
LARGE = option("large", 200_000, 0.9940, 0.9942)
ALL = [LARGE, SMALL, TINY, MIDDLE]


def ask(cost: str = "num_params", **budgets: float):
    return recommend(ALL, budgets, cost, IMAGES)


def test_the_cheapest_within_one_standard_error_of_the_best_that_fits():
    found = ask(num_params=50_000)
    assert found.best is MIDDLE
    assert 0.001 < found.standard_error < 0.002
    assert found.chosen is SMALL
    assert found.cheaper is TINY
    assert found.better is MIDDLE


def test_a_best_one_that_stands_out_is_taken():
    found = ask()
    assert found.chosen is found.best is LARGE
    assert found.better is None
    assert found.cheaper is MIDDLE


def test_the_accuracy_asked_for_rules_out_the_cheapest():
    assert ask(num_params=1_000).chosen is TINY
    assert ask(num_params=50_000, min_accuracy=0.9902).chosen is MIDDLE


def test_a_measured_cost_is_a_budget_once_all_models_have_it():
    measured = [SMALL, MIDDLE]
    assert recommend(measured, {"latency_us": 10}, "num_params", IMAGES).chosen is SMALL
    assert recommend(measured, {"latency_us": 100}, "latency_us", IMAGES).chosen is SMALL
    for budgets, cost in (({"latency_us": 10}, "num_params"), ({}, "latency_us")):
        with pytest.raises(ValueError, match=r"latency_us has not .* for 2 of 4 models: run"):
            recommend(ALL, budgets, cost, IMAGES)


def test_standard_error_by_hand():
    assert standard_error(Sample(0.9, math.nan, 1, math.nan, math.nan), 100) == pytest.approx(0.03)
    two = Sample(0.9, 0.04, 4, 0.8, 1.0)
    assert standard_error(two, 100) == pytest.approx((0.0009 + 0.0004) ** 0.5)


@pytest.mark.parametrize(
    ("budgets", "message"),
    [
        (
            {"num_params": 100},
            "no model keeps num_params ≤ 100: only num_params is in the way; nearest comes tiny "
            "(num_params 500, val_accuracy 0.9510)",
        ),
        (
            {"num_params": 1_000, "min_accuracy": 0.99},
            "no model keeps num_params ≤ 1,000, min_accuracy ≥ 0.99: only num_params or "
            "min_accuracy is in the way; nearest comes tiny (num_params 500, val_accuracy 0.9510)",
        ),
        (
            {"num_params": 100, "min_accuracy": 0.999},
            "no model keeps num_params ≤ 100, min_accuracy ≥ 0.999: no single budget is in the "
            "way; nearest comes tiny (num_params 500, val_accuracy 0.9510)",
        ),
    ],
)
def test_where_nothing_fits_the_line_says_what_binds_and_what_is_nearest(budgets, message):
    with pytest.raises(ValueError, match="no model keeps") as error:
        ask(**budgets)
    assert str(error.value) == message


def test_a_model_without_the_file_of_a_cost_is_no_option():
    lacking = [replace(one, left_out={"model.tflite": "no op"}) for one in TINY.trainings]
    without = Model("tiny", "tiny", {"num_params": 500}, lacking)
    found = recommend([without, SMALL, MIDDLE], {"latency_us": 50}, "latency_us", IMAGES)
    assert (found.chosen, found.cheaper, found.excluded) == (SMALL, None, [without])
    assert recommend([without, SMALL], {"num_params": 600}, "num_params", IMAGES).chosen is without
    with pytest.raises(ValueError, match=r"no model has a model\.tflite, .*: tiny: no op"):
        recommend([without], {"latency_us": 50}, "latency_us", IMAGES)
