"""A study's page: the answer first, then the front, charts with their tables, and all words."""

from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go
from plotly.io import to_html
from plotly.offline import get_plotlyjs

from mnist_tradeoff.analysis.trainings import Model
from mnist_tradeoff.architecture.costs import COSTS, EXACT_OBJECTIVES
from mnist_tradeoff.report import charts, front_charts
from mnist_tradeoff.report.answer import answer, interim_text
from mnist_tradeoff.report.chart_tables import (
    evolution_table,
    hypervolume_table,
    importance_table,
    model_table,
    trial_table,
)
from mnist_tradeoff.report.links import NO_LINKS, Links, page_of
from mnist_tradeoff.report.numbers import ENOUGH_SEEDS
from mnist_tradeoff.report.plain import escaped
from mnist_tradeoff.report.search_tables import Table, front_table, tables
from mnist_tradeoff.report.style import error_limits
from mnist_tradeoff.report.words import corner_text, ideal_text, words_of
from mnist_tradeoff.search.results import SearchResults

FOLDER = Path(__file__).parent
SHOWN_OF_ID = 8
REFRESH_SECONDS = 30
AXIS_WIDTH = 4.5  # rem: a name such as filters_4_2 above it
CONFIG = {
    "responsive": True,
    "displaylogo": False,
    # Nothing leaves the machine, and what a touch of the legend or the axes does needs no button.
    "modeBarButtonsToRemove": ["sendChartToCloud", "select2d", "lasso2d", "autoScale2d"],
}


def render(results: SearchResults, links: Links = NO_LINKS) -> str:
    """The page, with plotly.js inside; it needs no network."""
    title = escaped(f"Study {results.study} on {results.dataset}")
    body = [
        f"<h1>{title}</h1>",
        _interim(results),
        f'<p class="answer">{_code(answer(results))}</p>',
        _section_of_front(results, links),
        *_charts(results, links),
        *(_section(table) for table in tables(results)[1:]),
        _words(results),
    ]
    return page(title, body, _refresh(results))


def page(title: str, body: Sequence[str], head: str = "", has_charts: bool = True) -> str:
    """A page in one file, with style, program and, where it has charts, plotly.js inside.

    Args:
        title: escaped.
        body, head: HTML.
    """
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head}<style>{(FOLDER / 'page.css').read_text()}</style>"
        f"<script>{get_plotlyjs() if has_charts else ''}</script></head><body>{''.join(body)}"
        f"<script>{(FOLDER / 'page.js').read_text()}</script></body></html>"
    )


def _refresh(results: SearchResults) -> str:
    """A page whose study goes on looks again by itself."""
    if results.interim is None or not results.interim.running:
        return ""
    return f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">'


def _code(text: str) -> str:
    """Text with `names` in backquotes, as HTML."""
    parts = escaped(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def _interim(results: SearchResults) -> str:
    if results.interim is None:
        return ""
    return f'<p class="interim" role="status">{escaped(interim_text(results))}</p>'


def _section_of_front(results: SearchResults, links: Links) -> str:
    if not results.finalists:
        return _section(model_table(results, results.cost))
    title, header, rows, left = front_table(results)
    runs = [_run(model, links) for model in results.finalists]
    note = (
        "Each row is a model that no other one of the study beats on validation in all objectives."
    )
    if links.pages:
        note += " Its page says all of the best seed; so does a click on a point of a chart."
    if links.runs_page:
        note += " The other link opens that run in MLflow"
        note += f", while this runs: `{links.how_to_open}`." if links.how_to_open else "."
    table = table_html((title, [*header, "best run"], rows, left), runs)
    return f"<h2>{escaped(title)}</h2>{table}<p class=quiet>{_code(note)}</p>"


def _run(model: Model, links: Links) -> str:
    run_id = escaped(model.best.run_id)
    name = f"<code title='{run_id}'>{run_id[:SHOWN_OF_ID]}</code>"
    if links.runs_page:
        name = f'<a href="{escaped(links.in_mlflow(model.best.run_id))}">{name}</a>'
    if model.best.run_id in links.pages:
        name = f'<a href="{escaped(page_of(model.best.run_id))}">page</a> {name}'
    return f'{name} <button class="copy" data-copy="{run_id}">copy</button>'


def _section(table: Table) -> str:
    return f"<h2>{escaped(table[0])}</h2>{table_html(table)}"


def table_html(table: Table, last: Sequence[str] = (), links: Sequence[str] = ()) -> str:
    """A table that scrolls in itself where the screen is narrow.

    Args:
        last: a cell of HTML more for each row.
        links: where the first cell of each row leads.
    """
    title, header, rows, left = table

    def line(cells: Sequence[str], tag: str, more: str = "", link: str = "") -> str:
        shown = [escaped(cell.strip("`")) for cell in cells]
        if link:
            shown[0] = f'<a href="{escaped(link)}">{shown[0]}</a>'
        rendered = (
            f"<{tag}{' class=text' if i < left else ''}>{cell}</{tag}>"
            for i, cell in enumerate(shown)
        )
        return f"<tr>{''.join(rendered)}{f'<td>{more}</td>' if more else ''}</tr>"

    nothing = [""] * len(rows)
    ends = zip(rows, last or nothing, links or nothing, strict=True)
    body = "".join(line(row, "td", end, link) for row, end, link in ends)
    region = f'class="scroll" tabindex="0" role="region" aria-label="{escaped(title)}"'
    head = line(header, "th") if any(header) else ""
    return f"<div {region}><table><thead>{head}</thead><tbody>{body}</tbody></table></div>"


def _charts(results: SearchResults, links: Links) -> list[str]:
    found = [_front_chart(results, cost, links) for cost in results.costs]
    found.append(
        chart_section(
            "Hypervolume of the front",
            f"How much of the map between accuracy and parameters the front covers: 0 is the "
            f"corner, {corner_text(results.scale)}; 1 is the ideal, {ideal_text(results.scale)}.",
            charts.hypervolume_chart(results, links),
            hypervolume_table(results),
        )
    )
    found.append(
        chart_section(
            "How the front moved",
            "The trials' front on validation, after a quarter, a half, three quarters and all.",
            front_charts.evolution_chart(results, links),
            evolution_table(results),
        )
    )
    return found + _charts_of_parameters(results)


def _charts_of_parameters(results: SearchResults) -> list[str]:
    found = []
    if numbers := charts.searched_numbers(results):
        found.append(
            chart_section(
                "The trials side by side",
                "A line is a trial of full length; 0 means that it has no such layer. Drag along "
                "an axis to pick trials.",
                charts.parallel_chart(results),
                trial_table(results),
                axes=len(numbers) + len(EXACT_OBJECTIVES) + 1,
            )
        )
    if results.importances:
        found.append(
            chart_section(
                "What mattered",
                "How much each parameter decides which trials are among the best quarter by an "
                "objective (PED-ANOVA): shares, which add up to 100 %. Look at the largest: "
                "between two halves of a study they differ by about a tenth.",
                charts.importance_chart(results),
                importance_table(results),
            )
        )
    return found


def _front_chart(results: SearchResults, cost: str, links: Links) -> str:
    seeds = max((model.test.n for model in results.finalists), default=0)
    caption = "Up and to the left is better. The steps join what nothing cheaper equals. "
    if 1 < seeds < ENOUGH_SEEDS:
        caption += f"Intervals of {seeds} seeds are in the table and at the pointer only. "
    errors = [
        [1 - one.test.mean for one in some] for some in (results.finalists, results.references)
    ]
    caption += below_text(*errors)
    return chart_section(
        f"Error against {COSTS[cost].label}",
        caption + "Point at a mark to see what it is; click in the legend to hide or show.",
        front_charts.front_chart(results, cost, links),
        model_table(results, cost),
    )


def below_text(of_front: Sequence[float], others: Sequence[float]) -> str:
    """How many models of a front have no place in the picture of their and other errors."""
    worst, _ = error_limits([*of_front, *others])
    count = sum(error > worst for error in of_front)
    return f"{count} of the front lie below the picture, and are in the table. " if count else ""


def chart_section(title: str, caption: str, figure: go.Figure, table: Table, axes: int = 1) -> str:
    """A chart with its heading, how to read it, what a screen reader says, and its table.

    Args:
        axes: side by side, each of which needs its width.
    """
    plot = to_html(figure, config=CONFIG, include_plotlyjs=False, full_html=False)
    width = f' style="min-width: {AXIS_WIDTH * axes:g}rem"' if axes > 1 else ""
    spoken = f"{title}. {caption} The numbers are in the table below."
    return (
        f"<h2>{escaped(title)}</h2><figure><figcaption>{escaped(caption)}</figcaption>"
        f'<div class="scroll"><div class="chart"{width} role="img" aria-label="{escaped(spoken)}">'
        f"{plot}</div></div></figure>"
        f"<details><summary>{escaped(table[0])}</summary>{table_html(table)}</details>"
    )


def _words(results: SearchResults) -> str:
    entries = "".join(
        f"<dt>{escaped(word)}</dt><dd>{escaped(meaning)}</dd>"
        for word, meaning in words_of(results).items()
    )
    return f"<h2>Words</h2><dl>{entries}</dl>"
