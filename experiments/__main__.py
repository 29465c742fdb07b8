"""Writes MLproject anew from the configs of the entry points: ``python -m experiments``."""

from pathlib import Path

import experiments
from mnist_tradeoff.system.files import write_whole
from mnist_tradeoff.system.mlproject import mlproject

if __name__ == "__main__":
    path = Path(__file__).parents[1] / "MLproject"
    write_whole(path, mlproject(experiments).encode())
    print(f"written: {path.name}")
