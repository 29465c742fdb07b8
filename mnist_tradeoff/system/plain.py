"""Text that users gave, made harmless. Standard library only."""

import re
import unicodedata

MAX_ERROR = 2_000


def visible(text: str) -> str:
    r"""The text with every control and direction mark spelled out: ``\u202e``.

    These would turn the text around it, or move a terminal's cursor. So is what a file name has of
    bytes that are no text, which no file or database takes.
    """
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "".join(
        f"\\u{ord(letter):04x}" if unicodedata.category(letter) in hidden else letter
        for letter in text
    )


def shortened(text: str, width: int) -> str:
    """The text, or its beginning with ``…`` where it is longer than so many letters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def one_line(error: object, width: int = 200) -> str:
    """What a library says, often in many lines, as one; without the folders of its paths."""
    return shortened(re.sub(r"/\S*/", "", " ".join(str(error).split())), width)


def error_line(error: object) -> str:
    """An error as one line for the terminal, whatever is in the values that it names."""
    return shortened(visible(" ".join(str(error).split())), MAX_ERROR)
