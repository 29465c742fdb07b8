"""Command line of an entry point, derived from its config dataclass; bad values as one line."""

import argparse
import gc
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, Generic, Literal, NoReturn, TypeVar, get_args, get_origin

from mnist_tradeoff.system.plain import error_line
from mnist_tradeoff.system.signals import run_to_exit

WHAT_TYPES_ARE_CALLED = {int: "a whole number", float: "a number", str: "text"}
TRUTHS = {"true": True, "false": False}
# When Python looks for cycles. With its own numbers it walks again and again through all that the
# libraries have made: a tenth of the seconds of a report.
COLLECTED_AFTER = (200_000, 20, 100)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {error_line(message)} (see {self.prog} --help)\n")


Config = TypeVar("Config")


@dataclass(frozen=True)
class EntryPoint(Generic[Config]):
    """A command: its name in MLproject, its config with all defaults, and what it does.

    name: empty for one that is no matter of ``mlflow run``.
    """

    name: str
    config_type: type[Config]
    run: Callable[[Config], None]

    def main(self) -> NoReturn:
        """Run it with the command line's values, and exit."""
        run_to_exit(self._run)

    def _run(self) -> None:
        config = parse(self.config_type)
        if sys.stderr.isatty():  # seconds of imports lie ahead
            print("starting …", file=sys.stderr, flush=True)
        gc.set_threshold(*COLLECTED_AFTER)
        self.run(config)


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
    for field in own_first(config_type):
        assert field.default is not MISSING
        choices = get_args(field.type) if get_origin(field.type) is Literal else None
        parser.add_argument(
            f"--{field.name}",
            # A switch stands alone on a command line, and has a value in MLproject.
            **({"nargs": "?", "const": True} if field.type is bool else {}),
            type=_reader(field.type) if choices is None else str,
            choices=choices,
            default=field.default,
            metavar=field.name.upper() if choices is None else None,
            help=field.metadata["help"],
        )
    return parser


def own_first(config_type: type) -> list[Field]:
    """The fields of a config: those of its own before those that it has from others."""
    own = inspect.get_annotations(config_type)
    return sorted(fields(config_type), key=lambda field: field.name not in own)


def _module_name() -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name if spec else "experiments"


def _truth(text: str) -> bool:
    if text.lower() not in TRUTHS:
        raise argparse.ArgumentTypeError(f"must be true or false, not '{text}'")
    return TRUTHS[text.lower()]


def _reader(kind: Any) -> Callable[[str], Any]:
    if kind is bool:
        return _truth

    def read(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            what = WHAT_TYPES_ARE_CALLED[kind]
            raise argparse.ArgumentTypeError(f"must be {what}, not '{text}'") from None

    return read
