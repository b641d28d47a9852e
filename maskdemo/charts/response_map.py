"""Two things varied at once: what a strategy makes of every pair of values, as a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maskdemo.charts import template as plot
from maskdemo.charts.colour_scales import GATE_SCALES, VALUE_SCALES
from maskdemo.charts.style import strategy_title
from maskdemo.charts.template import Figure, PlotlyOptions
from maskdemo.evidence import BASELINE, between, percent, points
from maskdemo.study.variables import short_title, value_text

if TYPE_CHECKING:
    from maskdemo.study import Cell, Findings

ROW = 46
AXIS_SPACE = 50
# From this part of a scale's end on, numbers change colour to stay legible.
FAR = 0.72


def response_map(findings: Findings, *, strategy: str, dark: bool = False) -> Figure:
    """Draw a map of the strategy's difference to no mask in points, or of the accuracy of no mask.

    The first variable runs to the right, the second upwards. Numbers are whole: "(+3)" is undecided,
    "+3?" of a single repeat, "≈0" the verdict "the same", "…" to come, "–" missing in a finished study.
    """
    study, ink = findings.study, plot.inks(dark)
    assert study.and_vary is not None
    plain = strategy == BASELINE
    values: list[list[float | None]] = []
    hover: list[list[str]] = []
    numbers: list[PlotlyOptions] = []
    for row, other in enumerate(study.and_values):
        values.append([])
        hover.append([])
        for column, value in enumerate(study.values):
            estimate, text, hover_text = _cell_text(findings, (value, other), strategy)
            values[-1].append(estimate)
            hover[-1].append(hover_text)
            faint = estimate is None or text[0] == "("
            shade = ink.muted if faint and abs(estimate or 0) < FAR * 100 else ink.text
            if estimate is not None and abs(estimate) >= FAR * 100:
                shade = ink.page
            size = 13 if len(text) < 5 else 11
            numbers.append(plot.text_note(text, shade, x=column, y=row, size=size))
    cells = plot.heatmap(
        z=values,
        customdata=hover,
        x=list(range(len(study.values))),
        y=list(range(len(study.and_values))),
        zmin=0 if plain else -100,
        zmax=100,
        colorscale=GATE_SCALES[dark] if plain else VALUE_SCALES[dark],
        showscale=False,
        hoverongaps=False,
        xgap=2,
        ygap=2,
        name="",
        hovertemplate="%{customdata}<extra></extra>",
    )
    rows = [value_text(study.and_vary, each) for each in study.and_values]
    left = max(plot.LEFT, 14 + 7 * max(map(len, rows)))
    corner = {"x": 0, "xref": "paper", "xanchor": "left", "xshift": -left + 2}
    corner |= {"y": 1, "yref": "paper", "yanchor": "bottom", "yshift": 2}
    row_title = plot.text_note(short_title(study.and_vary, unit=True), ink.muted, **corner)
    detail = "In points. ≈0: the same, (n): undecided, ?: one repeat"
    if plain:
        detail = f"In percent, {'light' if dark else 'dark'} is high. ?: one repeat"
    return Figure(
        [cells],
        plot.layout(
            f"response_map {strategy}",
            "Accuracy without a mask" if plain else f"{strategy_title(strategy)} against no mask",
            detail,
            inner=ROW * len(rows),
            above=plot.TITLE_SPACE + 26,
            below=AXIS_SPACE,
            left=left,
            dark=dark,
            xaxis={
                "range": [-0.5, len(study.values) - 0.5],
                "tickvals": list(range(len(study.values))),
                "ticktext": [value_text(study.vary, each) for each in study.values],
                "tickangle": 0,
                "showgrid": False,
                "title": {"text": short_title(study.vary, unit=True)},
            },
            yaxis={
                "range": [-0.5, len(rows) - 0.5],
                "tickvals": list(range(len(rows))),
                "ticktext": rows,
                "showgrid": False,
            },
            shapes=_empty_outlines(values, ink.grid),
            annotations=[*numbers, row_title],
        ),
    )


def _cell_text(findings: Findings, cell: Cell, strategy: str) -> tuple[float | None, str, str]:
    """Return a cell's estimate (percent or points, or None), text (see `response_map`), hover text."""
    study = findings.study
    assert study.and_vary is not None
    where = (
        f"{short_title(study.vary)}: {value_text(study.vary, cell[0])}<br>"
        f"{short_title(study.and_vary)}: {value_text(study.and_vary, cell[1])}"
    )
    plain = strategy == BASELINE
    verdict = findings.verdict(cell, strategy)
    result = findings.mean(cell, BASELINE) if plain else verdict.difference if verdict else None
    if result is None:
        nothing = "–" if findings.finished else "…"
        return None, nothing, where
    estimate = 100 * result.mean
    number = f"{estimate:.0f}" if plain else points(result.mean, 0)
    unit = "%" if plain else " points"
    hover_text = f"{where}<br><b>{number}{unit}</b>"
    if not result.bounded:
        return estimate, f"{number}?", f"{hover_text} in one repeat"
    limits = between(result, percent if plain else points)
    hover_text += f"<br>95% interval {limits}, {result.count} repeats"
    if verdict is None:
        return estimate, number, hover_text
    shown = {"undecided": f"({number})", "the same": "≈0"}.get(verdict.word, number)
    return estimate, shown, f"{hover_text}<br>{verdict.word}{verdict.note and f', {verdict.note}'}"


def _empty_outlines(values: list[list[float | None]], shade: str) -> list[PlotlyOptions]:
    """Return an outline of each cell that is None; values: [y][x], from 0."""
    return [
        {
            "type": "rect",
            "x0": column - 0.47,
            "x1": column + 0.47,
            "y0": row - 0.46,
            "y1": row + 0.46,
            "line": {"color": shade, "width": 1, "dash": "dot"},
        }
        for row, line in enumerate(values)
        for column, value in enumerate(line)
        if value is None
    ]
