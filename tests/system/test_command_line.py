import os
import signal
import subprocess
import sys
import time

import pytest

from mnist_tradeoff.search.config import RunConfig
from mnist_tradeoff.system import command_line as cli
from mnist_tradeoff.system.signals import run_to_exit
from tests.factories import ROOT


def test_defaults_and_changes():
    assert cli.parse(RunConfig, []) == RunConfig()
    changed = cli.parse(
        RunConfig, ["--model", "8C3-P2", "--epochs", "2", "--learning_rate", "1e-3"]
    )
    assert changed == RunConfig(model="8C3-P2", epochs=2, learning_rate=0.001)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "abc"], "--epochs: must be a whole number, not 'abc'"),
        (["--epochs", "1.5"], "--epochs: must be a whole number, not '1.5'"),
        (["--epochs", "-1"], "epochs must be 1 to 10000, not -1"),
        (["--epochs", "0"], "epochs must be 1 to 10000, not 0"),
        (["--batch_size", "0"], "batch_size must be 1 to 60000, not 0"),
        (["--seed", "-1"], "seed must be 0 to"),
        (["--learning_rate", "nan"], "learning_rate must be above 0, not nan"),
        (["--learning_rate", "inf"], "learning_rate must be above 0, not inf"),
        (["--learning_rate", "x"], "--learning_rate: must be a number, not 'x'"),
        (["--precision", "half"], "invalid choice: 'half'"),
        (["--model", "lenet"], "unknown model 'lenet'"),
        (["--model", "16C3-P2-P2-P2-P2-P2"], "layer 6 (P2)"),
        (["--model", "4096-4096-4096-4096"], "has 53,600,266 parameters; at most 50,000,000"),
        (["--model", "16C3\nP2"], "unknown model '16C3 P2'"),
        (["--epoch", "3"], "unrecognized arguments: --epoch 3"),
        (["--lr", "3"], "unrecognized arguments: --lr 3"),
        (["--epochs"], "--epochs: expected one argument"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(capsys, arguments, message):
    with pytest.raises(SystemExit) as exit_info:
        cli.parse(RunConfig, arguments)
    assert exit_info.value.code == 2
    stderr = capsys.readouterr().err
    assert message in stderr
    assert stderr.count("\n") == 1


@pytest.fixture
def handlers():
    """Ctrl-C heard even where the tests run in the background; all handlers put back."""
    kept = {number: signal.getsignal(number) for number in cli.SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (ValueError("a\n  b"), "error: a b\n", 1),
        (FloatingPointError("diverged"), "error: diverged\n", 1),
        (FileNotFoundError(2, "No such file", "x"), "error: [Errno 2] No such file: 'x'\n", 1),
        (KeyboardInterrupt(), "interrupted\n", 130),
    ],
)
def test_errors_end_as_one_line(capsys, error, line, code):
    def main():
        raise error

    with pytest.raises(SystemExit) as exit_info:
        run_to_exit(main)
    assert exit_info.value.code == code
    assert capsys.readouterr().err == line


@pytest.mark.usefixtures("handlers")
def test_sigterm_ends_as_one_line(capsys):
    with pytest.raises(SystemExit) as exit_info:
        run_to_exit(lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert exit_info.value.code == 143
    assert capsys.readouterr().err == "terminated\n"


@pytest.mark.usefixtures("handlers")
def test_a_second_signal_does_not_disturb_the_cleaning_up(capsys):
    cleaned = []

    def main():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append(True)

    with pytest.raises(SystemExit) as exit_info:
        run_to_exit(main)
    assert exit_info.value.code == 130
    assert cleaned
    assert capsys.readouterr().err == "interrupted\n"


def test_help_needs_neither_tensorflow_nor_mlflow():
    code = (
        "import runpy, sys\n"
        "sys.argv = ['train', '--help']\n"
        "try: runpy.run_module('experiments.train', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print({'tensorflow', 'mlflow', 'numpy', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "--learning_rate" in done.stdout
    assert done.stdout.endswith("set()\n")


@pytest.mark.usefixtures("handlers")
def test_a_signal_that_was_lost_does_not_make_deaf(monkeypatch):
    """Python loses an exception that is raised in a callback of its garbage collector."""
    monkeypatch.setattr(cli, "DEAF_SECONDS", 0.1)
    cli.raise_on_signals()
    for number in (signal.SIGINT, signal.SIGTERM):
        with pytest.raises(cli.Interrupted):
            os.kill(os.getpid(), number)
        time.sleep(0.2)
