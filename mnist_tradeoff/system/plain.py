"""Text that users gave, made harmless, and text that fits a terminal. Standard library only."""

import re
import sys
import unicodedata

MAX_ERROR = 2_000
COLUMNS = 80
# Up to a blank outside of quotes.
SHELL_WORD = r"(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+"


def visible(text: str) -> str:
    r"""The text with every control and direction mark spelled out: ``\u202e``.

    These would turn the text around it, or move a terminal's cursor. So is what a file name has of
    bytes that are no text, which no file or database takes.
    """
    if text.isprintable():  # nearly all texts are
        return text
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "".join(
        f"\\u{ord(letter):04x}" if unicodedata.category(letter) in hidden else letter
        for letter in text
    )


def plural(count: int, noun: str) -> str:
    """``1 file``, ``1,200 files``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shortened(text: str, width: int) -> str:
    """The text, or its beginning with ``…`` where it is longer than so many letters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def folded(command: str, indent: int) -> str:
    r"""A shell's command over lines that a terminal of 80 columns has room for, joined by ``\``.

    Pasted, it is the same. Where stdout is no terminal, or a word is longer, it stays one line.

    Args:
        indent: columns before the first line, and blanks before the others.
    """
    if not sys.stdout.isatty():
        return command
    lines: list[str] = []
    for word in re.findall(SHELL_WORD, command):
        if lines and indent + len(f"{lines[-1]} {word} \\") <= COLUMNS:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return f" \\\n{' ' * indent}".join(lines)


def one_line(error: object, width: int = 200) -> str:
    """What a library says, often in many lines, as one; without the folders of its paths."""
    return shortened(re.sub(r"/\S*/", "", " ".join(str(error).split())), width)


def error_line(error: object) -> str:
    """An error as one line for the terminal, whatever is in the values that it names.

    Of an endless one the middle is left out: a value is told first, and what is wrong with it last.
    """
    line = visible(" ".join(str(error).split()))
    half = MAX_ERROR // 2
    return line if len(line) <= MAX_ERROR else f"{line[:half]}…{line[-half + 1 :]}"
