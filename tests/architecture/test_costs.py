import random

import pytest

from mnist_tradeoff.architecture.costs import COSTS, exact_cost, exact_costs, excesses, num_params
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.training.build import build
from tests.factories import random_architecture

DOCUMENTED_MACS = {"ann": 109_184, "simple_cnn": 2_631_040, "cnn_v1": 662_912, "cnn_v2": 9_837_952}
EXACT = [name for name, cost in COSTS.items() if cost.is_exact]


@pytest.mark.parametrize("name", REFERENCES)
def test_references_have_the_documented_counts(name):
    reference = REFERENCES[name]
    assert exact_costs(reference.architecture, MNIST) == {
        "num_params": reference.documented_num_params,
        "macs": DOCUMENTED_MACS[name],
    }
    model = build(reference.architecture, MNIST)
    assert model.count_params() == reference.documented_num_params


@pytest.mark.parametrize("seed", range(12))
def test_num_params_equals_keras(seed):
    architecture = random_architecture(random.Random(seed))
    assert num_params(architecture, MNIST) == build(architecture, MNIST).count_params()


def test_costs_by_hand():
    # 2C3: 26·26·2 outputs of 9 MACs; P2: 13·13·2; the classifier: 338·10.
    assert exact_costs(parse("2C3-P2"), MNIST, EXACT) == {
        "num_params": (9 + 1) * 2 + (338 + 1) * 10,
        "macs": 26 * 26 * 2 * 9 + 338 * 10,
        "peak_activation_bytes": 4 * (28 * 28 + 26 * 26 * 2),
    }


def test_costs_are_those_of_a_task():
    # 8·8·3 pixels: 2C3 has 27 weights a filter and 6·6·2 outputs; the classifier: 3·3·2·4.
    assert exact_costs(parse("2C3-P2"), Task(Shape(8, 8, 3), 4)) == {
        "num_params": (27 + 1) * 2 + (18 + 1) * 4,
        "macs": 6 * 6 * 2 * 27 + 18 * 4,
    }


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("watts", "unknown cost 'watts': use num_params, macs, size_bytes, latency_us"),
        ("latency_us", "latency_us is not known by arithmetic: it must be measured"),
    ],
)
def test_a_cost_that_arithmetic_does_not_know_is_an_error(name, message):
    with pytest.raises(ValueError, match=message):
        exact_cost(parse("2C3-P2"), name, MNIST)


def test_a_budget_is_exceeded_by_what_is_above_it():
    costs = {"num_params": 120, "macs": 900}
    assert excesses(costs, {"macs": 1_000}) == {"macs": -100}
    assert excesses(costs, {"num_params": 100, "macs": 900}) == {"num_params": 20, "macs": 0}
