"""Starts TensorFlow and Keras once, quietly: import them from here, never directly."""

import atexit
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

from mnist_tradeoff.system.processes import THREADS
from mnist_tradeoff.system.quiet import quiet_stderr

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

    # One thread per operation, as many at once as there are cores: see training/steps.py.
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


@contextmanager
def functions_inlined() -> Iterator[None]:
    """Within it, graphs are traced without functions of their own in them.

    Keras hides grouped convolutions in a function for XLA, which neither our count of operations
    nor tf2onnx can look into.
    """
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


__all__ = ["functions_inlined", "keras", "tf"]
