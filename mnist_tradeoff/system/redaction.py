"""Keeps passwords out of everything that is printed or logged. Standard library only."""

import re


def redact(text: str) -> str:
    """The text with user and password of every URL in it replaced by ***.

    A line with several URLs loses what is between them too: a password may have blanks in it. A
    URL may lack a slash, or its scheme. SQLite has no passwords, and folders may have an @.
    """
    text = re.sub(r"(?<!sqlit)(\w:/+).*@", r"\1***@", text)
    text = re.sub(r"\b[\w.+-]+:[^\s/@:()]+@(?=[\w.-])", "***@", text)
    return re.sub(r"(password=)[^&\s]*", r"\1***", text)
