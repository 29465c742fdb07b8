"""Fields of configs: a default with its line of help, and ranges. Standard library only."""

from dataclasses import field
from typing import Any


def option(default: Any, help: str) -> Any:  # noqa: A002 (argparse's own word)
    """A dataclass field with a default and a line for ``--help``."""
    return field(default=default, metadata={"help": help})


def split_names(text: str) -> list[str]:
    """Names that are separated by commas; none of empty text."""
    return [name.strip() for name in text.split(",") if name.strip()]


def require_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a value out of range.

    Raises:
        ValueError: it is; the message names it.
    """
    if not low <= value <= high:
        raise ValueError(f"{name} must be {low} to {high}, not {value}")
