import os
import signal
import subprocess
import sys
import time

import pytest

from mnist_tradeoff.system import signals
from mnist_tradeoff.system.signals import run_to_exit
from tests.factories import ROOT


@pytest.fixture(autouse=True)
def handlers():
    """Signals heard even where the tests run in the background; all handlers put back."""
    kept = {number: signal.getsignal(number) for number in signals.SIGNALS}
    for number in kept:  # nohup has them ignored
        signal.signal(number, signal.default_int_handler)
    hook = sys.unraisablehook
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)
    sys.unraisablehook = hook


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


def test_sigterm_ends_as_one_line(capsys):
    with pytest.raises(SystemExit) as exit_info:
        run_to_exit(lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert exit_info.value.code == 143
    assert capsys.readouterr().err == "terminated\n"


def test_signs_that_the_terminal_does_not_have_fail_nothing():
    code = (
        "import sys\n"
        "from mnist_tradeoff.system.signals import run_to_exit\n"
        "run_to_exit(lambda: (print('7 µs'), print('± 日', file=sys.stderr)))"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"7 ?s\n", b"? ?\n")


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


def test_a_signal_that_was_lost_does_not_make_deaf(monkeypatch):
    """Python loses an exception that is raised in a callback of its garbage collector."""
    monkeypatch.setattr(signals, "DEAF_SECONDS", 0.1)
    signals.raise_on_signals()
    for number in (signal.SIGINT, signal.SIGTERM):
        with pytest.raises(signals.Interrupted):
            os.kill(os.getpid(), number)
        time.sleep(0.2)


@pytest.mark.parametrize("number", signals.SIGNALS)
def test_a_signal_while_an_object_is_destroyed_ends_the_command(number, capsys):
    class Destroyed:
        def __del__(self):
            os.kill(os.getpid(), number)

    def main():
        found = Destroyed()
        del found
        time.sleep(60)

    with pytest.raises(SystemExit) as exit_info:
        run_to_exit(main)
    assert exit_info.value.code == 128 + number
    assert "Traceback" not in capsys.readouterr().err
