"""Training seconds until the mean test accuracy reaches the documented one: ours against `fit`.

    python -m benchmarks.time_to_accuracy --seeds 3 --models ann cnn_v1 simple_cnn cnn_v2

Both train the same architecture on the same 55,000 images, in processes of their own that take
turns (never both at once). `fit` (Adam 1e-3, batch 64, float32, NumPy arrays) goes on epoch by
epoch until the mean over its seeds is there; ours runs full schedules of 1, 2, … epochs until the
mean over the same seeds is, and once more in every later round, so that both are timed under the
same conditions. The clocks hold training only: no tracing, no evaluation.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from mnist_tradeoff.architectures import REFERENCES

RESULTS = Path(__file__).parent / "results" / "time_to_accuracy.json"
MAX_EPOCHS = 20


class Contestant:
    """A process that answers one JSON line with another."""

    def __init__(self, module: str, *arguments: str):
        # TensorFlow's banner, or why it failed
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (close() closes it)
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def ask(self, **request: int) -> dict:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise SystemExit(
                f"{self.errors.read()}error: {self.process.args} ended without an answer"
            )
        return json.loads(line)

    def close(self) -> None:
        self.process.communicate()
        self.errors.close()


def compare(model: str, seeds: int) -> dict:
    """One reference's comparison: epochs, mean accuracy and seconds of both, and the ratio."""
    target = REFERENCES[model].documented_test_accuracy
    fit, ours = Contestant("keras_fit", model), Contestant("ours", model)
    rounds: dict[str, list[list[dict]]] = {"fit": [], "ours": []}
    schedule = None
    for epoch in range(1, MAX_EPOCHS + 1):
        rounds["fit"].append([])
        rounds["ours"].append([])
        for seed in tqdm(range(seeds), desc=f"{model} round {epoch}", disable=None, leave=False):
            rounds["fit"][-1].append(fit.ask(seed=seed))
            if schedule is None or seed == epoch % seeds:
                rounds["ours"][-1].append(ours.ask(seed=seed, epochs=schedule or epoch))
        if schedule is None and mean_accuracy(rounds["ours"][-1]) >= target:
            schedule = epoch
        if schedule and mean_accuracy(rounds["fit"][-1]) >= target:
            break
    host = ours.ask()
    fit.close()
    ours.close()
    return {"model": model, "target": target, "host": host, **summary(rounds, schedule, target)}


def summary(rounds: dict, schedule: int | None, target: float) -> dict:
    accuracies = [mean_accuracy(answers) for answers in rounds["fit"]]
    reached = next((i for i, accuracy in enumerate(accuracies, 1) if accuracy >= target), None)
    fit_seconds = sum(
        statistics.median(answer["train_seconds"] for answer in answers)
        for answers in rounds["fit"][:reached]
    )
    ours = [answer for answers in rounds["ours"][(schedule or 1) - 1 :] for answer in answers]
    ours_seconds = statistics.median(answer["train_seconds"] for answer in ours)
    return {
        "seeds": len(rounds["fit"][0]),
        "fit_epochs": reached,
        "fit_test_accuracy": accuracies[(reached or 0) - 1],
        "fit_seconds": fit_seconds,
        "ours_epochs": schedule,
        "ours_test_accuracy": mean_accuracy(rounds["ours"][(schedule or 0) - 1]),
        "ours_seconds": ours_seconds,
        "ratio": fit_seconds / ours_seconds if reached and schedule else None,
        "rounds": rounds,
    }


def mean_accuracy(answers: list[dict]) -> float:
    return statistics.fmean(answer["test_accuracy"] for answer in answers)


def markdown(comparisons: list[dict]) -> str:
    """Table of the comparisons, one row a model, for the README."""
    head = (
        "| model | documented | `fit`: epochs, mean accuracy, seconds "
        "| ours: epochs, mean accuracy, seconds | ratio |",
        "|---|---:|---:|---:|---:|",
    )
    rows = [
        f"| `{c['model']}` | {c['target']:.2%} "
        f"| {c['fit_epochs']}, {c['fit_test_accuracy']:.2%}, {c['fit_seconds']:.1f} s "
        f"| {c['ours_epochs']}, {c['ours_test_accuracy']:.2%}, {c['ours_seconds']:.1f} s "
        f"| {c['ratio']:.1f}× |"
        for c in comparisons
        if c["ratio"]
    ]
    missed = [
        f"{c['model']}: not reached in {MAX_EPOCHS} epochs" for c in comparisons if not c["ratio"]
    ]
    return "\n".join([*head, *rows, *missed])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.time_to_accuracy", description=__doc__
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="+", choices=REFERENCES, default=list(REFERENCES))
    arguments = parser.parse_args()
    RESULTS.parent.mkdir(exist_ok=True)
    stored = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for model in arguments.models:
        stored[model] = compare(model, arguments.seeds)
        RESULTS.write_text(json.dumps(stored, indent=1) + "\n")
        print(markdown([stored[model]]), flush=True)


if __name__ == "__main__":
    main()
