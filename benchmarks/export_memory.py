"""Memory of the process that exports: is it flat over many exports?

    python -m benchmarks.export_memory --exports 50

Exports different nets one after the other, each with every file and measurement of the entry point
``export``, and writes down the resident memory of this process after each.
"""

import argparse

import psutil
from tqdm import tqdm

from benchmarks.command import results_file, write_results
from benchmarks.ours import host
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.data import sets
from mnist_tradeoff.device.convert import stop_converter
from mnist_tradeoff.device.export import export_and_measure
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.training.build import build

RESULTS = results_file("export_memory")
STEP = 10


def measure(exports: int) -> list[float]:
    """Resident megabytes of this process after each export."""
    dataset, process, found = sets.load("mnist"), psutil.Process(), []
    for number in tqdm(range(exports), disable=None):
        # Another net each time: nothing can be reused.
        architecture = parse(f"{4 + number % 13}C3-P2-{5 + number % 17}C3-P2")
        model = build(architecture, dataset.task)
        export_and_measure(model, architecture, dataset, tolerance=1.0)
        found.append(process.memory_info().rss / 1e6)
    stop_converter()
    return found


def markdown(results: dict) -> str:
    """Memory after every tenth export, and the host."""
    megabytes, found = results["megabytes"], results["host"]
    numbers = [1, *range(STEP, len(megabytes) + 1, STEP)]
    rows = [[str(number), f"{megabytes[number - 1]:,.0f}"] for number in numbers]
    return "\n".join(
        [
            table(["exports", "resident MB"], rows, left=0),
            "",
            f"Host: {found['cpu']}, Python {found['python']}, TensorFlow {found['tensorflow']}, "
            f"Keras {found['keras']}.",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="memory of the process that exports")
    parser.add_argument("--exports", type=int, default=50)
    results = {"host": host(), "megabytes": measure(parser.parse_args().exports)}
    write_results(RESULTS, results)
    print(markdown(results))


if __name__ == "__main__":
    main()
