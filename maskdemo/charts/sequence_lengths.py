"""How long a person's sequences are, and what each way of making them one length would waste."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maskdemo.charts import template as plot
from maskdemo.charts.style import NAMES, pattern
from maskdemo.charts.template import Figure, PlotlyOptions, PlotlyTrace

if TYPE_CHECKING:
    from maskdemo.uploads.data_facts import Lengths, PaddingWay

#: From the histogram's axis to the first bar below it: the axis' numbers, its title, a heading.
BETWEEN = 84
#: Of each way: its words and, under them, its bar.
ROW, BAR = 44, 0.34
BELOW = 8
#: Real steps, on a light and on a dark page: the cool end of the padded batch.
REAL = ("#86b3d1", "#3f7398")


def sequence_lengths(lengths: Lengths, *, dark: bool = False) -> Figure:
    """Draw the histogram of lengths, and under it a bar for each way of padding."""
    ink, counts = plot.inks(dark), lengths.counts[1:]
    present = np.flatnonzero(counts) + 1
    inner = plot.LENGTHS_HISTOGRAM + BETWEEN + ROW * len(lengths.ways)
    low = ROW * len(lengths.ways) / inner
    highest = int(counts.max())
    histogram = plot.bar(
        x=np.arange(1, lengths.longest + 1),
        y=counts,
        width=0.9,
        name="Sequences",
        marker={"color": REAL[dark], "line": {"width": 0}},
        showlegend=False,
        hovertemplate="%{x} steps: %{y} sequences<extra></extra>",
    )
    span = f"{present[0]} to {present[-1]} steps" if len(present) > 1 else f"all {present[0]} steps"
    return Figure(
        [histogram, *_way_bars(lengths.ways, dark)],
        plot.layout(
            "sequence_lengths",
            "How long the sequences are",
            f"{int(counts.sum()):,} sequences, {span}",
            inner=inner,
            below=BELOW,
            dark=dark,
            barmode="stack",
            hovermode="closest",
            showlegend=False,
            xaxis={
                "range": [0.5, lengths.longest + 0.5],
                "tickvals": plot.nice_ticks(1, lengths.longest),
                "showgrid": False,
                "title": {"text": "Length, in steps"},
                "anchor": "y",
            },
            yaxis={
                "domain": [1 - plot.LENGTHS_HISTOGRAM / inner, 1],
                "range": [0, highest * 1.04],
                "tickvals": plot.nice_ticks(0, highest, max_ticks=4),
            },
            xaxis2={"range": [0, 1], "tickformat": ".0%", "visible": False, "anchor": "y2"},
            yaxis2={
                "domain": [0, low],
                # Not seen; for the table of numbers.
                "tickvals": [at + 0.72 for at in range(len(lengths.ways))],
                "ticktext": [each.short for each in lengths.ways],
                "range": [len(lengths.ways), 0],
                "visible": False,
                "anchor": "x2",
            },
            annotations=[
                plot.text_note(
                    "<b>What padding would waste</b>", ink.text, size=14,
                    xref="paper", x=0, xanchor="left", yref="paper", y=low, yanchor="bottom",
                ),
                *(_way_label(way, index, ink.text) for index, way in enumerate(lengths.ways)),
            ],
        ),
    )  # fmt: skip


def _way_bars(ways: tuple[PaddingWay, ...], dark: bool) -> list[PlotlyTrace]:
    """Return two traces of a bar for each way to pad: its shares of real steps, and of padding."""
    padding = np.array([each.padding for each in ways])
    hatch = pattern("padding", dark=dark)
    common: PlotlyOptions = {
        "y": np.arange(len(ways)) + 0.72,
        "orientation": "h",
        "width": BAR,
        "xaxis": "x2",
        "yaxis": "y2",
        "showlegend": False,
    }
    return [
        plot.bar(
            x=1 - padding,
            marker={"color": REAL[dark], "line": {"width": 0}},
            name="Real steps",
            hovertemplate="Real steps: %{x:.0%}<extra></extra>",
            **common,
        ),
        plot.bar(
            x=padding,
            marker={"color": hatch["bgcolor"], "line": {"width": 0}, "pattern": hatch},
            name=NAMES["padding"],
            hovertemplate=f"{NAMES['padding']}: %{{x:.0%}}<extra></extra>",
            **common,
        ),
    ]


def _way_label(way: PaddingWay, index: int, shade: str) -> PlotlyOptions:
    """Return the annotation above the bar of way `index`, from 0 at the top."""
    cut = f", {way.cut:.1%} cut off" if way.cut else ""
    return plot.text_note(
        f"{way.short[0].upper()}{way.short[1:]}: <b>{way.padding:.0%}</b>{cut}", shade,
        xref="paper", x=0, xanchor="left", yref="y2", y=index + 0.5, yanchor="bottom",
    )  # fmt: skip
