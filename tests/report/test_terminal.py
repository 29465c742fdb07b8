import io
import os
import pty
import shlex
import subprocess
import sys
import termios
from dataclasses import replace

import numpy as np
import pytest

from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data import sets
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.report import terminal
from mnist_tradeoff.report.summary import search_summary
from mnist_tradeoff.search.results import Interim
from mnist_tradeoff.system.plain import folded
from mnist_tradeoff.training.build import build
from mnist_tradeoff.training.evaluation import Evaluation
from mnist_tradeoff.training.loop import Epoch, FinalResult
from tests.factories import make_results


def dataset(name: str) -> Dataset:
    split = Split(np.zeros((5, 28, 28), np.uint8), np.zeros(5, np.uint8))
    return Dataset(name, "digest", "source", MNIST, split, split, split)


def result(test_accuracy: float) -> FinalResult:
    evaluation = Evaluation(0.1, test_accuracy, np.zeros(5, int), np.zeros(5))
    model = build(parse("1C3"), MNIST)
    return FinalResult(model, (), 1.25, "float32", evaluation, test=evaluation)


def test_summary_compares_a_reference_on_mnist():
    architecture = resolve("16C3-P2-32C3-P2", MNIST)
    text = terminal.summary(architecture, dataset("mnist"), result(0.9889))
    assert text.splitlines()[0] == "cnn_v1 = 16C3-P2-32C3-P2 on mnist, 5 test images"
    assert "12,810   12,810" in text
    assert "98.89%   98.39%  (+0.50 points)" in text
    # All its images are of one class.
    (line,) = [line for line in text.splitlines() if "test_balanced_accuracy" in line]
    assert line.split() == ["test_balanced_accuracy", "100.00%", "each", "class", "counts", "alike"]
    assert max(map(len, text.splitlines())) <= 80


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
        assert "training 100 %" in text
        assert "epoch 2/2, val_accuracy 0.8750" in text
        assert "testing and saving, val_accuracy 0.8750" in text
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


def test_a_long_command_is_folded_on_a_terminal_and_the_same_when_pasted(monkeypatch):
    words = ["mlflow", "run", '/it\'s a "folder"', *(f"name_{i}=$x {i}" for i in range(9))]
    command = shlex.join(words)
    assert folded(command, indent=16) == command  # no terminal
    monkeypatch.setattr(sys, "stdout", Terminal())
    lines = folded(command, indent=16).splitlines()
    assert len(lines) > 2
    assert max(16 + len(line.strip()) for line in lines) <= 80
    script = f"set -- {chr(10).join(lines)}; printf '%s|' \"$@\""
    pasted = subprocess.check_output(["sh", "-c", script])
    assert pasted.decode().split("|")[:-1] == words


def test_trials_that_do_not_count_are_all_numbered(capsys):
    others = {number: f"reason {number}" for number in range(20, 26)}
    terminal.tell_foreign("s", {1: "a", 3: "b", 4: "b", 5: "b", 7: "b", **others})
    expected = "1 (a), 3 to 5, 7 (b), 20 (reason 20), 21 (reason 21), 22 (reason 22), "
    expected += "and 23 to 25 for other reasons"
    assert capsys.readouterr().err == f"trials of study 's' that do not count: {expected}\n"
    terminal.tell_foreign("s", {})
    assert capsys.readouterr().err == ""


def test_a_bar_names_what_runs_and_never_wraps(monkeypatch):
    shown, screen = pty.openpty()
    termios.tcsetwinsize(screen, (40, 80))
    with os.fdopen(screen, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with terminal.RunsProgress("trainings", 2, 200) as progress:
            for name in ("ann seed 0", f"{'32C3-' * 20}P2 seed 1"):
                progress.on_start(name)
                progress.on_work(100)
                progress.on_run(f"{name}: done")
        stderr.flush()
        text = os.read(shown, 100_000).decode()
    os.close(shown)
    bars = [line for line in text.replace("\r", "\n").splitlines() if line.startswith("trainings")]
    assert max(map(len, bars)) <= 80
    assert all(line.index("|", line.index("|") + 1) > 20 for line in bars)  # a bar to be seen
    assert any("1/2 ann seed 0" in line for line in bars)
    assert any("2/2 32C3-" in line for line in bars)


def test_the_line_of_a_long_training_fits(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with terminal.Progress(epochs=30, images_per_epoch=100) as progress:
        progress.bar.start_t -= 20 * 60
        progress.on_epoch(Epoch(12, 0.5, 0.8, 0.4, 0.98761))
        line = str(progress.bar)
    assert line.endswith("epoch 13/30, val_accuracy 0.9876")
    assert len(line) <= 80


def test_the_time_left_follows_from_all_that_was_done(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with terminal.Bar("search", total=10, done=4) as bar:
        bar.start_t -= 60
        assert bar.format_dict["left"] == ""  # nothing is known yet
        bar.update(2)
        assert bar.format_dict["left"] == ", 2 min left"
        bar.update(4)
        assert bar.format_dict["left"] == ""  # nothing is left


def test_a_search_that_has_all_its_trials_is_not_starting(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with terminal.SearchProgress(done=1, total=2) as progress:
        progress.on_poll()
        assert "starting" in str(progress.bar)
        progress.on_trial(make_results().trials[0])
        progress.on_poll()
        assert str(progress.bar).endswith("workers end")


def test_the_next_command_is_given_as_this_one_was(monkeypatch):
    given = {"study": "a b", "dataset": "auto"}
    assert terminal.command("recommend", **given) == "python -m experiments.recommend --study 'a b'"
    monkeypatch.setattr(terminal, "BY_MLFLOW_RUN", True)
    expected = "mlflow run . --env-manager local -e recommend -P study='a b'"
    assert terminal.command("recommend", **given) == expected


def test_the_summary_of_a_study_fits_a_terminal_and_names_its_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = make_results()
    text = search_summary(results, tmp_path / "search_s")
    assert max(map(len, text.splitlines())) <= 80
    assert "search_s/report.html" in text
    assert str(tmp_path) not in text
    for model in results.finalists:
        assert model.name in text
    unfinished = replace(results, finalists=[], references=[], interim=Interim(20))
    assert "Interim: 6 of 20 trials" in search_summary(unfinished, tmp_path)
