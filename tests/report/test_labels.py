"""Names of points in figures lie on nothing else."""

import numpy as np
import pytest

from mnist_tradeoff.report import labels
from mnist_tradeoff.report.labels import log_shares, place_labels

SIZE = (400.0, 300.0)


@pytest.mark.parametrize(
    ("others", "place"),
    [
        ([], "top center"),
        ([(0.5, 0.55)], "bottom center"),  # the text would lie on the point above
        ([(0.5, 0.55), (0.5, 0.45)], "middle right"),
        ([(0.5, 0.55), (0.5, 0.45), (0.56, 0.5)], "middle left"),
        ([(0.5, 0.55), (0.5, 0.45), (0.56, 0.5), (0.44, 0.5)], "top right"),
    ],
)
def test_a_name_goes_where_it_covers_nothing(others, place):
    points = [(0.5, 0.5), *others]
    assert place_labels(points, ["name", *[""] * len(others)], SIZE)[0] == place


@pytest.mark.parametrize(
    ("point", "place"),
    [((0.5, 0.99), "bottom center"), ((0.99, 0.5), "middle left"), ((0.01, 0.99), "bottom right")],
)
def test_a_name_stays_within_the_frame(point, place):
    assert place_labels([point], ["a long name"], SIZE) == [place]


def test_two_names_side_by_side_go_apart():
    found = place_labels([(0.5, 0.5), (0.52, 0.5)], ["simple_cnn", "cnn_v2"], SIZE)
    assert found[0] != found[1]


def test_shares_of_log_axes():
    found = log_shares([(100, 0.1), (10, 0.001)], (10, 1_000), (0.1, 0.001))
    np.testing.assert_allclose(found, [(0.5, 0.0), (0.0, 1.0)])


def test_points_without_a_text_are_not_compared_with_one_another(monkeypatch):
    compared = []
    monkeypatch.setattr(labels._Box, "overlap", lambda *boxes: compared.append(boxes) or 0.0)
    points = [(i / 300, 0.5) for i in range(300)]
    place_labels(points, ["a", "b", *[""] * 298], (800, 400))
    assert len(compared) <= 2 * len(labels.PLACES) * (len(points) + 2)
