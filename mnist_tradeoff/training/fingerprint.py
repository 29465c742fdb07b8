"""What a training's result depends on, as digests: equal ones need not be trained again."""

import hashlib
import json
from dataclasses import fields
from functools import cache
from importlib.metadata import version
from pathlib import Path

from mnist_tradeoff.training.recipe import TrainConfig

# The wings that decide about weights; a change of any other leaves finished results valid.
WINGS = ("architecture", "data", "training")
LIBRARIES = ("tensorflow", "keras", "numpy", "scikit-learn")


@cache
def code_version() -> str:
    """Digest of the wings and libraries that a training's result depends on."""
    digest = hashlib.md5()
    package = Path(__file__).parents[1]
    for path in sorted(path for wing in WINGS for path in (package / wing).rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library}=={version(library)}".encode())
    return digest.hexdigest()[:12]


def fingerprint(
    architecture: str, config: TrainConfig, precision: str, data_digest: str, code: str = ""
) -> str:
    """Digest of all that decides about a training: what, how, on which data, by which code.

    Args:
        architecture: the notation; however the user named it.
        precision: the one used, where ``config.precision`` may be ``auto``.
        data_digest: of the whole set, see ``data.dataset.Dataset``.
        code: as ``code_version`` gave it; empty: this one.
    """
    parts = {
        **{one.name: getattr(config, one.name) for one in fields(TrainConfig)},
        "architecture": architecture,
        "precision": precision,
        "data": data_digest,
        "code": code or code_version(),
    }
    return hashlib.md5(json.dumps(parts, sort_keys=True).encode()).hexdigest()
