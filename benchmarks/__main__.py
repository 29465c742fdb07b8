"""The entry point ``benchmark`` under its short name: ``python -m benchmarks --what T1,S1``."""

from experiments.benchmark import run_benchmark
from mnist_tradeoff import cli
from mnist_tradeoff.config import BenchmarkConfig

if __name__ == "__main__":
    cli.run(lambda: run_benchmark(cli.parse(BenchmarkConfig)))
