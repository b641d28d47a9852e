"""The charts of a study: a curve along the values of one variable, and a map of two varied at once."""

from __future__ import annotations

from maskdemo.charts import template as plot
from maskdemo.charts.colour_scales import GATE_SCALES, VALUE_SCALES
from maskdemo.charts.line_labels import LABEL_SPACE, MAX_DIRECT_LABELS, LineEnd, end_labels
from maskdemo.charts.panels import AXIS_SPACE, BETWEEN, Panel, axis, stacked
from maskdemo.charts.response_marks import (
    EFFECT,
    SAME,
    UNDECIDED,
    ResponseAxis,
    accuracy_marks,
    difference_marks,
    response_axis,
)
from maskdemo.charts.style import line, marker, strategy_title
from maskdemo.charts.template import Figure, PlotlyOptions, PlotlyTrace
from maskdemo.evidence import BASELINE, MARGIN, between, percent, points
from maskdemo.evidence.phrases import span
from maskdemo.study import Cell, Findings, Study, Value
from maskdemo.study.variables import short_title, value_text

MARKS_ROW = 24
#: All differences that there can be: an axis that fits what has come in jumps with what comes next.
DIFFERENCES = (-104, 104)
POINTS: PlotlyOptions = {
    "tickvals": [-100, -50, 0, 50, 100],
    "ticktext": ["−100", "−50", "0", "+50", "+100"],
}
#: Of a map: pixels of a row, and of the axis below the plot.
MAP_ROW, MAP_AXIS_SPACE = 46, 50
# From this part of a scale's end on, numbers change colour to stay legible.
FAR = 0.72


def response_curve(findings: Findings, *, second: Value | None = None, dark: bool = False) -> Figure:
    """Draw accuracy by strategy above and the difference to no mask below, on one axis of values.

    second: the value of `and_vary` at which `vary` is drawn; None for a study of one variable. Every
    repeat is a faint point. Bands and bars are 95 % intervals, drawn from two repeats on: above, each
    mean's own; below, such that those of all the study's differences hold together.
    """
    study, ink = findings.study, plot.inks(dark)
    x_axis = response_axis(study.vary, study.values)
    cells: dict[Value, Cell] = {
        value: (value,) if second is None else (value, second) for value in study.values
    }
    drawn = study.base.strategies
    direct = len(drawn) <= MAX_DIRECT_LABELS and not x_axis.columns
    others = findings.others
    counts = _repeat_counts(findings, cells)
    max_repeats = max(counts)
    accuracy = Panel(
        "Accuracy",
        plot.RESPONSE_ACCURACY,
        0,
        plot.SHARE_TOP,
        aside=", 95% for each mean alone" if max_repeats > 1 else "",
        ticks=plot.SHARES,
    )
    difference = Panel(
        "Points against no mask",
        plot.RESPONSE_DIFFERENCE,
        *DIFFERENCES,
        aside=", 95% for all together" if max_repeats > 1 else "",
        ticks=POINTS,
    )
    levels = [findings.chance(cell) for cell in cells.values()]
    traces: list[PlotlyTrace] = [_chance_trace(levels, x_axis, dark)]
    ends: list[LineEnd] = []
    gaps: list[LineEnd] = []
    for draw, shown, line_ends in ((accuracy_marks, drawn, ends), (difference_marks, others, gaps)):
        for index, name in enumerate(shown):
            rank = index - (len(shown) - 1) / 2
            marks, end = draw(findings, cells, x_axis, name, rank, dark)
            traces += marks
            line_ends += end
    if direct:
        ends.append(LineEnd(levels[-1], x_axis.high, "Chance", ink.muted))
    # The margin within which a strategy is the same as no mask, and the line of no difference.
    across = {"xref": "paper", "x0": 0, "x1": 1, "yref": axis(1), "layer": "below"}
    margin = {"type": "rect", "y0": -100 * MARGIN, "y1": 100 * MARGIN, "fillcolor": ink.grid}
    zero = {"type": "line", "y0": 0, "y1": 0, "line": {"color": ink.muted, "width": 1.2}}
    shapes = [across | margin | {"line": {"width": 0}}, across | zero]
    explained = f"● {EFFECT}   ○ {UNDECIDED}   • {SAME}   Grey: within {100 * MARGIN:g} points"
    corner = {"x": 0, "xref": "paper", "xanchor": "left", "xshift": 2 - plot.LEFT}
    corner |= {"y": 0, "yref": "paper", "yanchor": "top", "yshift": -AXIS_SPACE}
    labels = [plot.text_note(explained, ink.muted, size=12, **corner)]
    if direct:
        for panel, there, yaxis in ((accuracy, ends, "y"), (difference, gaps, axis(1))):
            lines, texts = end_labels(
                there,
                edge=x_axis.high,
                low=panel.low,
                high=panel.high,
                height=panel.height,
                yaxis=yaxis,
            )
            shapes += lines
            labels += texts
    entries: list[PlotlyTrace] = []
    if not direct:
        for name in drawn:
            style = {"line": line(name, dark=dark), "marker": marker(name, dark=dark, size=7)}
            entries.append(plot.legend_entry(strategy_title(name), **style))
        entries.append(plot.legend_entry("Chance", line=plot.chance_line(dark)))
    legend = plot.legend_height(entries)
    inner = accuracy.height + difference.height + BETWEEN
    return stacked(
        [accuracy, difference],
        traces + entries,
        title=f"Accuracy by {short_title(study.vary).lower()}",
        detail=_subtitle(study, counts, second),
        steps=1,
        dark=dark,
        space_below=MARKS_ROW + 8 * bool(legend) + legend,
        right_space=LABEL_SPACE if direct else plot.RIGHT,
        shapes=shapes,
        annotations=labels,
        xaxis=x_axis.layout,
        name="response_curve",
        legend_place=plot.legend_below(inner, AXIS_SPACE + MARKS_ROW + 4),
    )


def _chance_trace(levels: list[float], x_axis: ResponseAxis, dark: bool) -> PlotlyTrace:
    """Return the line of chance. levels: its accuracy (0 to 1) at each position of the axis."""
    return plot.scatter(
        x=[x_axis.low, *x_axis.positions, x_axis.high],
        y=[levels[0], *levels, levels[-1]],
        name="Chance",
        mode="lines",
        line=plot.chance_line(dark),
        hoverinfo="skip",
    )


def _repeat_counts(findings: Findings, cells: dict[Value, Cell]) -> set[int]:
    """Return the numbers of repeats that strategies, no mask too, share with no mask in a cell."""
    return {
        len(findings.accuracies(cell, name).keys() & findings.accuracies(cell, BASELINE).keys())
        for cell in cells.values()
        for name in findings.study.base.strategies
    }


def _subtitle(study: Study, counts: set[int], second: Value | None) -> str:
    """Return the subtitle: the value of the second variable, if any, and the repeats."""
    where = ""
    if second is not None and study.and_vary is not None:
        where = f"{short_title(study.and_vary)}: {value_text(study.and_vary, second).lower()}. "
    low, high = min(counts), max(counts)
    if high < 2:
        return f"{where}{'One repeat so far' if high else 'No training finished yet'}"
    number = span(low, high) if low else f"up to {high}"
    return f"{where}Unseen sequences, mean of {number} repeats"


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
            inner=MAP_ROW * len(rows),
            above=plot.TITLE_SPACE + 26,
            below=MAP_AXIS_SPACE,
            left=left,
            dark=dark,
            xaxis={
                "range": [-0.5, len(study.values) - 0.5],
                "tickvals": list(range(len(study.values))),
                "ticktext": [value_text(study.vary, each) for each in study.values],
                "tickangle": 0,
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
        for row, estimates in enumerate(values)
        for column, value in enumerate(estimates)
        if value is None
    ]
