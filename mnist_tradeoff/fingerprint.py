"""What a training's result depends on, as digests: equal ones need not be trained again."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

from mnist_tradeoff.config import TrainConfig

# The rooms that decide about weights; a change of any other leaves finished results valid.
ROOMS = ("architectures", "backend", "data", "data_files", "models", "training")
LIBRARIES = ("tensorflow", "keras", "numpy", "scikit-learn")


def code_version() -> str:
    """Digest of the source files and libraries that a training's result depends on."""
    digest = hashlib.md5()
    for room in ROOMS:
        digest.update((Path(__file__).parent / f"{room}.py").read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library}=={version(library)}".encode())
    return digest.hexdigest()[:12]


def fingerprint(architecture: str, config: TrainConfig, precision: str, data_digest: str) -> str:
    """Digest of all that decides about a training: what, how, on which data, by which code.

    Args:
        architecture: the notation; however the user named it.
        precision: the one used, where ``config.precision`` may be ``auto``.
        data_digest: of the whole set, see ``data.Dataset``.
    """
    parts = {
        "architecture": architecture,
        "epochs": config.epochs,
        "batch_size": config.batch_size,
        "learning_rate": config.learning_rate,
        "seed": config.seed,
        "precision": precision,
        "data": data_digest,
        "code": code_version(),
    }
    return hashlib.md5(json.dumps(parts, sort_keys=True).encode()).hexdigest()
