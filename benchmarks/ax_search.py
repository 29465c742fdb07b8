"""The contestant: the search of PyTorch's tutorial "Multi-Objective NAS with Ax", in plain PyTorch.

Argument: ``ax`` (its client's default strategy, called fast: the centre, Sobol, then Bayesian
optimization) or ``optuna`` (its default sampler, TPE). Answers every line ``{"seed": s, "trials":
n}`` on standard input with ``{"seconds": s, "threads": t, "trials": [{"seconds": since the start,
"num_params": n, "val_accuracy": a}, ...]}``; the clock holds proposals and trials, one after the
other.

The tutorial's space, net and optimizer, without what only costs time: no Lightning, no processes,
the images a tensor. Unlike the tutorial's, they are shuffled. No torch.compile: every trial is
another net, and compiling one takes longer than training it.
"""

# Not in the environment that is checked: PyTorch and Ax are extras of this project.
# pyright: reportMissingImports=false

import importlib
import itertools
import json
import sys
import time
from collections.abc import Callable

import numpy as np
import optuna
import torch
from torch import nn

from benchmarks.ax_tutorial import WORST_ACCURACY, WORST_NUM_PARAMS
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data.dataset import Split
from mnist_tradeoff.data.sets import load
from mnist_tradeoff.system.processes import exit_with_parent

# Of MNIST's pixels, from 0 to 1, as the tutorial has them.
MEAN, DEVIATION = 0.1307, 0.3081
WIDTHS, LEARNING_RATES, DROPOUTS, EPOCHS = (16, 128), (1e-4, 1e-2), (0.0, 0.5), (1, 4)
BATCH_SIZES = [32, 64, 128, 256]

Evaluate = Callable[..., dict[str, float]]


def tensors(split: Split) -> tuple[torch.Tensor, torch.Tensor]:
    """Images float32 (n, 784), normalized, and labels int64 (n,)."""
    images = split.images.reshape(len(split.images), -1).astype(np.float32) / 255
    labels = split.labels.astype(np.int64)
    return torch.from_numpy((images - MEAN) / DEVIATION), torch.from_numpy(labels)


class Objective:
    """Trains the net of a trial's parameters: accuracy on validation, and num_params."""

    def __init__(self, training: Split, val: Split):
        self.images, self.labels = tensors(training)
        self.val_images, self.val_labels = tensors(val)

    def __call__(
        self,
        hidden_size_1: int,
        hidden_size_2: int,
        learning_rate: float,
        dropout: float,
        batch_size: int,
        epochs: int,
    ) -> dict[str, float]:
        widths = (self.images.shape[1], hidden_size_1, hidden_size_2)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)]
        model = nn.Sequential(*layers, nn.Linear(hidden_size_2, MNIST.classes))
        optimizer = torch.optim.Adam(model.parameters(), learning_rate, fused=True)
        for _ in range(epochs):
            for indices in torch.randperm(len(self.images)).split(batch_size):
                logits = model(self.images[indices])
                loss = nn.functional.cross_entropy(logits, self.labels[indices])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return {
            "val_acc": self.accuracy(model),
            "num_params": sum(parameter.numel() for parameter in model.parameters()),
        }

    def accuracy(self, model: nn.Module) -> float:
        model.eval()
        with torch.inference_mode():
            hits = model(self.val_images).argmax(1) == self.val_labels
        return hits.float().mean().item()


def search_with_ax(evaluate: Evaluate, seed: int, trials: int) -> None:
    from ax.api.client import Client
    from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

    client = Client(random_seed=seed)
    client.configure_experiment(
        [
            RangeParameterConfig("hidden_size_1", WIDTHS, "int", scaling="log"),
            RangeParameterConfig("hidden_size_2", WIDTHS, "int", scaling="log"),
            RangeParameterConfig("learning_rate", LEARNING_RATES, "float", scaling="log"),
            RangeParameterConfig("dropout", DROPOUTS, "float"),
            RangeParameterConfig("epochs", EPOCHS, "int"),
            ChoiceParameterConfig("batch_size", BATCH_SIZES, "int", is_ordered=True),
        ]
    )
    # Constraints on objectives are their thresholds.
    client.configure_optimization(
        "val_acc, -num_params",
        [f"val_acc >= {WORST_ACCURACY}", f"num_params <= {WORST_NUM_PARAMS}"],
    )
    for _ in range(trials):
        for index, parameters in client.get_next_trials(max_trials=1).items():
            client.complete_trial(index, evaluate(**parameters))


def search_with_optuna(evaluate: Evaluate, seed: int, trials: int) -> None:
    def objective(trial: optuna.Trial) -> tuple[float, float]:
        result = evaluate(
            hidden_size_1=trial.suggest_int("hidden_size_1", *WIDTHS, log=True),
            hidden_size_2=trial.suggest_int("hidden_size_2", *WIDTHS, log=True),
            learning_rate=trial.suggest_float("learning_rate", *LEARNING_RATES, log=True),
            dropout=trial.suggest_float("dropout", *DROPOUTS),
            epochs=trial.suggest_int("epochs", *EPOCHS),
            batch_size=BATCH_SIZES[trial.suggest_int("batch_size", 0, len(BATCH_SIZES) - 1)],
        )
        return result["val_acc"], result["num_params"]

    sampler = optuna.samplers.TPESampler(seed=seed)  # the default, with a seed
    study = optuna.create_study(sampler=sampler, directions=["maximize", "minimize"])
    study.optimize(objective, n_trials=trials)


SEARCHES = {"ax": search_with_ax, "optuna": search_with_optuna}


def use_fastest_threads(evaluate: Evaluate) -> None:
    """PyTorch's own number of threads or one: these operations may be too short to share."""

    def seconds(threads: int) -> float:
        torch.set_num_threads(threads)
        started = time.perf_counter()
        evaluate(64, 64, learning_rate=1e-3, dropout=0.2, batch_size=128, epochs=1)
        return time.perf_counter() - started

    own = torch.get_num_threads()
    seconds(own)  # the first one takes longer
    torch.set_num_threads(min((own, 1), key=seconds))


def timed_search(sampler: str, objective: Objective, seed: int, trials: int) -> dict:
    trace = []
    torch.manual_seed(seed)
    started = time.perf_counter()

    def evaluate(**parameters) -> dict[str, float]:
        result = objective(**parameters)
        trace.append(
            {
                "seconds": time.perf_counter() - started,
                "num_params": result["num_params"],
                "val_accuracy": result["val_acc"],
            }
        )
        return result

    SEARCHES[sampler](evaluate, seed, trials)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "threads": torch.get_num_threads(), "trials": trace}


def main() -> None:
    exit_with_parent()
    sampler, dataset = sys.argv[1], load("mnist")
    if sampler == "ax":
        importlib.import_module("ax.api.client")  # takes seconds, which are not the search's
    objective = Objective(dataset.train, dataset.val)
    use_fastest_threads(objective)
    for line in sys.stdin:
        print(json.dumps(timed_search(sampler, objective, **json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
