"""Our side: a full schedule of this project's training for every line on standard input.

Reads ``{"seed": s, "epochs": e}``; answers ``{"train_seconds": t, "test_accuracy": a}``. An empty
object is answered with the host and its measured matrix-multiplication rate.
"""

import json
import platform
import statistics
import sys
import time

from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data.dataset import Split
from mnist_tradeoff.data.sets import load
from mnist_tradeoff.system.host import cpu_name
from mnist_tradeoff.system.processes import THREADS, exit_with_parent
from mnist_tradeoff.training.backend import keras, tf
from mnist_tradeoff.training.loop import train, train_and_test
from mnist_tradeoff.training.recipe import TrainConfig

GEMM_SIZE = 2048
# A process's first steps are slower; `fit` has one outside the clock, too.
WARM_UP_IMAGES = 512


def host() -> dict:
    """CPU, threads, versions, and GFLOP/s of all threads multiplying square matrices of 2048."""
    return {
        "cpu": cpu_name(),
        "threads": THREADS,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "gemm_float32_gflops": round(gemm_gflops(tf.float32)),
        "gemm_bfloat16_gflops": round(gemm_gflops(tf.bfloat16)),
    }


def gemm_gflops(dtype) -> float:
    matrix = tf.cast(tf.random.normal((GEMM_SIZE, GEMM_SIZE)), dtype)

    @tf.function
    def multiply():
        # One product a thread, because each operation runs on one thread here.
        return [tf.reduce_sum(tf.matmul(matrix, matrix + i)) for i in range(THREADS)]

    multiply()
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        _ = [product.numpy() for product in multiply()]
        seconds.append(time.perf_counter() - started)
    return THREADS * 2 * GEMM_SIZE**3 / statistics.median(seconds) / 1e9


def main() -> None:
    exit_with_parent()
    architecture = resolve(sys.argv[1], MNIST)
    dataset = load("mnist")
    few = Split(dataset.train.images[:WARM_UP_IMAGES], dataset.train.labels[:WARM_UP_IMAGES])
    train(architecture, dataset.task, few, dataset.val, TrainConfig(epochs=1))
    for line in sys.stdin:
        request = json.loads(line)
        if not request:
            answer = host()
        else:
            result = train_and_test(architecture, dataset, TrainConfig(**request))
            answer = {
                "train_seconds": result.train_seconds,
                "test_accuracy": result.test.accuracy,
            }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
