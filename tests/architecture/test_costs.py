import random

import pytest

from mnist_tradeoff.architecture.costs import Complexity, complexity
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.training.build import build
from tests.factories import random_architecture

DOCUMENTED_MACS = {"ann": 109_184, "simple_cnn": 2_631_040, "cnn_v1": 662_912, "cnn_v2": 9_837_952}


@pytest.mark.parametrize("name", REFERENCES)
def test_references_have_the_documented_counts(name):
    reference = REFERENCES[name]
    cost = complexity(reference.architecture)
    assert cost.num_params == reference.documented_num_params
    assert cost.num_params == build(reference.architecture).count_params()
    assert cost.macs == DOCUMENTED_MACS[name]


@pytest.mark.parametrize("seed", range(12))
def test_num_params_equals_keras(seed):
    architecture = random_architecture(random.Random(seed))
    assert num_params(architecture, MNIST) == build(architecture, MNIST).count_params()


def test_costs_by_hand():
    # 2C3: 26·26·2 outputs of 9 MACs; P2: 13·13·2; the classifier: 338·10.
    cost = complexity(parse("2C3-P2"))
    assert cost == Complexity(
        num_params=(9 + 1) * 2 + (338 + 1) * 10,
        macs=26 * 26 * 2 * 9 + 338 * 10,
        peak_activation_bytes=4 * (28 * 28 + 26 * 26 * 2),
    )
