"""How a command ends: errors as one line, and signals, each with its exit code."""

import errno
import io
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

from mnist_tradeoff.system.plain import error_line

EXIT_FAILED = 1
DEAF_SECONDS = 5
# After which a signal that was lost comes again.
AGAIN_SECONDS = 0.05
# What users can put right: told in one line. Anything else is a fault of ours and shows its
# traceback.
ERRORS = (ValueError, OSError, FloatingPointError, MemoryError)
# Those that this system has of: Ctrl-C, a polite kill, a closed terminal.
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Interrupted(KeyboardInterrupt):
    """A signal; the other ones take the same path as Ctrl-C."""

    def __init__(self, number: int):
        self.number = number


def run_to_exit(main: Callable[[], None]) -> NoReturn:
    """Run a command and exit: 0, or with a line on stderr 1, or 128 + the signal's number."""
    raise_on_signals()
    print_what_can_be_printed()
    try:
        main()
    except KeyboardInterrupt as error:
        number = error.number if isinstance(error, Interrupted) else signal.SIGINT
        _exit("interrupted" if number == signal.SIGINT else "terminated", 128 + number)
    except ERRORS as error:
        _exit(f"error: {error_line(error)}{_remedy(error)}", EXIT_FAILED)
    sys.exit(0)


def _remedy(error: BaseException) -> str:
    is_full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    return ": make room on the disk, and start again" if is_full else ""


def print_what_can_be_printed() -> None:
    """From now on a sign that the terminal's encoding does not have is printed as ``?``."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def raise_on_signals() -> None:
    """From now on a signal raises Interrupted; others that follow within seconds are ignored.

    A second one must not disturb the run that is being marked KILLED: `mlflow run` sends SIGTERM a
    quarter of a second after the terminal's Ctrl-C. Python loses an exception that is raised while
    an object is destroyed: that signal comes again. Later ones are heard, too, because libraries
    lose some without a word.
    """
    deaf_until = 0.0
    tell_lost = sys.unraisablehook

    def interrupt(number: int, _: object) -> None:
        nonlocal deaf_until
        if time.monotonic() >= deaf_until:
            deaf_until = time.monotonic() + DEAF_SECONDS
            raise Interrupted(number)

    def hear_again(lost: "sys.UnraisableHookArgs") -> None:
        nonlocal deaf_until
        if not isinstance(lost.exc_value, Interrupted):
            tell_lost(lost)
            return
        deaf_until = 0.0
        # From another thread, for here it would be lost once more.
        signal_again = (os.getpid(), lost.exc_value.number)
        threading.Timer(AGAIN_SECONDS, os.kill, signal_again).start()

    sys.unraisablehook = hear_again
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, interrupt)


def let_go(error: BaseException) -> None:
    """Forget what the functions that an error came through had open.

    A query that Ctrl-C interrupts keeps its cursor there, and with it a lock on SQLite's file, for
    which the next change of this very process would wait.
    """
    traceback.clear_frames(error.__traceback__)


def _exit(line: str, code: int) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(code)
