"""Time of one image: exported to LiteRT against Keras's ``predict`` and against a compiled call.

    python -m benchmarks.latency --rounds 9 --seeds 3

Trains a small net with several seeds, exports each as the entry point ``export`` does, and tests
both files on all test images. Then ``model.predict``, a ``tf.function`` whose signature is one
image, and the two files on one thread take turns with the first seed's model, each warmed up
outside the clock in every round. All are given an image that is ready, ``predict`` and LiteRT as an
array, the compiled call as a tensor, and give back its scores. Both of Keras's ways run with this
project's settings of TensorFlow (one thread an operation).
"""

import argparse
import statistics
from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from benchmarks.command import at_least, results_file, write_results
from benchmarks.contestant import host_line
from benchmarks.ours import host
from experiments.export import ExportConfig
from mnist_tradeoff.architecture.costs import num_params
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data import sets
from mnist_tradeoff.device import litert
from mnist_tradeoff.device.convert import stop_converter
from mnist_tradeoff.device.export import (
    COMPILED_CALLS,
    PREDICT_CALLS,
    export_and_measure,
    median_us,
)
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.system.signals import run_to_exit
from mnist_tradeoff.training.backend import keras, tf
from mnist_tradeoff.training.loop import train_and_test
from mnist_tradeoff.training.recipe import TrainConfig

RESULTS = results_file("latency")
MODEL = "8C3-P3-32C3-P2-64"
PREDICT, CALL = "`model.predict`", "compiled call"
LITERT_CALLS = 2_000
FLOAT32, INT8 = "LiteRT float32", "LiteRT int8"


def measure(rounds: int, epochs: int, seeds: int) -> dict:
    """Test accuracies of all seeds' models and files, and microseconds of one image by round."""
    dataset, architecture = sets.load("mnist"), parse(MODEL)
    trained, exported = [], []
    for seed in tqdm(range(seeds), desc="trainings", disable=None):
        config = TrainConfig(epochs=epochs, seed=seed)
        trained.append(train_and_test(architecture, dataset, config))
        tolerance = ExportConfig().tolerance
        exported.append(export_and_measure(trained[-1].model, architecture, dataset, tolerance))
    stop_converter()
    image = dataset.test.images[:1]
    contestants = {
        **keras_contestants(trained[0].model, image),
        FLOAT32: litert_contestant(exported[0].files["model.tflite"], image),
        INT8: litert_contestant(exported[0].files["model_int8.tflite"], image),
    }
    microseconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in tqdm(range(rounds), desc="rounds", disable=None):
        for name, run in contestants.items():
            microseconds[name].append(run())
    keras_accuracies = [one.test.accuracy for one in trained]
    return {
        "model": MODEL,
        "epochs": epochs,
        "test_accuracy": {
            PREDICT: keras_accuracies,
            CALL: keras_accuracies,
            FLOAT32: [one.metrics["litert_test_accuracy"] for one in exported],
            INT8: [one.metrics["int8_test_accuracy"] for one in exported],
        },
        "microseconds": microseconds,
    }


def keras_contestants(model: keras.Model, image: np.ndarray) -> dict[str, Callable[[], float]]:
    """Both ways to ask the Keras model; each gives the median microseconds of one image."""
    signature = [tf.TensorSpec((1, MNIST.input_shape.height, MNIST.input_shape.height), tf.uint8)]
    call = tf.function(lambda images: model(images, training=False), input_signature=signature)
    tensor = tf.constant(image)
    predict = lambda: model.predict(image, verbose=0)  # noqa: E731 # pyright: ignore (typed as str)
    return {
        PREDICT: lambda: median_us(predict, PREDICT_CALLS),
        CALL: lambda: median_us(lambda: call(tensor), COMPILED_CALLS),
    }


def litert_contestant(content: bytes, image: np.ndarray) -> Callable[[], float]:
    """An exported file; gives the median microseconds of one image."""
    interpreter = litert.load(content)
    (entry,), (out,) = interpreter.get_input_details(), interpreter.get_output_details()

    def classify():
        interpreter.set_tensor(entry["index"], image)
        interpreter.invoke()
        return interpreter.get_tensor(out["index"])

    return lambda: median_us(classify, LITERT_CALLS)


def markdown(results: dict) -> str:
    """A row for each way to run the model, how many times faster it is, and the host."""
    microseconds = results["microseconds"]
    medians = {name: statistics.median(rounds) for name, rounds in microseconds.items()}
    header = ["one image", "test accuracy", "µs, median (range)", f"{PREDICT} takes"]
    header += [f"{CALL} takes"]
    rows = []
    for name, rounds in microseconds.items():
        ratios = [medians[other] / medians[name] for other in (PREDICT, CALL)]
        cells = [f"{ratio:,.1f}×" if ratio > 1 else "–" for ratio in ratios]
        spread = f"{medians[name]:,.1f} ({min(rounds):,.1f}–{max(rounds):,.1f})"
        rows.append([name, _accuracy(results["test_accuracy"][name]), spread, *cells])
    lines = [
        table(header, rows),
        "",
        f"`{results['model']}`, {num_params(parse(results['model']), MNIST):,} parameters, "
        f"{results['epochs']} epochs, {len(results['test_accuracy'][CALL])} seeds; "
        f"medians of {len(microseconds[CALL])} rounds. "
        f"{host_line(results['host'])}",
    ]
    return "\n".join(lines)


def _accuracy(values: list[float]) -> str:
    return f"{statistics.fmean(values):.2%} ({min(values):.2%}–{max(values):.2%})"


def main() -> None:
    parser = argparse.ArgumentParser(description="time of one image, exported and in Keras")
    parser.add_argument("--rounds", type=at_least(1), default=9)
    parser.add_argument("--epochs", type=at_least(1), default=9)
    parser.add_argument("--seeds", type=at_least(1), default=3)
    arguments = parser.parse_args()
    results = {"host": host(), **measure(arguments.rounds, arguments.epochs, arguments.seeds)}
    write_results(RESULTS, results)
    print(markdown(results))


if __name__ == "__main__":
    run_to_exit(main)
