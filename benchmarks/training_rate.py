"""Training images a second: ours against Keras's `fit` and PyTorch, the same net and batch size.

    python -m benchmarks.training_rate --rounds 2

Each in a process of its own; they take turns, an epoch of 55,000 images each, batch 256; the first
epoch of each is outside the clock. PyTorch is optional (`pip install torch`): eager and compiled,
in float32 and, where the CPU has it, in bfloat16; the best of them counts.

And how much of the measured matrix-multiplication rate our training's multiplications reach: those
of the forward pass, of the gradients by the weights, and of those by the inputs but the images. It
may be above 100 % where ``precision=auto`` takes bfloat16.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import statistics

from tqdm import tqdm

from benchmarks.command import at_least, results_file, write_results
from benchmarks.contestant import Contestant, host_line
from mnist_tradeoff.architecture.costs import macs, num_params
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.references import REFERENCES, resolve
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.system.signals import run_to_exit

RESULTS = results_file("training_rate")
BATCH_SIZE = 256
IMAGES = 55_000
# Ours leaves out what does not fill a batch.
OUR_IMAGES = IMAGES // BATCH_SIZE * BATCH_SIZE
# One of the search's front, a separable net and a batch-normalised one.
SMALL_NETS = (
    "4C3-13C3-P2-9C3-24C3-P2",
    "6C3sb-6DS3sb-P2-10DS3b-10DS3b-P2-14DS3sb-14DS3s-G",
    "8C3b-8C3b-P2-12C3b-12C3b-P2-16C3sb-10C3s-G",
)
MODELS = (*REFERENCES, *SMALL_NETS)

# By its column: the arguments of `torch_train`.
TORCH = {
    "torch": ("eager", "float32"),
    "torch bfloat16": ("eager", "bfloat16"),
    "torch.compile": ("compile", "float32"),
    "torch.compile bfloat16": ("compile", "bfloat16"),
}


def compare(model: str, rounds: int) -> dict:
    """Images a second of every contestant in every round, and the host."""
    ours = Contestant("ours", model)
    host = ours.ask()
    contestants = {"fit": Contestant("keras_fit", model, str(BATCH_SIZE))}
    if has_torch():
        host["torch"] = importlib.metadata.version("torch")
        for name, (mode, precision) in TORCH.items():
            # Where the CPU only emulates it, an epoch takes minutes.
            faster = host["gemm_bfloat16_gflops"] > host["gemm_float32_gflops"]
            if precision == "float32" or faster:
                contestants[name] = Contestant(
                    "torch_train", model, str(BATCH_SIZE), mode, precision
                )
    rates: dict[str, list[float]] = {name: [] for name in (*contestants, "ours")}
    for seed in tqdm(range(rounds + 1), desc=model, disable=None, leave=False):
        answers = ask(contestants)
        answers["ours"] = ours.ask(seed=seed, epochs=1, batch_size=BATCH_SIZE)
        if seed:
            for name, answer in answers.items():
                images = OUR_IMAGES if name == "ours" else IMAGES
                rates[name].append(images / answer["train_seconds"])
    for contestant in (*contestants.values(), ours):
        contestant.close()
    return {"model": model, "host": host, **{name: found for name, found in rates.items() if found}}


def ask(contestants: dict[str, Contestant]) -> dict[str, dict]:
    """An epoch of each; a PyTorch that cannot (it has no compiler, say) is left out from now on."""
    answers = {}
    for name, contestant in list(contestants.items()):
        try:
            answers[name] = contestant.ask(seed=0)
        except SystemExit as error:
            if name not in TORCH:
                raise
            print(f"without {name}: {error}")
            del contestants[name]
    return answers


def gemm_share(result: dict) -> float:
    """What training's multiplications a second are of the float32 matrix-multiplication rate."""
    macs = training_macs(resolve(result["model"], MNIST))
    return 2e-9 * macs * statistics.median(result["ours"]) / result["host"]["gemm_float32_gflops"]


def training_macs(architecture: Architecture) -> int:
    """Multiply-accumulate operations that an image takes in training.

    As many as forward for the gradients by the weights and as many by the inputs, but for the first
    layer, whose input are the images.
    """
    first = Architecture(architecture.layers[:1])
    classifier_macs = MNIST.classes * first.shapes(MNIST)[-1].size
    return 3 * macs(architecture, MNIST) - (macs(first, MNIST) - classifier_macs)


def has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def markdown(results: list[dict]) -> str:
    """A row a model, and the host; what was not measured has no column."""
    torch = [name for name in TORCH if any(name in result for result in results)]
    names = ["fit", *torch, "ours"]
    rows = []
    for result in results:
        architecture = resolve(result["model"], MNIST)
        medians = {name: statistics.median(result[name]) for name in names if name in result}
        fastest = max((medians[name] for name in torch if name in medians), default=None)
        rows.append(
            (
                f"`{result['model']}`",
                f"{num_params(architecture, MNIST):,}",
                *(_rate(result[name]) if name in result else "–" for name in names),
                f"{medians['ours'] / medians['fit']:.1f}×",
                f"{medians['ours'] / fastest:.2f}×" if fastest else "–",
                f"{gemm_share(result):.0%}",
            )
        )
    head = ("model", "parameters", *(f"`{name}`" for name in names[:-1]), "ours", "ours / `fit`")
    counts = sorted({len(result["ours"]) for result in results})
    measured = (
        f"Images a second, medians (and ranges) of {' or '.join(map(str, counts))} epochs, batch "
        f"{BATCH_SIZE}. {host_line(*(result['host'] for result in results))}"
    )
    head = (*head, "ours / best PyTorch", "of the float32 GEMM rate")
    return "\n".join([table(head, rows), "", measured])


def _rate(rounds: list[float]) -> str:
    return f"{statistics.median(rounds):,.0f} ({min(rounds):,.0f}–{max(rounds):,.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description="training images a second against Keras and PyTorch"
    )
    parser.add_argument("--rounds", type=at_least(1), default=2)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    arguments = parser.parse_args()
    if not has_torch():
        print("PyTorch is not installed: the comparison is without it (pip install torch)")
    stored = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    results = {one["model"]: one for one in stored}
    for model in arguments.models:
        results[model] = compare(model, arguments.rounds)
        write_results(RESULTS, [results[model] for model in MODELS if model in results])
    print(markdown(json.loads(RESULTS.read_text())))


if __name__ == "__main__":
    run_to_exit(main)
