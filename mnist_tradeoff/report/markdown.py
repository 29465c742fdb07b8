"""Markdown tables that read well in a terminal too. Standard library only."""

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Aligned Markdown table: the first ``left`` columns to the left, the others to the right."""
    lines = [[cell.replace("|", r"\|") for cell in line] for line in (header, *rows)]
    widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(header))]

    def render(cells: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    rule = ["-" * width if i < left else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    return "\n".join([render(lines[0]), render(rule), *map(render, lines[1:])])


def sections(tables: Sequence[tuple[str, str]]) -> str:
    """Tables with their titles, as one Markdown text."""
    return "\n\n".join(f"## {title}\n\n{table}" for title, table in tables) + "\n"
