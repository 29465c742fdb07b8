import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_tradeoff.analysis.pareto import hypervolume, on_front

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
