"""Command line of an entry point, derived from its config dataclass; errors as one line."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_origin

WHAT_TYPES_ARE_CALLED = {int: "a whole number", float: "a number", str: "text"}

EXIT_FAILED = 1
DEAF_SECONDS = 5
# What users can mend: told in one line. Anything else is a fault of ours and shows its traceback.
ERRORS = (ValueError, OSError, FloatingPointError, MemoryError)
# Those that this system has of: Ctrl-C, a polite kill, a closed terminal.
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Interrupted(KeyboardInterrupt):
    """A signal; the other ones take the same path as Ctrl-C."""

    def __init__(self, number: int):
        self.number = number


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {' '.join(message.split())} (see {self.prog} --help)\n")


Config = TypeVar("Config")


def parse(config_type: type[Config], arguments: Sequence[str] | None = None) -> Config:
    """Config of a command line; exits with one line and code 2 on a flag or value that is wrong."""
    parser = parser_of(config_type)
    values = vars(parser.parse_args(arguments))
    try:
        return config_type(**values)
    except ValueError as error:
        parser.error(str(error))


def parser_of(config_type: type) -> argparse.ArgumentParser:
    """One ``--flag`` a field of the dataclass, spelled alike, with its type, default and help."""
    parser = _Parser(
        prog=f"python -m {_module_name()}",
        description=(config_type.__doc__ or "").strip().splitlines()[0],
        allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    for field in fields(config_type):
        assert field.default is not MISSING
        choices = get_args(field.type) if get_origin(field.type) is Literal else None
        parser.add_argument(
            f"--{field.name}",
            type=_reader(field.type) if choices is None else str,
            choices=choices,
            default=field.default,
            metavar=field.name.upper() if choices is None else None,
            help=field.metadata["help"],
        )
    return parser


def _module_name() -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name if spec else "experiments"


def _reader(kind: Any) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            what = WHAT_TYPES_ARE_CALLED[kind]
            raise argparse.ArgumentTypeError(f"must be {what}, not '{text}'") from None

    return read


def run(main: Callable[[], None]) -> NoReturn:
    """Run an entry point and exit: 0, or with a line on stderr 1, or 128 + the signal's number."""
    raise_on_signals()
    try:
        main()
    except KeyboardInterrupt as error:
        number = error.number if isinstance(error, Interrupted) else signal.SIGINT
        _exit("interrupted" if number == signal.SIGINT else "terminated", 128 + number)
    except ERRORS as error:
        _exit(f"error: {' '.join(str(error).split())}", EXIT_FAILED)
    sys.exit(0)


def raise_on_signals() -> None:
    """From now on a signal raises Interrupted; others that follow within seconds are ignored.

    A second one must not disturb the run that is being marked KILLED: `mlflow run` sends SIGTERM a
    quarter of a second after the terminal's Ctrl-C. Later ones are heard again, because Python
    loses an exception that is raised in a callback of its garbage collector.
    """
    deaf_until = 0.0

    def interrupt(number: int, _: object) -> None:
        nonlocal deaf_until
        if time.monotonic() >= deaf_until:
            deaf_until = time.monotonic() + DEAF_SECONDS
            raise Interrupted(number)

    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, interrupt)


def _exit(line: str, code: int) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(code)
