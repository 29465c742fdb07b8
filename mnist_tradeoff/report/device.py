"""What the exported models cost, together: tables, CSV and the fronts in float32 and in int8."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from mnist_tradeoff.analysis.pareto import on_front
from mnist_tradeoff.analysis.trainings import Model, Training, by_model
from mnist_tradeoff.architecture.costs import COSTS, FLOAT_ACCURACY, INT8_ACCURACY
from mnist_tradeoff.report.device_figures import device_fronts
from mnist_tradeoff.report.markdown import sections, table
from mnist_tradeoff.report.style import Figures, in_folders, themed


def by_cost(trainings: Sequence[Training]) -> list[Model]:
    """The models by parameters: medians of the times over the seeds, means of the other metrics."""
    found = [Model(name, name, {}, group) for name, group in by_model(trainings).items()]
    return sorted(found, key=lambda model: model.metrics["num_params"])


def device_texts(trainings: Sequence[Training]) -> dict[str, str]:
    """``costs.md``, and ``costs.csv`` with one row a training, by file name."""
    models = by_cost(trainings)
    tables = [
        ("What the models cost a device", cost_table(models)),
        ("Who is on which front", front_table(models)),
        ("As ONNX", onnx_table(models)),
        ("How the costs agree (Kendall's τ over the models)", agreement_table(models)),
        ("Beside Keras", keras_table(models)),
    ]
    rows = [{"model": one.model, "seed": one.seed, **one.metrics} for one in trainings]
    frame = pd.DataFrame(rows)
    return {"costs.md": sections(tables), "costs.csv": frame.to_csv(index=False)}


def device_pictures(trainings: Sequence[Training]) -> Figures:
    """The fronts over bytes and over microseconds, for light and for dark pages."""
    return in_folders(themed("device_fronts", device_fronts, by_cost(trainings)))


def cost_table(models: Sequence[Model]) -> str:
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
                f"`{costs.name}`",
                *(f"{found[cost]:,.0f}" for cost in exact),
                *(_microseconds(costs, prefix) for prefix in ("", "int8_")),
                *(f"{accuracy:.2f}" for accuracy in accuracies),
                f"{accuracies[0] - accuracies[1]:+.2f}",
                str(len(costs.trainings)),
            ]
        )
    return table(header, rows)


def _microseconds(costs: Model, prefix: str) -> str:
    ends = (costs.metrics[f"{prefix}latency_us{end}"] for end in ("", "_p5", "_p95"))
    return "{:.1f} ({:.1f}–{:.1f})".format(*ends)


def known_costs(models: Sequence[Model]) -> list[str]:
    """The costs that all models have: runs of an older version lack the newer ones."""
    return [cost for cost in COSTS if all(cost in model.metrics for model in models)]


def fronts(models: Sequence[Model]) -> dict[str, list[bool]]:
    """By cost: which models no other dominates in that cost and in the accuracy that it buys."""

    def front(cost: str) -> list[bool]:
        accuracy = COSTS[cost].accuracy
        points = [[model.metrics[cost], 1 - model.metrics[accuracy]] for model in models]
        return on_front(np.array(points)).tolist()

    return {cost: front(cost) for cost in known_costs(models)}


def front_table(models: Sequence[Model]) -> str:
    """Which models are on the front under each cost, and under every one, as Markdown."""
    found = fronts(models)
    rows = []
    for i, costs in enumerate(models):
        own = [front[i] for front in found.values()]
        rows.append([f"`{costs.name}`", *("yes" if on else "–" for on in [*own, all(own)])])
    return table(["model", *(COSTS[cost].label for cost in found), "under all"], rows)


def agreement_table(models: Sequence[Model]) -> str:
    """Kendall's τ of every two costs over the models, as Markdown."""
    known = known_costs(models)

    def correlation(a: str, b: str) -> str:
        if len(models) < 2:
            return "–"
        values = ([costs.metrics[cost] for costs in models] for cost in (a, b))
        tau, _ = stats.kendalltau(*values)
        return f"{tau:.2f}"

    rows = [[COSTS[a].label, *(correlation(a, b) if a != b else "" for b in known)] for a in known]
    return table(["", *(COSTS[cost].label for cost in known)], rows)


def onnx_table(models: Sequence[Model]) -> str:
    """Bytes and accuracy of the ONNX files, checked with ONNX Runtime, as Markdown."""
    rows = [
        [
            f"`{costs.name}`",
            f"{costs.metrics['onnx_size_bytes']:,.0f}",
            f"{100 * costs.metrics['onnx_test_accuracy']:.2f}",
        ]
        for costs in models
    ]
    return table(["model", "bytes", "test %"], rows)


def keras_table(models: Sequence[Model]) -> str:
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
                f"`{costs.name}`",
                f"{litert:.1f}",
                *(f"{call:,.0f}", f"{call / litert:.0f}"),
                *(f"{predict:,.0f}", f"{predict / litert:,.0f}"),
                f"{found['images_per_second']:,.0f}",
            ]
        )
    return table(header, rows)
