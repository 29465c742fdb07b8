"""One training as a figure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mnist_tradeoff.report.style import TRAINING_COLOR, VALIDATION_COLOR, new_figure

if TYPE_CHECKING:  # it starts TensorFlow
    from mnist_tradeoff.training.loop import Epoch


def learning_curve(epochs: "Sequence[Epoch]", title: str) -> Figure:
    """Loss and accuracy by epoch, training (dashed) and validation (solid) side by side."""
    figure = new_figure(9, 3.6)
    figure.suptitle(title, parse_math=False)
    numbers = [point.epoch for point in epochs]
    for axes, metric in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        train = [getattr(point, metric) for point in epochs]
        val = [getattr(point, f"val_{metric}") for point in epochs]
        axes.plot(
            numbers, train, "o--", color=TRAINING_COLOR, label="training (mean over the epoch)"
        )
        axes.plot(numbers, val, "o-", color=VALIDATION_COLOR, label="validation (after the epoch)")
        axes.set(ylabel=metric)
        epoch_axis(axes, len(epochs))
        axes.legend()
    return figure


def epoch_axis(axes: Axes, epochs: int) -> None:
    """Whole epochs, from 1."""
    axes.set(xlabel="epoch", xlim=(0.5, epochs + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
