"""Training images a second: ours against Keras's `fit`, the same net at the same batch size.

    python -m benchmarks.training_rate --rounds 3

Both in processes of their own that take turns, an epoch of 55,000 images each, batch 256; the first
epoch of each is outside the clock. And how much of the measured matrix-multiplication rate the
training's multiplications reach: three times those of the forward pass (one for it, two for the
gradients), two operations each. It may be above 100 % where ``precision=auto`` takes bfloat16.
"""

import argparse
import json
import statistics
from pathlib import Path

from tqdm import tqdm

from benchmarks.time_to_accuracy import Contestant
from mnist_tradeoff.architectures import REFERENCES, resolve
from mnist_tradeoff.complexity import complexity

RESULTS = Path(__file__).parent / "results" / "training_rate.json"
BATCH_SIZE = 256
IMAGES = 55_000
# The references, and one of the search's front.
MODELS = (*REFERENCES, "4C3-13C3-P2-9C3-24C3-P2")


def compare(model: str, rounds: int) -> dict:
    """Images a second of both in every round, and the host."""
    fit = Contestant("keras_fit", model, str(BATCH_SIZE))
    ours = Contestant("ours", model)
    rates: dict[str, list[float]] = {"fit": [], "ours": []}
    for seed in tqdm(range(rounds + 1), desc=model, disable=None, leave=False):
        answers = {
            "fit": fit.ask(seed=0),
            "ours": ours.ask(seed=seed, epochs=1, batch_size=BATCH_SIZE),
        }
        if seed:
            for name, answer in answers.items():
                rates[name].append(IMAGES / answer["train_seconds"])
    host = ours.ask()
    fit.close()
    ours.close()
    return {"model": model, "host": host, **rates}


def markdown(results: list[dict]) -> str:
    """A row a model, and the host."""
    lines = [
        "| model | parameters | `fit`: images a second (range) | ours (range) | ratio "
        "| of the float32 GEMM rate |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for result in results:
        cost = complexity(resolve(result["model"]))
        medians = {name: statistics.median(result[name]) for name in ("fit", "ours")}
        cells = [
            f"{medians[name]:,.0f} ({min(result[name]):,.0f}–{max(result[name]):,.0f})"
            for name in medians
        ]
        rate = 3 * 2 * cost.macs * medians["ours"] / 1e9
        share = rate / result["host"]["gemm_float32_gflops"]
        lines.append(
            f"| `{result['model']}` | {cost.num_params:,} | {cells[0]} | {cells[1]} "
            f"| {medians['ours'] / medians['fit']:.1f}× | {share:.0%} |"
        )
    found = results[0]["host"]
    gemm = [result["host"]["gemm_float32_gflops"] for result in results]
    lines += [
        "",
        f"Batch {BATCH_SIZE}, medians of {len(results[0]['ours'])} epochs. Host: {found['cpu']}, "
        f"{found['threads']} cores, {min(gemm)} to {max(gemm)} GFLOP/s in float32 and "
        f"{found['gemm_bfloat16_gflops']} in bfloat16, Python {found['python']}, TensorFlow "
        f"{found['tensorflow']}, Keras {found['keras']}.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="training images a second against Keras's fit")
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    results = [compare(model, rounds) for model in MODELS]
    RESULTS.write_text(f"{json.dumps(results, indent=1)}\n")
    print(markdown(results))


if __name__ == "__main__":
    main()
