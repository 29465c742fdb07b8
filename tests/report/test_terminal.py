import io
import sys
from dataclasses import replace

import numpy as np
import pytest

from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data import sets
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.report import terminal
from mnist_tradeoff.training.build import build
from mnist_tradeoff.training.evaluation import Evaluation
from mnist_tradeoff.training.loop import Epoch, FinalResult


def dataset(name: str) -> Dataset:
    split = Split(np.zeros((5, 28, 28), np.uint8), np.zeros(5, np.uint8))
    return Dataset(name, "digest", "source", MNIST, split, split, split)


def result(test_accuracy: float) -> FinalResult:
    evaluation = Evaluation(0.1, test_accuracy, np.zeros(5))
    model = build(parse("1C3"), MNIST)
    return FinalResult(model, (), 1.25, "float32", evaluation, test=evaluation)


def test_summary_compares_a_reference_on_mnist():
    architecture = resolve("16C3-P2-32C3-P2", MNIST)
    text = terminal.summary(architecture, dataset("mnist"), result(0.9889))
    assert text.splitlines()[0] == "cnn_v1 = 16C3-P2-32C3-P2 on mnist, 5 test images"
    assert "12,810   12,810" in text
    assert "98.89%   98.39%  (+0.50 points)" in text


@pytest.mark.parametrize(("model", "name"), [("cnn_v1", "digits"), ("8C3-P2", "mnist")])
def test_no_comparison_without_documented_numbers(model, name):
    architecture = resolve(model, MNIST)
    text = terminal.summary(architecture, dataset(name), result(0.9))
    assert "documented" not in text


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_bar_on_a_terminal_and_lines_elsewhere(monkeypatch, stream):
    stderr = stream()
    monkeypatch.setattr(sys, "stderr", stderr)
    with terminal.Progress(epochs=2, images_per_epoch=100) as progress:
        for number in (1, 2):
            progress.on_images(96)
            progress.on_epoch(Epoch(number, 0.5, 0.8, 0.4, 0.875))
    text = stderr.getvalue()
    if stream is Terminal:
        assert "200/200" in text
        assert "val_accuracy 0.8750" in text
        assert "\r" in text
    else:
        assert text == (
            "epoch 1/2: loss 0.5000, val_accuracy 0.8750\n"
            "epoch 2/2: loss 0.5000, val_accuracy 0.8750\n"
        )


def test_fallback_warning(capsys):
    terminal.tell_dataset(sets.load("digits"))
    assert capsys.readouterr().err == ""
    terminal.tell_dataset(replace(dataset("digits"), fallback_reason="no network"))
    stderr = capsys.readouterr().err
    assert "WARNING: THIS IS NOT MNIST" in stderr
    assert "no network" in stderr
