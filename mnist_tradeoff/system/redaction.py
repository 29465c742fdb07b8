"""Keeps passwords out of everything that is printed or logged. Standard library only."""

import re


def redact(text: str) -> str:
    """The text with user and password of every URL in it replaced by ***.

    A line with several URLs loses what is between them too: a password may have blanks in it.
    """
    text = re.sub(r"(\w://).*@", r"\1***@", text)
    return re.sub(r"(password=)[^&\s]*", r"\1***", text)
