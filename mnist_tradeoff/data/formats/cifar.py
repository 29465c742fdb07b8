"""CIFAR-10's binary version, as its author publishes it: fixed records in a tar, no pickles.

https://www.cs.toronto.edu/~kriz/cifar.html
"""

import tarfile
from pathlib import Path, PurePosixPath

import numpy as np

from mnist_tradeoff.data.formats.raw import Part, Raw, require_memory

SIDE, CHANNELS = 32, 3
# The label, then all red pixels by rows, all green ones, all blue ones.
RECORD = 1 + CHANNELS * SIDE * SIDE
TRAINING = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = "test_batch.bin"
NAMES = "batches.meta.txt"


def read_cifar(archive: Path) -> Raw:
    """The set of an archive, which is read in memory: nothing is unpacked.

    Raises:
        MemoryError: it does not fit.
    """
    require_memory([archive.stat().st_size], archive)
    wanted = (*TRAINING, TEST, NAMES)
    with tarfile.open(archive, "r:gz") as file:
        content = {
            name: member.read()
            for info in file
            if (name := PurePosixPath(info.name).name) in wanted
            and (member := file.extractfile(info))
        }
    names = content[NAMES].decode("ascii").split()
    training = b"".join(content[name] for name in TRAINING)
    parts = {"train": _part(training, archive), "test": _part(content[TEST], archive)}
    return Raw("", parts, dict(enumerate(names)))


def _part(content: bytes, archive: Path) -> Part:
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    planes = records[:, 1:].reshape(-1, CHANNELS, SIDE, SIDE)
    return Part(np.ascontiguousarray(np.moveaxis(planes, 1, 3)), records[:, 0], f"'{archive}'")
