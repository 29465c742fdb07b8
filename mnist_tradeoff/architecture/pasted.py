"""What people type and paste beside the notation itself: blanks, brackets, typesetters' marks."""

import re

# What typesetters make of a hyphen and an x.
TYPESET = str.maketrans({"–": "-", "−": "-", "→": "-", "×": "x"})
# Brackets, which group nothing, and blanks at the ends and around separators.
SKIPPED = re.compile(r"[\[\]]|^\s+|\s+$|\s+(?=[-()\[\]])|(?<=[-()\[\]])\s+")


def tidy(notation: str) -> str:
    """The notation in what was typed."""
    return "".join(character for _, character in meant(notation))


def meant(notation: str) -> list[tuple[int, str]]:
    """Each character of the notation, with its place in what was typed, from 0."""
    typed = notation.translate(TYPESET)
    skipped = {place for found in SKIPPED.finditer(typed) for place in range(*found.span())}
    return [pair for pair in enumerate(typed) if pair[0] not in skipped]
