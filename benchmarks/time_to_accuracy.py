"""Training seconds until the mean test accuracy reaches a target: ours against Keras's `fit`.

    python -m benchmarks.time_to_accuracy --races 99% 99.5% ann cnn_v1 simple_cnn cnn_v2

`fit` as anyone writes it: Adam 1e-3, float32, NumPy arrays. In the race to 99 % it trains
`simple_cnn` with batch 32, and ours an architecture of ours, over 5 seeds. In that to 99.5 % both
train the smallest net of docs/frontier.md that gets there, batch 128, with the same augmentation.
In the others, over 3 (`cnn_v2` 2), both train the same reference, `fit` with batch 64, up to the
documented accuracy.

Both have the same 55,000 images, in processes of their own that take turns (never both at once).
`fit` goes on epoch by epoch until the mean over its seeds is there; ours runs full schedules of 1,
2, … epochs (18, 19, … to 99.5 %) until the mean over the same seeds is, and once more in every
later round, so that both are timed under the same conditions. The clocks hold training only: no
tracing, no evaluation.
"""

import argparse
import json
import statistics
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from benchmarks.command import at_least, results_file, write_results
from benchmarks.contestant import Contestant, host_line
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.system.signals import run_to_exit

RESULTS = results_file("time_to_accuracy")


@dataclass(frozen=True)
class Race:
    """Who trains what until which test accuracy, with so many seeds, `fit` so long at most.

    our_settings: those of ``TrainConfig`` that are not its defaults.
    our_epochs: of the first schedule that ours tries.
    fit_augment: how strongly the images of `fit` are moved, as ``augment``.
    """

    fit_model: str
    fit_batch_size: int
    our_model: str
    target: float
    max_epochs: int
    seeds: int
    our_settings: dict[str, Any] = field(default_factory=dict)
    our_epochs: int = 1
    fit_augment: float = 0.0


TO_99, TO_995 = "99%", "99.5%"
SMALLEST_TO_995 = "10C3b-10C3b-P2-14C3b-14C3b-P2-16C3sb-10C3s-G"
RACES = {
    TO_99: Race(
        *("simple_cnn", 32, "16C5-P3-32C3-P2-128", 0.99, 15, 5),
        our_settings={"batch_size": 256, "learning_rate": 0.02},
    ),
    TO_995: Race(
        *(SMALLEST_TO_995, 128, SMALLEST_TO_995, 0.995, 40, 5),
        our_settings={"learning_rate": 0.02, "beta_1": 0.9, "beta_2": 0.99, "augment": "1"},
        our_epochs=18,
        fit_augment=1.0,
    ),
    **{
        name: Race(name, 64, name, REFERENCES[name].documented_test_accuracy, 20, seeds)
        for name, seeds in {"ann": 3, "cnn_v1": 3, "simple_cnn": 3, "cnn_v2": 2}.items()
    },
}


def run(name: str, seeds: int) -> dict:
    """One race: epochs, mean accuracy and seconds of both, and their ratio."""
    race = RACES[name]
    settings = (race.fit_model, str(race.fit_batch_size), str(race.fit_augment))
    fit = Contestant("keras_fit", *settings)
    ours = Contestant("ours", race.our_model)
    host = ours.ask()
    rounds: dict[str, list[list[dict]]] = {"fit": [], "ours": []}
    schedule = None
    for epoch in range(1, race.max_epochs + 1):
        tried = schedule or epoch - 1 + race.our_epochs
        rounds["fit"].append([])
        rounds["ours"].append([])
        for seed in tqdm(range(seeds), desc=f"{name} round {epoch}", disable=None, leave=False):
            rounds["fit"][-1].append(fit.ask(seed=seed))
            if schedule is None or seed == epoch % seeds:
                found = ours.ask(seed=seed, epochs=tried, **race.our_settings)
                rounds["ours"][-1].append(found)
        if schedule is None and mean_accuracy(rounds["ours"][-1]) >= race.target:
            schedule = tried
        if schedule and mean_accuracy(rounds["fit"][-1]) >= race.target:
            break
    fit.close()
    ours.close()
    found = summary(rounds, schedule, race.target, race.our_epochs)
    return {"name": name, "target": race.target, "host": host, **found, "rounds": rounds}


def summary(rounds: dict, schedule: int | None, target: float, least: int = 1) -> dict:
    """What a race's rounds come to; a `fit` that never was there is counted with all its epochs.

    Args:
        schedule: epochs of ours that are enough.
        least: epochs of ours in the first round.
    """
    accuracies = [mean_accuracy(answers) for answers in rounds["fit"]]
    reached = next((i for i, accuracy in enumerate(accuracies, 1) if accuracy >= target), None)
    epochs = [
        [answer["train_seconds"] for answer in answers] for answers in rounds["fit"][:reached]
    ]
    fit_seconds = sum(map(statistics.median, epochs))
    enough = schedule - least if schedule else len(rounds["ours"]) - 1
    first, *later = rounds["ours"][enough:]
    seconds = [answer["train_seconds"] for answers in (first, *later) for answer in answers]
    ours_seconds = statistics.median(seconds)
    return {
        "seeds": len(rounds["fit"][0]),
        "fit_epochs": reached,
        "fit_test_accuracy": accuracies[reached - 1] if reached else max(accuracies),
        "fit_seconds": fit_seconds,
        "fit_seconds_range": [sum(map(min, epochs)), sum(map(max, epochs))],
        "ours_epochs": schedule,
        "ours_test_accuracy": mean_accuracy(first),
        "ours_seconds": ours_seconds,
        "ours_seconds_range": [min(seconds), max(seconds)],
        "ratio": fit_seconds / ours_seconds,
    }


def mean_accuracy(answers: list[dict]) -> float:
    """Mean test accuracy over the seeds."""
    return statistics.fmean(answer["test_accuracy"] for answer in answers)


def ratio(result: dict) -> str:
    """How many times faster ours is, in words."""
    if result["ours_epochs"] is None:
        return "not reached"
    more = "" if result["fit_epochs"] else "more than "
    return f"{more}{result['ratio']:.1f}×"


def markdown(results: dict[str, dict]) -> str:
    """A row a race, with its host's rates, because races can be run on different days."""
    lines = [
        "| target | seeds | `fit`: model, batch | epochs, mean accuracy, seconds (range) "
        "| ours: model | epochs, mean accuracy, seconds (range) | ratio "
        "| host's GFLOP/s, float32 and bfloat16 |",
        "|--:|--:|---|--:|---|--:|--:|--:|",
    ]
    for name in [name for name in RACES if name in results]:
        race, result, host = RACES[name], results[name], results[name]["host"]
        fit_epochs = result["fit_epochs"] or f"not in {race.max_epochs}"
        fit_low, fit_high = result["fit_seconds_range"]
        low, high = result["ours_seconds_range"]
        lines.append(
            f"| {race.target:.2%} | {result['seeds']} | `{race.fit_model}`, {race.fit_batch_size} "
            f"| {fit_epochs}, {result['fit_test_accuracy']:.2%}, "
            f"{result['fit_seconds']:.1f} s ({fit_low:.1f}–{fit_high:.1f}) "
            f"| `{race.our_model}` | {result['ours_epochs']}, {result['ours_test_accuracy']:.2%}, "
            f"{result['ours_seconds']:.2f} s ({low:.2f}–{high:.2f}) | {ratio(result)} "
            f"| {host['gemm_float32_gflops']}, {host['gemm_bfloat16_gflops']} |"
        )
    return "\n".join([*lines, "", host_line(*(result["host"] for result in results.values()))])


def main() -> None:
    """Run the races; each result is kept when it is there."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.time_to_accuracy",
        description="training seconds to an accuracy, against Keras's fit",
    )
    parser.add_argument(
        "--seeds", type=at_least(1), help="of every race, instead of its own number"
    )
    parser.add_argument("--races", nargs="+", choices=RACES, default=list(RACES))
    arguments = parser.parse_args()
    stored = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in arguments.races:
        stored[name] = run(name, arguments.seeds or RACES[name].seeds)
        write_results(RESULTS, stored)
    print(markdown(stored))


if __name__ == "__main__":
    run_to_exit(main)
