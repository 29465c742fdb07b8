"""Data in, matplotlib Figure out: the only file that draws."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mnist_tradeoff.training import Epoch

# Okabe and Ito's palette, told apart by colour-blind readers.
VALIDATION_COLOR = "#0072B2"
TRAINING_COLOR = "#999999"


def learning_curve(epochs: Sequence[Epoch], title: str) -> Figure:
    """Loss and accuracy by epoch, training (dashed) and validation (solid) side by side."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    figure.suptitle(title, parse_math=False)
    numbers = [point.epoch for point in epochs]
    for axes, metric in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        train = [getattr(point, metric) for point in epochs]
        val = [getattr(point, f"val_{metric}") for point in epochs]
        axes.plot(
            numbers, train, "o--", color=TRAINING_COLOR, label="training (mean over the epoch)"
        )
        axes.plot(numbers, val, "o-", color=VALIDATION_COLOR, label="validation (after the epoch)")
        axes.set(xlabel="epoch", ylabel=metric, xlim=(0.5, len(epochs) + 0.5))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
        axes.legend()
    return figure
