"""Text that users gave, as HTML and as Markdown. Standard library only."""

import html
import re

from mnist_tradeoff.system.plain import visible


def escaped(text: str) -> str:
    """The text as HTML that shows it."""
    return html.escape(visible(text))


def as_code(text: str) -> str:
    """The text as Markdown that shows it: code, whose fence is longer than any in the text."""
    shown = visible(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    blank = " " if len(fence) > 1 else ""
    return f"{fence}{blank}{shown}{blank}{fence}"
