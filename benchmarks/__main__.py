"""The entry point ``benchmark`` under its short name: ``python -m benchmarks --what T1,S1``."""

from experiments.benchmark import run_benchmark
from mnist_tradeoff.search.config import BenchmarkConfig
from mnist_tradeoff.system import command_line as cli

if __name__ == "__main__":
    cli.run(lambda: run_benchmark(cli.parse(BenchmarkConfig)))
