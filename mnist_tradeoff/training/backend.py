"""Starts TensorFlow and Keras once, quietly: import them from here, never directly."""

import atexit
import gc
import os
from pathlib import Path

import psutil

from mnist_tradeoff.system.processes import THREADS_VARIABLE
from mnist_tradeoff.system.quiet import quiet_stderr


def available_cores() -> int:
    """CPU cores this process may use: `taskset` and containers' CPU sets are respected."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory() -> int:
    """Bytes that this machine can give to processes without swapping."""
    return psutil.virtual_memory().available


def cpu_flags() -> set[str]:
    """Instruction set extensions of this CPU as Linux names them; empty on other systems."""
    return set(_cpuinfo("flags").split())


def cpu_name() -> str:
    """Model name of this CPU."""
    return _cpuinfo("model name") or "unknown"


def _cpuinfo(key: str) -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


# Workers that share the cores are given their number of threads.
THREADS = int(os.environ.get(THREADS_VARIABLE) or available_cores())

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow turns oneDNN on by itself only for CPUs with AVX-512 VNNI; its convolutions are faster
# on the others too (benchmarks/NOTES.md).
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Its own pool of memory grows with every shape that it meets, and is never given back.
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")

# Python's garbage collector walks through all that these imports make, again and again, and once
# more at the end of the process: without it every command is 1.8 of 4.6 seconds faster.
gc.disable()
atexit.register(gc.freeze)
with quiet_stderr():
    import keras
    import tensorflow as tf

    # One thread per operation, as many operations at once as there are cores: see training.py.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    # The study compares CPU seconds, and its seeds repeat on a CPU. This also makes TensorFlow
    # look for a GPU now, while its complaints are set aside.
    tf.config.set_visible_devices([], "GPU")
    # Every net is traced anew, which it would warn of after the fifth.
    tf.get_logger().setLevel("ERROR")
    # A user's keras.json may say otherwise.
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")

gc.freeze()
gc.enable()

__all__ = ["THREADS", "available_cores", "available_memory", "cpu_flags", "cpu_name", "keras", "tf"]
