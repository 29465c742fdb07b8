import io

import numpy as np
import pytest
from matplotlib.image import imread

from mnist_tradeoff.analysis.statistics import summarize
from mnist_tradeoff.report.style import error_axis, error_ticks, mean_of_seeds, new_figure, themed


def empty_figure():
    figure = new_figure(2, 1)
    figure.subplots().plot([0, 1], [0, 1])
    return figure


def test_a_figure_is_a_picture_for_light_and_for_dark_pages():
    pictures = themed("name", empty_figure)
    assert list(pictures) == ["name.png", "name_dark.png"]
    for content, background in zip(pictures.values(), (1, 0), strict=True):
        pixels = imread(io.BytesIO(content))[..., :3]
        assert pixels.shape == (150, 300, 3)
        np.testing.assert_array_equal(pixels[0, 0], [background] * 3)


@pytest.mark.parametrize(
    ("errors", "worst"),
    [
        ([0.01, 0.02], 0.02),
        ([0.01, 0.4], 0.12),  # twelve times the best
        ([0.002, 0.4], 0.05),  # one poor model does not press the others into a line
        ([0.2, 0.4], 0.4),  # but where all are poor, all are shown
        ([0.0], 0.0005),  # no mistake at all has a place on a log scale, too
        ([], 0.05),
    ],
)
def test_the_axis_shows_every_good_model_and_the_poor_where_there_are_no_others(errors, worst):
    axes = new_figure(2, 1).subplots()
    error_axis(axes, errors)
    low, high = axes.get_ylim()
    assert low == pytest.approx(1.3 * worst)
    assert high == pytest.approx(0.7 * max(min(errors, default=0), 0.0005))


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((0.05, 0.004), [0.005, 0.01, 0.02, 0.05]),
        ((0.065, 0.026), [0.03, 0.04, 0.05]),
        ((0.0082, 0.0074), [0.0074, 0.0076, 0.0078, 0.008, 0.0082]),
    ],
)
def test_an_axis_of_errors_has_at_least_three_ticks(limits, expected):
    assert error_ticks(limits) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((1, 1), "one seed each"),
        ((2, 2), "mean of 2 seeds"),
        ((2, 3), "mean of 2 to 3 seeds"),
        ((2, 5), "mean of 2 to 5 seeds, 95 % interval from 5 on"),
        ((5, 5), "mean of 5 seeds, 95 % interval"),
    ],
)
def test_a_title_says_how_many_seeds_and_where_their_interval_is_drawn(counts, words):
    assert mean_of_seeds(summarize([0.9] * count) for count in counts) == words
