"""HV2: on MNIST as it is documented, elsewhere by the rule."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_tradeoff.analysis.hv2 import MNIST_SCALE, hv2, scale_of
from mnist_tradeoff.analysis.pareto import hypervolume
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST, Shape, Task

COLOURS = Task(Shape(32, 32, 3), 3)
TASKS = (MNIST, COLOURS, Task(Shape(8, 8, 1), 2), Task(Shape(256, 256, 3), 1_000))
models = st.lists(
    st.tuples(st.integers(1, 10**8), st.floats(0, 1, allow_nan=False)), min_size=1, max_size=9
)


def of_one(num_params: float, accuracy: float, scale=MNIST_SCALE) -> float:
    return hv2(np.array([num_params]), np.array([accuracy]), scale)


def test_of_the_documented_references():
    references = REFERENCES.values()
    params = np.array([r.documented_num_params for r in references])
    accuracies = np.array([r.documented_test_accuracy for r in references])
    assert hv2(params, accuracies, MNIST_SCALE) == pytest.approx(0.125, abs=5e-4)


@given(models)
def test_on_mnist_it_is_the_documented_formula_to_the_last_bit(found):
    params, accuracies = np.array(found).T
    x = (5.5 - np.log10(params)) / 3.5
    y = np.log10(3.0) - np.log10(np.maximum(100 * (1 - accuracies), 0.01))
    documented = hypervolume(-np.stack([x, y], axis=1), np.zeros(2))
    assert hv2(params, accuracies, scale_of("mnist", MNIST)) == documented


def test_of_its_ideal_and_of_its_corner():
    assert of_one(100, 0.997) == pytest.approx(1)
    assert of_one(10**5.5, 0.997) == 0
    assert of_one(100, 0.97) == pytest.approx(0, abs=1e-12)
    assert of_one(50, 0.9985) > 1
    assert np.isfinite(of_one(100, 1.0))


def test_other_images_have_the_corner_of_their_references_and_of_guessing():
    scale = scale_of("colours", COLOURS)
    # 3,072 pixels to 128, to 64, to 3: the ann; the others are smaller
    assert scale.worst_num_params == 1.405 * (3_073 * 128 + 129 * 64 + 65 * 3)
    assert scale.worst_error == pytest.approx(2 / 3)
    assert scale.ideal_num_params == pytest.approx(scale.worst_num_params / 3_162.3, rel=1e-4)
    assert of_one(scale.worst_num_params, 1, scale) == 0
    assert of_one(1, 1 / 3, scale) == pytest.approx(0, abs=1e-12)
    half_way = of_one(scale.worst_num_params / 10**1.75, 1 - scale.worst_error / 10, scale)
    assert half_way == pytest.approx(0.25)
    assert of_one(1, 1, scale) == of_one(100, 0.9999, scale) == pytest.approx(1)


def test_images_of_the_same_task_that_are_not_mnist_have_another_scale():
    scale = scale_of("fashion", MNIST)
    assert scale.worst_num_params == pytest.approx(MNIST_SCALE.worst_num_params, rel=1e-3)
    assert (scale.worst_error, scale.ideal_error) == pytest.approx((0.9, 0.009))


@given(models, st.sampled_from(TASKS))
def test_on_other_images_it_is_from_0_to_1(found, task):
    params, accuracies = np.array(found).T
    assert 0 <= hv2(params, accuracies, scale_of("others", task)) <= 1 + 1e-9
