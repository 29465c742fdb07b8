"""The contestant: PyTorch on the CPU as an engineer would write it, in a process with its defaults.

Reads the training data of our split; answers every line ``{"seed": s}`` on standard input with one
more epoch of that seed's model: ``{"train_seconds": t, "test_accuracy": a}``.
Arguments: the model, the batch size, ``eager`` or ``compile``, and ``float32`` or ``bfloat16``
(autocast: weights, gradients and optimizer stay float32).
"""

# Not in the environment that is checked: PyTorch is an extra of this project.
# And where it is, `Module.to` declares no memory_format, and takes one.
# pyright: reportMissingImports=false, reportCallIssue=false

import copy
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from mnist_tradeoff.architecture.layers import (
    Conv,
    Dense,
    Depthwise,
    GlobalAverage,
    MaxPool,
    Separable,
)
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST, Shape
from mnist_tradeoff.data.dataset import Split
from mnist_tradeoff.data.sets import load
from mnist_tradeoff.system.processes import exit_with_parent

TEST_BATCH_SIZE = 1000

Step = Callable[[torch.Tensor, torch.Tensor], None]


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky": lambda: nn.LeakyReLU(0.2, inplace=True),
    "hswish": lambda: nn.Hardswish(inplace=True),
    "tanh": nn.Tanh,
}


def plain_model(architecture: Architecture, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    shape = MNIST.input_shape
    for layer, output_shape in zip(architecture.layers, architecture.shapes(MNIST), strict=True):
        match layer:
            case MaxPool(size):
                layers.append(nn.MaxPool2d(size))
            case GlobalAverage():
                layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
            case Conv() | Separable() | Depthwise() | Dense():
                layers += weighted(layer, shape, output_shape)
            case _:
                raise ValueError(f"there is no PyTorch layer here for {layer}")
        shape = output_shape
    layers += [nn.Flatten(), nn.Linear(shape.size, MNIST.classes)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def weighted(layer: Conv | Separable | Depthwise | Dense, before: Shape, after: Shape) -> list:
    """A layer with weights, its normalisation and its activation."""
    bias = not layer.normalized
    if isinstance(layer, Dense):
        made: list[Any] = [nn.Flatten(), nn.Linear(before.size, after.size, bias=bias)]
        norm = nn.BatchNorm1d(after.size)
    else:
        padding = (layer.kernel - 1) // 2 if layer.same else 0
        windows: dict[str, Any] = {"stride": layer.stride, "padding": padding}
        channels, kernel = before.channels, layer.kernel
        match layer:
            case Conv(filters):
                made = [nn.Conv2d(channels, filters, kernel, bias=bias, **windows)]
            case Separable(filters):
                shared: dict[str, Any] = {"groups": channels, "bias": False, **windows}
                made = [nn.Conv2d(channels, channels, kernel, **shared)]
                made.append(nn.Conv2d(channels, filters, 1, bias=bias))
            case Depthwise():
                shared = {"groups": channels, "bias": bias, **windows}
                made = [nn.Conv2d(channels, channels, kernel, **shared)]
        norm = nn.BatchNorm2d(after.channels)
    return [*made, *([norm] if layer.normalized else []), ACTIVATIONS[layer.activation]()]


def tensors(split: Split) -> tuple[torch.Tensor, torch.Tensor]:
    """Images float32 (n, 1, 28, 28) in 0 to 1, channels last, and labels int64 (n,)."""
    images = torch.from_numpy(split.images[:, None].astype(np.float32) / 255)
    labels = torch.from_numpy(split.labels.astype(np.int64))
    return images.to(memory_format=torch.channels_last), labels


def make_step(
    model: nn.Module, optimizer: torch.optim.Optimizer, compiled: bool, bfloat16: bool
) -> Step:
    def loss_of(images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(model(images), labels)

    # What cannot be compiled whole is an error, not quietly eager. Shapes are fixed, because there
    # are but two: the last batch is smaller.
    loss = torch.compile(loss_of, fullgraph=True, dynamic=False) if compiled else loss_of

    def step(images: torch.Tensor, labels: torch.Tensor) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            value = loss(images, labels)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()

    return step


def warm_up(
    model: nn.Module, optimizer: torch.optim.Optimizer, step: Step, batches: list[tuple]
) -> None:
    """Compile and run these batches' steps outside the clock, then put everything back."""
    states = copy.deepcopy([model.state_dict(), optimizer.state_dict()])
    for images, labels in batches:
        step(images, labels)
    model.load_state_dict(states[0])
    optimizer.load_state_dict(states[1])


def accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    with torch.inference_mode():
        logits = torch.cat([model(batch) for batch in images.split(TEST_BATCH_SIZE)])
    return (logits.argmax(1) == labels).float().mean().item()


def main() -> None:
    exit_with_parent()
    architecture, batch_size = resolve(sys.argv[1], MNIST), int(sys.argv[2])
    compiled, bfloat16 = sys.argv[3] == "compile", sys.argv[4] == "bfloat16"
    dataset = load("mnist")
    images, labels = tensors(dataset.train)
    last = len(images) % batch_size or batch_size
    models: dict[int, tuple[nn.Module, Step]] = {}
    for line in sys.stdin:
        seed = json.loads(line)["seed"]
        if seed not in models:
            model = plain_model(architecture, seed)
            optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
            step = make_step(model, optimizer, compiled, bfloat16)
            batches = [(images[:size], labels[:size]) for size in (batch_size, last)]
            warm_up(model, optimizer, step, batches)
            models[seed] = model, step
        model, step = models[seed]
        started = time.perf_counter()
        for indices in torch.randperm(len(images)).split(batch_size):
            step(images[indices], labels[indices])
        seconds = time.perf_counter() - started
        answer = {
            "train_seconds": seconds,
            "test_accuracy": accuracy(model, *tensors(dataset.test)),
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
