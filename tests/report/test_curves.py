import numpy as np
import pytest

from mnist_tradeoff.report.curves import learning_curve
from mnist_tradeoff.training.loop import Epoch


@pytest.mark.parametrize("count", [1, 3])
def test_learning_curve_draws_every_epoch(count):
    epochs = [Epoch(i, 1 / i, 1 - 1 / (i + 1), 2 / i, 1 - 2 / (i + 2)) for i in range(1, count + 1)]
    figure = learning_curve(epochs, "title")
    figure.canvas.draw()
    for axes, metric in zip(figure.axes, ("loss", "accuracy"), strict=True):
        training, validation = axes.lines
        trained = [getattr(epoch, metric) for epoch in epochs]
        validated = [getattr(epoch, f"val_{metric}") for epoch in epochs]
        np.testing.assert_array_equal(training.get_ydata(), trained)
        np.testing.assert_array_equal(validation.get_ydata(), validated)
        low, high = axes.get_xlim()
        ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
        assert ticks == list(range(1, count + 1))
