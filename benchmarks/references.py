"""The four references with the default settings: test accuracy and seconds over several seeds.

    python -m benchmarks.references --seeds 5

Seeds are the outer loop, so that a slow quarter of an hour of the machine touches all models.
"""

import argparse
import json
import statistics
from dataclasses import asdict
from pathlib import Path

from benchmarks.ours import host
from mnist_tradeoff.architectures import REFERENCES
from mnist_tradeoff.complexity import complexity
from mnist_tradeoff.config import TrainConfig
from mnist_tradeoff.data import load
from mnist_tradeoff.training import train

RESULTS = Path(__file__).parent / "results" / "references.json"


def measure(seeds: int) -> dict:
    dataset = load("mnist")
    answers: dict[str, list[dict]] = {name: [] for name in REFERENCES}
    for seed in range(seeds):
        for name, reference in REFERENCES.items():
            result = train(reference.architecture, dataset, TrainConfig(seed=seed))
            answer = {
                "seed": seed,
                "val_accuracy": result.val.accuracy,
                "test_accuracy": result.test.accuracy,
                "train_seconds": result.train_seconds,
                "precision": result.precision,
            }
            answers[name].append(answer)
            print(name, answer, flush=True)
    config = {key: value for key, value in asdict(TrainConfig()).items() if key != "seed"}
    return {"host": host(), "config": config, "answers": answers}


def markdown(results: dict) -> str:
    """Table of the README: one row a reference, mean ± sd over the seeds, median seconds."""
    head = (
        "| model | notation | parameters | MACs | validation | test | documented | seconds |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    )
    rows = []
    for name, answers in results["answers"].items():
        reference = REFERENCES[name]
        cost = complexity(reference.architecture)
        val, test = (
            mean_and_sd([100 * answer[f"{part}_accuracy"] for answer in answers])
            for part in ("val", "test")
        )
        seconds = statistics.median(answer["train_seconds"] for answer in answers)
        rows.append(
            f"| `{name}` | `{reference.architecture}` | {cost.num_params:,} | {cost.macs:,} "
            f"| {val} % | {test} % | {reference.documented_test_accuracy:.2%} | {seconds:.1f} |"
        )
    return "\n".join([*head, *rows])


def mean_and_sd(values: list[float]) -> str:
    return f"{statistics.fmean(values):.2f} ± {statistics.stdev(values):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.references", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    results = measure(parser.parse_args().seeds)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(markdown(results))


if __name__ == "__main__":
    main()
