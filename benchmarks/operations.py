"""What the seconds of training go into: TensorFlow's own trace of one compiled call, by operation.

    python -m benchmarks.operations

A call of 32 steps at batch 256 after a warm-up, of each net of `training_rate`. The share of an
operation is its time on all threads; what is left of the threads' time is waiting and TensorFlow's
executor. Tracing itself takes some per cent.
"""

import argparse
import re
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.command import results_file, write_results
from benchmarks.contestant import host_line
from benchmarks.ours import host
from benchmarks.training_rate import BATCH_SIZE, MODELS
from mnist_tradeoff.architecture.costs import macs
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data import sets
from mnist_tradeoff.data.dataset import Split
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.system.processes import THREADS
from mnist_tradeoff.system.signals import run_to_exit
from mnist_tradeoff.training.backend import tf
from mnist_tradeoff.training.build import build_net
from mnist_tradeoff.training.recipe import TrainConfig, choose_precision
from mnist_tradeoff.training.steps import Steps

RESULTS = results_file("operations")
STEPS = 32
# By what the name of an operation contains; the first that fits.
CLASSES = {
    "convolution, gradients": ("Conv2DBackprop",),
    "convolution, forward": ("Conv2D",),
    "dense": ("MatMul",),
    "pooling": ("Pool",),
    "ReLU gradient": ("ReluGrad",),
}
# Events such as ``ExecutorState::Process`` and ``EagerLocalExecute: f`` are around operations.
OPERATION = re.compile(r"[^:]+:\w+")
REST = "everything else"
IDLE = "waiting, executor"


def measure(model: str, training: Split) -> dict[str, float]:
    """Share of the threads' time by class of operation, in one call."""
    architecture = resolve(model, MNIST)
    precision = choose_precision(architecture, "auto")
    config = TrainConfig(epochs=1, batch_size=BATCH_SIZE)
    net = build_net(architecture, MNIST, 0, precision, is_trained=True)
    steps = Steps(net, training, config, [config.seed], macs(architecture, MNIST))
    batches = np.arange(STEPS * BATCH_SIZE, dtype=np.int32).reshape(STEPS, BATCH_SIZE, 1)
    steps.run_steps(tf.constant(batches))
    with tempfile.TemporaryDirectory() as folder:
        options = tf.profiler.experimental.ProfilerOptions(
            host_tracer_level=2, python_tracer_level=0
        )
        tf.profiler.experimental.start(folder, options)
        started = time.perf_counter()
        loss, _ = steps.run_steps(tf.constant(batches))
        loss.numpy()
        available = THREADS * (time.perf_counter() - started)
        tf.profiler.experimental.stop()
        (trace,) = Path(folder).rglob("*.xplane.pb")
        seconds = seconds_by_class(trace)
    shares = {name: seconds[name] / available for name in (*CLASSES, REST)}
    return {**shares, IDLE: 1 - sum(shares.values())}


def seconds_by_class(trace: Path) -> Counter[str]:
    """Seconds of all operations of a trace; their events are named ``NAME:OPERATION``."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space, found = xplane_pb2.XSpace(), Counter()  # pyright: ignore (generated)
    space.ParseFromString(trace.read_bytes())
    for plane in space.planes:
        operations = {
            key: one.name.rpartition(":")[2]
            for key, one in plane.event_metadata.items()
            if OPERATION.fullmatch(one.name)
        }
        for line in plane.lines:
            for event in line.events:
                if event.metadata_id in operations:
                    kind = class_of(operations[event.metadata_id])
                    found[kind] += event.duration_ps / 1e12
    return found


def class_of(operation: str) -> str:
    """The class of an operation by its name, such as ``_MklNativeConv2DBackpropInput``."""
    fitting = (name for name, parts in CLASSES.items() if any(part in operation for part in parts))
    return next(fitting, REST)


def markdown(results: dict) -> str:
    """A row a net, and the host."""
    classes = [*CLASSES, REST, IDLE]
    rows = [
        [f"`{model}`", *(f"{shares[name]:.0%}" for name in classes)]
        for model, shares in results["shares"].items()
    ]
    return "\n".join([table(["model", *classes], rows), "", host_line(results["host"])])


def main() -> None:
    """Trace every net once."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.operations", description="what the seconds of training go into"
    ).parse_args()
    training = sets.load("mnist").train
    found = {model: measure(model, training) for model in tqdm(MODELS, disable=None)}
    results = {"host": host(), "shares": found}
    write_results(RESULTS, results)
    print(markdown(results))


if __name__ == "__main__":
    run_to_exit(main)
