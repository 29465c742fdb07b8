"""The figures of the suite hold the numbers; that their files open, the suite's own test looks."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from mnist_tradeoff.analysis.comparison import common_mistakes, correct_by_model, steps
from mnist_tradeoff.analysis.trainings import by_model, sample
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.report.style import rendered
from mnist_tradeoff.report.suite_figures import (
    accuracy_against_cost,
    final_accuracy,
    metric_by_epoch,
    step_gallery,
)
from tests.factories import COSTS, LABELS, RIGHT, make_training, points_in


@pytest.fixture
def trainings():
    return [make_training(model, seed) for model in RIGHT for seed in (0, 1)]


def test_curves_are_means_within_the_range_of_the_seeds(trainings):
    (axes,) = metric_by_epoch(trainings, "val_accuracy").axes
    lines = {line.get_label(): np.asarray(line.get_ydata()) for line in axes.lines}
    assert list(lines) == list(REFERENCES)
    np.testing.assert_allclose(lines["cnn_v1"], [0.9, 0.9805])
    band = axes.collections[list(lines).index("cnn_v1")].get_paths()[0].vertices
    assert np.asarray(band)[:, 1].max() == pytest.approx(0.981)


@pytest.mark.parametrize("documented", [False, True])
def test_bars_are_errors_and_the_worst_is_on_top(trainings, documented):
    (axes,) = final_accuracy(trainings, documented).axes
    widths = [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)]
    assert widths == pytest.approx([4.95, 1.95, 1.45, 0.75])
    names = ["ann", "cnn_v1", "simple_cnn", "cnn_v2"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == names
    low, high = axes.get_ylim()
    assert low > high
    marks = {
        (100 * (1 - REFERENCES[name].documented_test_accuracy), float(row))
        for row, name in enumerate(names)
    }
    assert points_in(axes) & marks == (marks if documented else set())


def test_every_model_stands_at_its_cost_and_its_accuracy(trainings):
    figure = accuracy_against_cost(trainings, COSTS)
    for axes, cost in zip(figure.axes, ("num_params", "macs"), strict=True):
        assert points_in(axes) >= {
            (COSTS[name][cost], 1 - sample(group, "test_accuracy").mean)
            for name, group in by_model(trainings).items()
        }
        assert axes.get_xscale() == "log"


def test_the_gallery_shows_what_each_step_corrects_and_breaks(trainings):
    pair = [t for t in trainings if t.model in ("ann", "cnn_v1")]
    found = steps(correct_by_model(pair, LABELS), "macs", COSTS)
    images = np.arange(1_000)[:, None, None] * np.ones((28, 28))
    test = Split(images, LABELS)
    dataset = Dataset("x", "0", "x", MNIST, test, test, test)
    figure = step_gallery(found, dataset, common_mistakes(pair, LABELS))
    corrected, broken = figure.subfigs
    assert corrected.get_suptitle() == "ann → cnn_v1 corrects 30"
    assert broken.get_suptitle() == "ann → cnn_v1 breaks 0"
    first = corrected.axes[0]
    # The first that most seeds of the ann have wrong
    np.testing.assert_array_equal(first.images[0].get_array(), images[950])
    assert first.texts[0].get_text() == "0, not 1"
    assert len(broken.axes[0].images) == 0


def test_the_gallery_writes_names_as_they_are_and_cuts_long_ones(trainings):
    pair = [t for t in trainings if t.model in ("ann", "cnn_v1")]
    found = steps(correct_by_model(pair, LABELS), "macs", COSTS)
    test = Split(np.zeros((1_000, 32, 32, 3), np.uint8), LABELS)
    task = Task(Shape(32, 32, 3), 10)
    names = ("$\\foo$", "猫", "a very long name of a class", *"defghij")
    dataset = Dataset("x", "0", "x", task, test, test, test, names)
    figure = step_gallery(found, dataset, common_mistakes(pair, LABELS))
    texts = [axes.texts[0].get_text() for axes in figure.subfigs[0].axes]
    assert texts[0] == "$\\foo$,\nnot 猫"
    assert texts[1] == "猫,\nnot a very long…"
    assert rendered(figure).startswith(b"\x89PNG")


def test_curves_and_bars_of_a_model_with_dollars_in_its_name():
    trainings = [make_training("$\\net$.py:make", seed, 900) for seed in (0, 1)]
    for figure in (metric_by_epoch(trainings, "val_loss"), final_accuracy(trainings, False)):
        assert rendered(figure).startswith(b"\x89PNG")
