"""How long an epoch takes against the padded length: this app's engine and `Model.fit`."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from maskdemo.charts.ends import LABEL_SPACE, End, end_labels
from maskdemo.charts.figure import Drawn, figure, scatter
from maskdemo.charts.lines import WIDTH, marker
from maskdemo.charts.style import colour, dash
from maskdemo.charts.template import layout
from maskdemo.study.costs import KERAS_MASKING, KERAS_NO_MASK, MASKING, NO_MASK, time_text

if TYPE_CHECKING:
    from maskdemo.study.costs import CostTable, Way

HEIGHT = 300
AXIS_SPACE = 54
#: The lines that have a name at their end; the others are faint and name themselves on hovering.
NAMED = {
    KERAS_MASKING: "Masking, Keras",
    KERAS_NO_MASK: "No mask, Keras",
    NO_MASK: "No mask, here",
    MASKING: "Masking, here",
}
#: Decades of seconds that the axis has at least.
DECADES = (-3, 0)


def cost_by_length(table: CostTable, *, dark: bool = False) -> go.Figure:
    """One line a way to train, time on a logarithmic axis; points come as they are measured."""
    lengths = sorted(table.lengths)
    margin = 0.04 * max(lengths[-1] - lengths[0], 1)
    edge = lengths[-1] + margin
    exponents = [log10(each) for each in table.seconds.values()]
    low = floor(min(exponents, default=DECADES[0]))
    high = ceil(max(exponents, default=DECADES[1]))
    low, high = min(low, DECADES[0]), max(high, DECADES[1])
    faint_first = sorted(table.ways, key=lambda way: way in NAMED)
    drawn = [_line(table, way, dark) for way in faint_first]
    ends = []
    for way, text in NAMED.items():
        if there := _there(table, way):
            shade = colour(way.strategy, dark=dark)
            ends.append(End(log10(table.seconds[way, there[-1]]), there[-1], text, shade))
    shapes, labels = end_labels(ends, edge=edge, low=low, high=high, height=HEIGHT)
    experiment = table.experiment
    detail = f"{experiment.train_size} sequences, {experiment.units} units, log scale"
    return figure(
        drawn,
        layout(
            "cost_by_length",
            "Time of one epoch",
            detail,
            inner=HEIGHT,
            below=AXIS_SPACE,
            right=LABEL_SPACE,
            dark=dark,
            xaxis={
                "range": [lengths[0] - margin, edge],
                "tickvals": lengths,
                "title": {"text": "Padded length, in steps"},
                "showgrid": False,
            },
            # Not Plotly's own logarithmic axis: there, shapes and annotations count differently.
            yaxis={
                "range": [low, high],
                "tickvals": list(range(low, high + 1)),
                "ticktext": [_tick(each) for each in range(low, high + 1)],
            },
            shapes=shapes,
            annotations=labels,
            showlegend=False,
        ),
    )


def _line(table: CostTable, way: Way, dark: bool) -> Drawn:
    there = _there(table, way)
    seconds = [table.seconds[way, length] for length in there]
    keras, named = way.engine == "Keras", way in NAMED
    return scatter(
        x=there,
        y=[log10(each) for each in seconds],
        customdata=[time_text(each) for each in seconds],
        name=way.title,
        mode="lines+markers",
        line={
            "color": colour(way.strategy, dark=dark),
            "width": WIDTH if named else 1.2,
            "dash": "dot" if keras else dash(way.strategy),
        },
        marker=marker(way.strategy, dark=dark, hollow=keras, size=8 if named else 6),
        opacity=1.0 if named else 0.45,
        hovertemplate=f"{way.title}<br>padded to %{{x}} steps: %{{customdata}}<extra></extra>",
    )


def _there(table: CostTable, way: Way) -> list[int]:
    return [length for length in sorted(table.lengths) if (way, length) in table.seconds]


def _tick(exponent: int) -> str:
    return f"{10**exponent:g} s" if exponent >= 0 else f"{10 ** (exponent + 3):g} ms"
