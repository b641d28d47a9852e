"""The chart of a study: accuracy against the varied value, and the difference that a strategy makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maskdemo.charts import template as plot
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
from maskdemo.evidence import BASELINE, MARGIN
from maskdemo.study.variables import short_title, value_text

if TYPE_CHECKING:
    from maskdemo.study import Cell, Findings, Study, Value

MARKS_ROW = 24
#: All differences that there can be: an axis that fits what has come in jumps with what comes next.
DIFFERENCES = (-104, 104)
POINTS: PlotlyOptions = {
    "tickvals": [-100, -50, 0, 50, 100],
    "ticktext": ["−100", "−50", "0", "+50", "+100"],
    "showgrid": True,
}


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
        ticks=plot.SHARES | {"showgrid": True},
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
    labels = [_marks_note(AXIS_SPACE, ink.muted)]
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
        showlegend=False,
        hoverinfo="skip",
    )


def _marks_note(below: int, shade: str) -> PlotlyOptions:
    """Return a line of text, `below` pixels under the plot, that explains the lower panel's marks."""
    corner = {"x": 0, "xref": "paper", "xanchor": "left", "xshift": 2 - plot.LEFT}
    under = {"y": 0, "yref": "paper", "yanchor": "top", "yshift": -below}
    text = f"● {EFFECT}   ○ {UNDECIDED}   • {SAME}   Grey: within {100 * MARGIN:g} points"
    return plot.text_note(text, shade, size=12, **corner, **under)


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
    number = f"{high}" if low == high else f"{low} to {high}" if low else f"up to {high}"
    return f"{where}Unseen sequences, mean of {number} repeats"
