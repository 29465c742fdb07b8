"""Counts by arithmetic against public figures, Keras, and the files that are deployed."""

import numpy as np
import pytest

from mnist_tradeoff.architecture.costs import (
    macs,
    num_params,
    peak_activation_bytes,
    trainable_params,
)
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.device.convert import convert, stop_converter
from mnist_tradeoff.training.build import build, build_net
from tests.factories import constants

LENET = "6C5s:tanh-A2-16C5:tanh-A2-120:tanh-84:tanh"
PUBLIC_697 = "6C3s:leaky-P2-5DS3:leaky-9DS3:leaky-10DS3:leaky-8DS3:leaky-G"
PUBLIC_1924 = "8C3-P2-26DS3-(26DS3s)@3-G-16"
EVERY_KIND = [
    *("cnn_v1", LENET, PUBLIC_697, PUBLIC_1924, "32b-32b:elu", "8C3-P2-16C3-P2-head3"),
    "8C3b-8C3S2sb:silu-A2-(8DS3sb:hswish)+-((12C3sb)x2)x2-G-drop0.25-16b:gelu",
    "6C3s-(D3sb-6C1:sigmoid)x2-P2-(6C3s-6C1:linear)@2-24",
]


@pytest.fixture(scope="module", autouse=True)
def _converter():
    yield
    stop_converter()


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (LENET, 61_706),  # LeCun et al., 1998, as it is commonly rebuilt
        (PUBLIC_697, 697),  # JoshWarn/Parameter-Efficient-MNIST
        (PUBLIC_1924, 1_924),  # ruslangrimov/mnist-minimal-model, less 12 of its normalisation
        ("784-128-10", 101_770),
    ],
)
def test_public_figures(model, expected):
    assert num_params(resolve(model, MNIST), MNIST) == expected


def test_macs_of_public_nets():
    assert macs(resolve(PUBLIC_697, MNIST), MNIST) == 80_576
    assert macs(resolve(PUBLIC_1924, MNIST), MNIST) == 413_458
    assert macs(resolve("784-128-10", MNIST), MNIST) == 101_632


@pytest.mark.parametrize("model", EVERY_KIND)
def test_counts_equal_keras(model):
    architecture = resolve(model, MNIST)
    assert num_params(architecture, MNIST) == build(architecture, MNIST).count_params()
    trained = build_net(architecture, MNIST, is_trained=True).model
    count = sum(int(np.prod(weight.shape)) for weight in trained.trainable_weights)
    assert trainable_params(architecture, MNIST) == count


def test_what_is_normalised_in_every_pass_is_deployed_for_every_pass():
    architecture = parse("8C3-(8C3sb)@3-G")
    stem, kernel, passes, classifier = 80, 8 * 8 * 9, 3 * 2 * 8, 90
    assert num_params(architecture, MNIST) == stem + kernel + passes + classifier
    assert trainable_params(architecture, MNIST) == num_params(architecture, MNIST)


@pytest.mark.slow
@pytest.mark.parametrize("model", EVERY_KIND)
def test_num_params_is_the_number_of_constants_in_the_exported_file(model):
    architecture = resolve(model, MNIST)
    weights = [
        np.random.default_rng(i).uniform(0.1, 1, weight.shape).astype(np.float32)
        for i, weight in enumerate(build(architecture, MNIST).get_weights())
    ]
    scale_of_the_pixels = 1
    found = constants(convert(architecture, MNIST, weights))
    assert found == num_params(architecture, MNIST) + scale_of_the_pixels


def test_peak_memory_by_hand():
    task = Task(Shape(8, 8, 1), 2)
    assert peak_activation_bytes(parse("4C1"), task) == 4 * (64 + 256)
    # depthwise 4 channels between an input of 4 and an output of 16
    assert peak_activation_bytes(parse("4C1-16DS3s"), task) == 4 * (256 + 1_024)
    # while the second layer runs, the input waits for the sum
    assert peak_activation_bytes(parse("4C1-(4C1-4C1)+"), task) == 4 * (256 + 256 + 256)
