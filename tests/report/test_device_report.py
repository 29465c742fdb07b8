"""The tables and fronts of what exported models cost a device."""

import dataclasses
import io
from collections.abc import Mapping

import pandas as pd
import pytest
from matplotlib.image import imread

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.report import device
from mnist_tradeoff.report.device_figures import device_fronts
from mnist_tradeoff.report.summary import device_summary
from tests.factories import points_in


def costs(
    model: str, seed: int, left_out: Mapping[str, str] | None = None, **changes: float
) -> Training:
    metrics = {
        **{"num_params": 100.0, "macs": 10.0, "peak_activation_bytes": 5.0, "size_bytes": 400.0},
        **{"int8_size_bytes": 150.0, "litert_test_accuracy": 0.9, "int8_test_accuracy": 0.89},
        **{f"{p}latency_us{e}": 10.0 for p in ("", "int8_") for e in ("", "_p5", "_p95")},
        **{"onnx_size_bytes": 500.0, "onnx_test_accuracy": 0.9},
        **{"keras_predict_us": 5_000.0, "compiled_call_us": 100.0, "images_per_second": 9.0},
    }
    kept = {
        name: value
        for name, value in {**metrics, **changes}.items()
        if not any(name.startswith(file) for file in left_out or {})
    }
    return Training(model, seed, f"{model}-{seed}", kept, left_out=left_out or {})


def test_a_file_that_was_left_out_is_a_dash_and_a_reason():
    """In these tests files go by how the names of their metrics begin."""
    whole, part = costs("whole", 0), costs("part", 0, {"int8": "no |op|", "onnx": "none either"})
    bare = costs("bare", 0, dict.fromkeys(("int8", "onnx", "size", "latency", "litert"), "none"))
    text = device.device_texts([whole, part, bare])["costs.md"]
    assert "nan" not in text
    assert "| `part` | int8    | `no \\|op\\|`" in text
    row = next(line for line in text.splitlines() if line.startswith("| `bare`"))
    assert [cell.strip() for cell in row.split("|")][4:11] == ["–"] * 7
    models = device.by_cost([whole, part, bare])
    assert [model.name for model in models] == ["bare", "part", "whole"]
    found = device.fronts(models)
    assert found["int8_size_bytes"] == [None, None, True]
    assert found["size_bytes"] == [None, True, True]
    assert device.device_pictures([bare]) == {}  # nothing to draw
    assert device.device_pictures([whole, part, bare])
    assert "400 / –" in device_summary(device.by_cost([part]))


def test_names_that_begin_alike_are_told_apart_on_a_terminal():
    net = "6C3sb:hswish-10DS3sb:hswish-P2-14DS3b:hswish-14DS3b:hswish-P2-18DS3sb:hswish-G"
    names = [net, f"{net[:-2]}-18DS3s:hswish-G", "4C3-P2, learning_rate 0.02", "4C3-P2"]
    text = device_summary(device.by_cost([costs(name, 0) for name in names]))
    assert max(map(len, text.splitlines())) <= 80
    assert all(name in text.replace("\n  ", "") for name in names)
    assert len([line for line in text.splitlines() if "400 / 150" in line]) == len(names)


def test_seeds_are_merged_by_mean_and_times_by_median():
    trainings = [
        costs("a", seed, latency_us=us, int8_test_accuracy=accuracy)
        for seed, (us, accuracy) in enumerate(((1.0, 0.7), (2.0, 0.8), (90.0, 0.9)))
    ]
    smaller = costs("b", 0, num_params=50.0)
    first, second = device.by_cost([*trainings, smaller])
    assert (first.name, second.name) == ("b", "a")
    assert second.metrics["latency_us"] == 2.0
    assert second.metrics["int8_test_accuracy"] == pytest.approx(0.8)
    assert [training.seed for training in second.trainings] == [0, 1, 2]


def test_a_model_that_learned_for_longer_is_another_one():
    trainings = [
        dataclasses.replace(costs("a", seed, int8_test_accuracy=accuracy), epochs=epochs)
        for seed, accuracy, epochs in ((0, 0.7, 3), (1, 0.8, 3), (0, 0.9, 54))
    ]
    short, long = device.by_cost(trainings)
    assert (short.name, long.name) == ("a, 3 epochs", "a, 54 epochs")
    assert short.metrics["int8_test_accuracy"] == pytest.approx(0.75)
    frame = pd.read_csv(io.StringIO(device.device_texts(trainings)["costs.csv"]))
    assert frame.epochs.tolist() == [3, 3, 54]
    (equal,) = device.by_cost(trainings[:2])
    assert equal.name == "a"


def test_a_model_that_was_trained_otherwise_is_another_one():
    recipes = [("0.01", "none"), ("0.02", "none"), ("0.02", "0.5")]
    trainings = [
        dataclasses.replace(costs("a", 0), recipe={"learning_rate": rate, "augment": strength})
        for rate, strength in recipes
    ]
    assert [one.name for one in device.by_cost(trainings)] == [
        "a, learning_rate 0.01, augment none",
        "a, learning_rate 0.02, augment 0.5",
        "a, learning_rate 0.02, augment none",
    ]
    assert [one.name for one in device.by_cost(trainings[1:])] == [
        "a, augment 0.5",
        "a, augment none",
    ]


def test_a_model_that_loses_by_quantisation_leaves_the_front():
    cheap = costs("cheap", 0)
    rich = costs(
        "rich", 0, num_params=200.0, macs=20.0, size_bytes=800.0, int8_size_bytes=300.0,
        latency_us=9.0, litert_test_accuracy=0.95, int8_test_accuracy=0.88,
    )  # fmt: skip
    found = device.fronts(device.by_cost([cheap, rich]))
    assert found["num_params"] == found["size_bytes"] == [True, True]
    assert found["int8_size_bytes"] == [True, False]
    assert found["latency_us"] == [False, True]  # faster and better
    text = device.device_texts([cheap, rich])
    assert "| `rich`  |" in text["costs.md"]
    frame = pd.read_csv(io.StringIO(text["costs.csv"]))
    assert frame.model.tolist() == ["cheap", "rich"]
    figure = device_fronts(device.by_cost([cheap, rich]))
    for axes, cost in zip(figure.axes, ("size_bytes", "latency_us"), strict=True):
        for metrics in (cheap.metrics, rich.metrics):
            assert points_in(axes) >= {
                (metrics[cost], 1 - metrics["litert_test_accuracy"]),
                (metrics[f"int8_{cost}"], 1 - metrics["int8_test_accuracy"]),
            }


def test_one_model_without_a_mistake_can_be_shown():
    perfect = [costs("a", 0, litert_test_accuracy=1.0, int8_test_accuracy=1.0)]
    assert "nan" not in device.device_texts(perfect)["costs.md"]
    pictures = device.device_pictures(perfect)
    assert list(pictures) == ["figures/device_fronts.png", "figures/dark/device_fronts.png"]
    for content in pictures.values():
        assert imread(io.BytesIO(content)).std() > 0


def test_costs_that_order_models_alike_have_a_tau_of_one():
    trainings = [
        costs(str(i), 0, num_params=float(i), macs=float(i), size_bytes=float(-i)) for i in range(5)
    ]
    table = device.agreement_table(device.by_cost(trainings))
    row = next(line for line in table.splitlines() if line.startswith("| parameters"))
    cells = [cell.strip() for cell in row.split("|")][2:-1]
    assert cells[1] == "1.00"
    assert cells[3] == "-1.00"
