"""The old path of ``device/litert.py``; it goes with the next release."""

import warnings

from mnist_tradeoff.device.litert import classify

__all__ = ["classify"]

warnings.warn(
    "mnist_tradeoff.litert is now mnist_tradeoff.device.litert; the old path goes with the next "
    "release",
    DeprecationWarning,
    stacklevel=2,
)
