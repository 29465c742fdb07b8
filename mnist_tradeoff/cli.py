"""Command line of an entry point, derived from its config dataclass; errors as one line."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_origin

WHAT_TYPES_ARE_CALLED = {int: "a whole number", float: "a number", str: "text"}

EXIT_FAILED = 1
EXIT_INTERRUPTED = 128 + signal.SIGINT
EXIT_TERMINATED = 128 + signal.SIGTERM


class Terminated(KeyboardInterrupt):
    """SIGTERM: ends the program on the same path as Ctrl-C."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


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
    """Run an entry point and exit: 0, or a line on stderr and 1, 130 (Ctrl-C), 143 (SIGTERM)."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        main()
    except Terminated:
        _exit("terminated", EXIT_TERMINATED)
    except KeyboardInterrupt:
        _exit("interrupted", EXIT_INTERRUPTED)
    except (ValueError, OSError, FloatingPointError) as error:
        _exit(f"error: {' '.join(str(error).split())}", EXIT_FAILED)
    sys.exit(0)


def _terminate(*_: object) -> NoReturn:
    raise Terminated


def _exit(line: str, code: int) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(code)
