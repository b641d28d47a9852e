"""A report as one HTML file that needs nothing else: no network, no server, no font."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from maskdemo.charts.template import CONFIG, Figure
from maskdemo.export.parts import installed_versions
from maskdemo.html_template import fill_template

#: Pixels of height that one printed page has room for, and how large figures are printed on it.
PAGE_HEIGHT, PRINTED = 960, 0.86


@dataclass(frozen=True)
class ReportRow:
    """A row of a table; `colour` is that of the square before its first cell."""

    cells: tuple[str, ...]
    colour: str = ""


@dataclass(frozen=True)
class ReportTable:
    """Column heads and rows of as many cells; the first column is text, the others numbers."""

    head: tuple[str, ...]
    rows: tuple[ReportRow, ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a report says. verdicts: (word or nothing, sentence). link: may be hostile.

    own: whether the sequences are somebody's own.
    """

    kind: str
    title: str
    lead: str
    notes: tuple[str, ...] = ()
    headline: str
    verdicts: tuple[tuple[str, str], ...]
    accuracies: ReportTable | None = None
    figures: tuple[Figure, ...]
    settings: tuple[tuple[str, str], ...]
    strategies: tuple[tuple[str, str], ...]
    method: str
    rules: Mapping[str, str]
    numbers: ReportTable
    seeds: tuple[int, ...]
    link: str
    json: str
    own: bool


def render(content: Content, *, when: datetime | None = None) -> str:
    """Return the report as an HTML page. when: the time that it states, by default now."""
    return fill_template(
        Path(__file__).with_name("report.html"),
        when=when,
        content=content,
        figures=[_figure_values(each, number) for number, each in enumerate(content.figures, 1)],
        versions=installed_versions(),
        can_be_followed=content.link.startswith(("http://", "https://")),
        plotly=Markup(get_plotlyjs()),
    )


def _figure_values(figure: Figure, number: int) -> dict[str, object]:
    name = f"figure-{number}"
    html = figure.plotly().to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=name,
        config=CONFIG
        | {
            "responsive": True,
            "toImageButtonOptions": {"format": "svg", "filename": f"maskdemo-{name}"},
        },
    )
    title = figure.layout["title"]["text"].partition("<br>")[0]
    return {
        "html": Markup(html),
        "title": title,
        # Printed, a figure taller than a page would be cut.
        "fit": min(PRINTED, PAGE_HEIGHT / figure.height),
    }
