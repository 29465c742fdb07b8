"""Text that users gave, made harmless. Standard library only."""

import html
import unicodedata


def visible(text: str) -> str:
    r"""The text with every control and direction mark spelled out: ``\u202e``.

    These would turn the text around it, or move a terminal's cursor.
    """
    hidden = ("Cc", "Cf", "Zl", "Zp")
    return "".join(
        f"\\u{ord(letter):04x}" if unicodedata.category(letter) in hidden else letter
        for letter in text
    )


def escaped(text: str) -> str:
    """The text as HTML that shows it."""
    return html.escape(visible(text))
