"""What the exported models cost, together: tables, CSV and the fronts in float32 and in int8."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mnist_tradeoff.analysis.pareto import on_front
from mnist_tradeoff.analysis.trainings import Model, Training, by_model, told_apart_by_recipe
from mnist_tradeoff.architecture.costs import COSTS, FLOAT_ACCURACY, INT8_ACCURACY
from mnist_tradeoff.report.device_figures import PANELS, device_fronts, has
from mnist_tradeoff.report.markdown import sections, table
from mnist_tradeoff.report.numbers import MISSING, shown
from mnist_tradeoff.report.plain import as_code
from mnist_tradeoff.report.style import Figures, in_folders, themed

ON_FRONT = {True: "yes", False: MISSING, None: "no file"}


def by_cost(trainings: Sequence[Training]) -> list[Model]:
    """The models by parameters: medians of the times over the seeds, means of the other metrics."""
    groups = by_model(told_apart_by_recipe(trainings))
    found = [Model(name, name, {}, group) for name, group in groups.items()]
    return sorted(found, key=lambda model: model.metrics["num_params"])


def device_texts(trainings: Sequence[Training]) -> dict[str, str]:
    """``costs.md``, and ``costs.csv`` with one row a training, by file name."""
    models = by_cost(trainings)
    tables = [
        ("What the models cost a device", cost_table(models)),
        ("Who is on which front", front_table(models)),
        ("As ONNX", onnx_table(models)),
        *([("Files left out", left_out_table(models))] if any(m.left_out for m in models) else []),
        ("How the costs agree (Kendall's τ over the models)", agreement_table(models)),
        ("Beside Keras", keras_table(models)),
    ]
    rows = [
        {"model": one.model, "epochs": one.epochs, "seed": one.seed, **one.metrics}
        for one in told_apart_by_recipe(trainings)
    ]
    frame = pd.DataFrame(rows)
    return {"costs.md": sections(tables), "costs.csv": frame.to_csv(index=False)}


def device_pictures(trainings: Sequence[Training]) -> Figures:
    """The fronts over bytes and over microseconds, for light and for dark pages.

    None where no model has a LiteRT file.
    """
    models = by_cost(trainings)
    if not any(has(model, cost) for model in models for panel in PANELS for cost in panel):
        return {}
    return in_folders(themed("device_fronts", device_fronts, models))


def cost_table(models: Sequence[Model]) -> str:
    """Bytes, microseconds (with the 5th and 95th percentile), RAM and accuracies, as Markdown."""
    header = ["model", "parameters", "RAM bytes", "bytes", "int8 bytes", "of them weights"]
    header += ["µs (p5–p95)", "int8 µs (p5–p95)", "test %", "int8 test %", "points lost", "n"]
    rows = []
    for costs in models:
        found = costs.metrics
        exact = ("num_params", "peak_activation_bytes")
        exact += ("size_bytes", "int8_size_bytes", "int8_weights_bytes")
        accuracies = (FLOAT_ACCURACY, INT8_ACCURACY)
        rows.append(
            [
                f"`{costs.name}`",
                *(shown(found, cost, ",.0f") for cost in exact),
                *(_microseconds(costs, prefix) for prefix in ("", "int8_")),
                *(shown(found, accuracy, ".2f", 100) for accuracy in accuracies),
                _points_lost(costs),
                str(len(costs.trainings)),
            ]
        )
    return table(header, rows)


def _points_lost(costs: Model) -> str:
    both = [costs.metrics.get(name) for name in (FLOAT_ACCURACY, INT8_ACCURACY)]
    exact, int8 = both
    return MISSING if exact is None or int8 is None else f"{100 * (exact - int8):+.2f}"


def _microseconds(costs: Model, prefix: str) -> str:
    if f"{prefix}latency_us" not in costs.metrics:
        return MISSING
    ends = (costs.metrics[f"{prefix}latency_us{end}"] for end in ("", "_p5", "_p95"))
    return "{:.1f} ({:.1f}–{:.1f})".format(*ends)


def known_costs(models: Sequence[Model]) -> list[str]:
    """The costs that some model has: runs of an older version lack the newer ones."""
    return [cost for cost in COSTS if any(has(model, cost) for model in models)]


def fronts(models: Sequence[Model]) -> dict[str, list[bool | None]]:
    """By cost: which models no other dominates in that cost and in the accuracy that it buys.

    None stands for a model that lacks the cost: its file was left out.
    """

    def front(cost: str) -> list[bool | None]:
        found = [model for model in models if has(model, cost)]
        accuracy = COSTS[cost].accuracy
        points = [[model.metrics[cost], 1 - model.metrics[accuracy]] for model in found]
        on = iter(on_front(np.array(points)).tolist())
        return [next(on) if has(model, cost) else None for model in models]

    return {cost: front(cost) for cost in known_costs(models)}


def front_table(models: Sequence[Model]) -> str:
    """Which models are on the front under each cost, and under every one, as Markdown."""
    found = fronts(models)
    rows = []
    for i, costs in enumerate(models):
        own = [front[i] for front in found.values()]
        words = (ON_FRONT[on] for on in [*own, all(own)])
        rows.append([f"`{costs.name}`", *words])
    return table(["model", *(COSTS[cost].label for cost in found), "under all"], rows)


def agreement_table(models: Sequence[Model]) -> str:
    """Kendall's τ of every two costs over the models, as Markdown."""
    from scipy.stats import kendalltau  # here: it is slow to start

    known = known_costs(models)

    def correlation(a: str, b: str) -> str:
        both = [costs.metrics for costs in models if has(costs, a) and has(costs, b)]
        if len(both) < 2:
            return MISSING
        values = ([metrics[cost] for metrics in both] for cost in (a, b))
        tau, _ = kendalltau(*values)
        shown_tau = f"{tau:.2f}"
        return MISSING if shown_tau == "nan" else shown_tau  # all alike

    rows = [[COSTS[a].label, *(correlation(a, b) if a != b else "" for b in known)] for a in known]
    return table(["", *(COSTS[cost].label for cost in known)], rows)


def onnx_table(models: Sequence[Model]) -> str:
    """Bytes and accuracy of the ONNX files, checked with ONNX Runtime, as Markdown."""
    rows = [
        [
            f"`{costs.name}`",
            shown(costs.metrics, "onnx_size_bytes", ",.0f"),
            shown(costs.metrics, "onnx_test_accuracy", ".2f", 100),
        ]
        for costs in models
    ]
    return table(["model", "bytes", "test %"], rows)


def left_out_table(models: Sequence[Model]) -> str:
    """Which files cannot be had of which models, and why, as Markdown."""
    rows = [
        [as_code(model.name), file, as_code(why)]
        for model in models
        for file, why in model.left_out.items()
    ]
    return table(["model", "file", "why"], rows, left=3)


def keras_table(models: Sequence[Model]) -> str:
    """LiteRT's microseconds for one image beside Keras's, as Markdown."""
    header = ["model", "LiteRT µs", "compiled call µs", "times", "predict µs", "times"]
    header += ["images per second, batch 256"]
    rows = []
    for costs in models:
        found = costs.metrics
        per_litert = 1 / found.get("latency_us", float("nan"))
        rows.append(
            [
                f"`{costs.name}`",
                shown(found, "latency_us", ".1f"),
                *_beside_litert(found["compiled_call_us"], per_litert),
                *_beside_litert(found["keras_predict_us"], per_litert),
                f"{found['images_per_second']:,.0f}",
            ]
        )
    return table(header, rows)


def _beside_litert(microseconds: float, per_litert: float) -> tuple[str, str]:
    """Microseconds, and how many times LiteRT's they are."""
    times = microseconds * per_litert
    return f"{microseconds:,.0f}", MISSING if math.isnan(times) else f"{times:,.0f}"
