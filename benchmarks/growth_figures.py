"""How cost grows, drawn: a training's seconds, and a search's over its trials."""

import statistics

from matplotlib.figure import Figure

from benchmarks import growth, replay
from mnist_tradeoff.report.style import Figures, themed

COLORS = {
    replay.DEFAULT: "#E69F00",
    "random": "#999999",
    "NSGA-II": "#009E73",
    replay.OURS: "#2F8FD0",
}


def draw(growth_results: dict, replay_results: dict) -> Figures:
    """All figures by file name, for light and for dark pages."""
    return {
        **themed("training_growth", training_growth, growth_results["points"]),
        **themed("study_growth", study_growth, replay_results["grown"]),
    }


def training_growth(points: list[dict]) -> Figure:
    """Seconds of one epoch against batch size, images and parameters: medians and ranges."""
    figure = Figure(figsize=(11, 3.6), layout="constrained", dpi=150)
    for axes, (axis, label) in zip(figure.subplots(1, 3), growth.AXES.items(), strict=True):
        found = [point for point in points if point["axis"] == axis]
        medians = [statistics.median(point["seconds"]) for point in found]
        below = [m - min(point["seconds"]) for m, point in zip(medians, found, strict=True)]
        above = [max(point["seconds"]) - m for m, point in zip(medians, found, strict=True)]
        axes.errorbar(
            [point["x"] for point in found],
            medians,
            yerr=[below, above],
            marker="o",
            capsize=3,
            color=COLORS[replay.OURS],
        )
        axes.set(xscale="log", yscale="log", xlabel=label, ylabel="seconds of one epoch")
        axes.grid(alpha=0.3)
    return figure


def study_growth(grown: dict[str, dict]) -> Figure:
    """Over the trials of each sampler: CPU seconds in all, those of proposing, and HV2."""
    figure = Figure(figsize=(11, 3.6), layout="constrained", dpi=150)
    all_seconds, proposing, volume = figure.subplots(1, 3)
    for name, found in grown.items():
        looks = {"label": name, "color": COLORS[name]}
        all_seconds.plot(found["trials"], found["cpu_seconds"], **looks)
        proposing.plot(found["trials"], found["proposing"], **looks)
        volume.plot(found["cpu_seconds"], found["hv2"], **looks)
    all_seconds.set(xlabel="trials", ylabel="CPU seconds: trainings and proposing")
    proposing.set(xlabel="trials", ylabel="CPU seconds: proposing alone")
    volume.set(xlabel="CPU seconds", ylabel="HV2", xscale="log")
    for axes in (all_seconds, proposing):
        axes.set(xscale="log", yscale="log")
    for axes in (all_seconds, proposing, volume):
        axes.grid(alpha=0.3)
    volume.legend(loc="lower right")
    return figure
