import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_tradeoff.analysis.pareto import hv2, hypervolume, on_front
from mnist_tradeoff.architecture.references import REFERENCES

small_ints = st.integers(0, 6)
point_sets = st.integers(2, 3).flatmap(
    lambda d: st.lists(st.tuples(*[small_ints] * d), min_size=1, max_size=12)
)


def test_front_by_hand():
    points = np.array([[1, 5], [2, 3], [4, 1], [3, 3], [4, 4], [1, 5]])
    assert on_front(points).tolist() == [True, True, True, False, False, True]


def test_no_points_and_nan():
    assert on_front(np.empty((0, 2))).tolist() == []
    assert hypervolume(np.empty((0, 2)), np.ones(2)) == 0
    with pytest.raises(ValueError, match="NaN"):
        on_front(np.array([[1, np.nan]]))


@given(point_sets)
def test_front_is_what_the_definition_says(rows):
    points = np.array(rows)
    expected = [not any(np.all(b <= a) and np.any(b < a) for b in points) for a in points]
    assert on_front(points).tolist() == expected


@given(point_sets)
def test_hypervolume_counts_the_dominated_unit_cells(rows):
    points = np.array(rows)
    cells = np.stack(np.meshgrid(*[np.arange(5)] * points.shape[1]), -1).reshape(
        -1, points.shape[1]
    )
    counted = sum(any(np.all(point <= cell) for point in points) for cell in cells)
    assert hypervolume(points, np.full(points.shape[1], 5)) == counted


def test_hypervolume_by_hand():
    # 2×1 and 1×3 from the corner (3, 4), overlapping in 1×1
    assert hypervolume(np.array([[1, 3], [2, 1]]), np.array([3, 4])) == 4
    assert hypervolume(np.array([[3, 0], [9, 9]]), np.array([3, 4])) == 0


def test_hv2_of_the_documented_references():
    references = REFERENCES.values()
    params = np.array([r.documented_num_params for r in references])
    accuracies = np.array([r.documented_test_accuracy for r in references])
    assert hv2(params, accuracies) == pytest.approx(0.125, abs=5e-4)


def test_hv2_of_its_ideal_and_of_its_corner():
    assert hv2(np.array([100]), np.array([0.997])) == pytest.approx(1)
    assert hv2(np.array([10**5.5]), np.array([0.997])) == 0
    assert hv2(np.array([100]), np.array([0.97])) == pytest.approx(0, abs=1e-12)
    assert np.isfinite(hv2(np.array([100]), np.array([1.0])))
