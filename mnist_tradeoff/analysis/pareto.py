"""The Pareto front and its hypervolume. Everything is minimised: pass errors, not accuracies."""

import numpy as np
from numpy.typing import ArrayLike


def on_front(points: np.ndarray) -> np.ndarray:
    """Bool (n,): which points (n, objectives) no other dominates; equal points do not.

    Raises:
        ValueError: a value that is NaN.
    """
    points = np.asarray(points, float)
    if np.isnan(points).any():
        raise ValueError("a point with NaN has no place on a front")
    order = np.lexsort(points.T[::-1])
    on = np.zeros(len(points), bool)
    on[order] = _on_front_of_two(points[order]) if points.shape[1:] == (2,) else _on(points[order])
    return on


def staircase(points: ArrayLike) -> np.ndarray:
    """The points (n, 2) that no other dominates, in order: the corners of the front."""
    all_points = np.asarray(points, float).reshape(-1, 2)
    best = all_points[on_front(all_points)]
    return best[np.argsort(best[:, 0])]


def _on_front_of_two(points: np.ndarray) -> np.ndarray:
    """Of points (n, 2) in lexicographic order: those below all of the other points before."""
    is_new = np.ones(len(points), bool)
    is_new[1:] = (points[1:] != points[:-1]).any(axis=1)
    seconds = points[is_new, 1]
    on = np.ones(len(seconds), bool)
    on[1:] = seconds[1:] < np.minimum.accumulate(seconds)[:-1]
    return on[np.cumsum(is_new) - 1]


def _on(points: np.ndarray) -> np.ndarray:
    """Of points in lexicographic order: the first that is left is on the front, and so on."""
    on, rest = np.zeros(len(points), bool), np.arange(len(points))
    while len(rest):
        first, others = points[rest[0]], points[rest]
        on[rest[(others == first).all(axis=1)]] = True
        rest = rest[~(first <= others).all(axis=1)]
    return on


def ranks(points: np.ndarray) -> np.ndarray:
    """Int (n,): 1 on the front, 2 on the front of the rest, and so on (Goldberg, 1989)."""
    points = np.asarray(points, float)
    found = np.zeros(len(points), int)
    while not found.all():
        rest = np.flatnonzero(found == 0)
        found[rest[on_front(points[rest])]] = found.max() + 1
    return found


def hypervolume(points: np.ndarray, reference_point: np.ndarray) -> float:
    """Volume that points (n, objectives) dominate up to a reference point (objectives,).

    Slices along the last objective (Fleischer, 2003; While et al., 2006): exact, for the few
    hundred points and the two or three objectives of a study.
    """
    reference_point = np.asarray(reference_point, float)
    points = np.asarray(points, float).reshape(-1, len(reference_point))
    points = points[(points < reference_point).all(axis=1)]
    if not len(points):
        return 0.0
    if len(reference_point) == 1:
        return float(reference_point[0] - points.min())
    points = points[on_front(points)]  # the others add nothing
    points = points[np.argsort(points[:, -1])]
    edges = np.append(points[:, -1], reference_point[-1])
    slices = (
        thickness * hypervolume(points[: i + 1, :-1], reference_point[:-1])
        for i, thickness in enumerate(np.diff(edges))
        if thickness > 0
    )
    return float(sum(slices))
