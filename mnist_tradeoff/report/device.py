"""What the exported models cost, together: tables, CSV and the fronts in float32 and in int8."""

import statistics
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from mnist_tradeoff.analysis.pareto import on_front
from mnist_tradeoff.device.measure import DeviceCosts
from mnist_tradeoff.report import figures, markdown
from mnist_tradeoff.report.figures import themed

# Each cost with the accuracy that it buys.
FLOAT_ACCURACY, INT8_ACCURACY = "litert_test_accuracy", "int8_test_accuracy"
ACCURACY_OF = {
    "num_params": FLOAT_ACCURACY,
    "macs": FLOAT_ACCURACY,
    "peak_activation_bytes": FLOAT_ACCURACY,
    "size_bytes": FLOAT_ACCURACY,
    "latency_us": FLOAT_ACCURACY,
    "int8_size_bytes": INT8_ACCURACY,
    "int8_latency_us": INT8_ACCURACY,
}
NAMES = {
    "num_params": "parameters",
    "macs": "MACs",
    "peak_activation_bytes": "RAM",
    "size_bytes": "bytes",
    "latency_us": "µs",
    "int8_size_bytes": "int8 bytes",
    "int8_latency_us": "int8 µs",
}


def by_model(trainings: Sequence[DeviceCosts]) -> list[DeviceCosts]:
    """The models by parameters: medians of the times over the seeds, means of the other metrics."""
    groups: dict[str, list[DeviceCosts]] = {}
    for training in trainings:
        groups.setdefault(training.model, []).append(training)
    found = [_merged(group) for group in groups.values()]
    return sorted(found, key=lambda costs: costs.metrics["num_params"])


def _merged(group: Sequence[DeviceCosts]) -> DeviceCosts:
    metrics = {}
    for name in group[0].metrics:
        values = [costs.metrics[name] for costs in group]
        is_time = "_us" in name or "second" in name
        metrics[name] = statistics.median(values) if is_time else statistics.fmean(values)
    seeds = tuple(seed for costs in group for seed in costs.seeds)
    return DeviceCosts(group[0].model, seeds, metrics)


def texts(trainings: Sequence[DeviceCosts]) -> dict[str, str]:
    """``costs.md``, and ``costs.csv`` with one row a training, by file name."""
    models = by_model(trainings)
    sections = {
        "What the models cost a device": cost_table(models),
        "Who is on which front": front_table(models),
        "As ONNX": onnx_table(models),
        "How the costs agree (Kendall's τ over the models)": agreement_table(models),
        "Beside Keras": keras_table(models),
    }
    tables = "\n\n".join(f"## {title}\n\n{table}" for title, table in sections.items())
    rows = [{"model": c.model, "seed": c.seeds[0], **c.metrics} for c in trainings]
    return {"costs.md": f"{tables}\n", "costs.csv": pd.DataFrame(rows).to_csv(index=False)}


def drawn(trainings: Sequence[DeviceCosts]) -> dict[str, Figure]:
    """The fronts over bytes and over microseconds, for light and for dark pages."""
    return themed("device_fronts", figures.device_fronts, by_model(trainings))


def cost_table(models: Sequence[DeviceCosts]) -> str:
    """Bytes, microseconds (with the 5th and 95th percentile), RAM and accuracies, as Markdown."""
    header = ["model", "parameters", "RAM bytes", "bytes", "int8 bytes", "µs (p5–p95)"]
    header += ["int8 µs (p5–p95)", "test %", "int8 test %", "points lost", "n"]
    rows = []
    for costs in models:
        found = costs.metrics
        exact = ("num_params", "peak_activation_bytes", "size_bytes", "int8_size_bytes")
        accuracies = [100 * found[FLOAT_ACCURACY], 100 * found[INT8_ACCURACY]]
        rows.append(
            [
                f"`{costs.model}`",
                *(f"{found[cost]:,.0f}" for cost in exact),
                *(_microseconds(costs, prefix) for prefix in ("", "int8_")),
                *(f"{accuracy:.2f}" for accuracy in accuracies),
                f"{accuracies[0] - accuracies[1]:+.2f}",
                str(len(costs.seeds)),
            ]
        )
    return markdown.table(header, rows)


def _microseconds(costs: DeviceCosts, prefix: str) -> str:
    ends = (costs.metrics[f"{prefix}latency_us{end}"] for end in ("", "_p5", "_p95"))
    return "{:.1f} ({:.1f}–{:.1f})".format(*ends)


def fronts(models: Sequence[DeviceCosts]) -> dict[str, list[bool]]:
    """By cost: which models no other dominates in that cost and in the accuracy that it buys."""
    return {
        cost: on_front(
            np.array([[m.metrics[cost], 1 - m.metrics[accuracy]] for m in models])
        ).tolist()
        for cost, accuracy in ACCURACY_OF.items()
    }


def front_table(models: Sequence[DeviceCosts]) -> str:
    """Which models are on the front under each cost, and under every one, as Markdown."""
    found = fronts(models)
    rows = []
    for i, costs in enumerate(models):
        own = [found[cost][i] for cost in ACCURACY_OF]
        rows.append([f"`{costs.model}`", *("yes" if on else "–" for on in [*own, all(own)])])
    return markdown.table(["model", *(NAMES[cost] for cost in ACCURACY_OF), "under all"], rows)


def agreement_table(models: Sequence[DeviceCosts]) -> str:
    """Kendall's τ of every two costs over the models, as Markdown."""

    def correlation(a: str, b: str) -> str:
        if len(models) < 2:
            return "–"
        values = ([costs.metrics[cost] for costs in models] for cost in (a, b))
        tau, _ = stats.kendalltau(*values)
        return f"{tau:.2f}"

    rows = [
        [NAMES[a], *(correlation(a, b) if a != b else "" for b in ACCURACY_OF)] for a in ACCURACY_OF
    ]
    return markdown.table(["", *(NAMES[cost] for cost in ACCURACY_OF)], rows)


def onnx_table(models: Sequence[DeviceCosts]) -> str:
    """Bytes and accuracy of the ONNX files, checked with ONNX Runtime, as Markdown."""
    rows = [
        [
            f"`{costs.model}`",
            f"{costs.metrics['onnx_size_bytes']:,.0f}",
            f"{100 * costs.metrics['onnx_test_accuracy']:.2f}",
        ]
        for costs in models
    ]
    return markdown.table(["model", "bytes", "test %"], rows)


def keras_table(models: Sequence[DeviceCosts]) -> str:
    """LiteRT's microseconds for one image beside Keras's, as Markdown."""
    header = ["model", "LiteRT µs", "compiled call µs", "times", "predict µs", "times"]
    header += ["images per second, batch 256"]
    rows = []
    for costs in models:
        found = costs.metrics
        litert, call, predict = (
            found[name] for name in ("latency_us", "compiled_call_us", "keras_predict_us")
        )
        rows.append(
            [
                f"`{costs.model}`",
                f"{litert:.1f}",
                *(f"{call:,.0f}", f"{call / litert:.0f}"),
                *(f"{predict:,.0f}", f"{predict / litert:,.0f}"),
                f"{found['images_per_second']:,.0f}",
            ]
        )
    return markdown.table(header, rows)
