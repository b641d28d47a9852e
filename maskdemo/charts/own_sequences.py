"""A person's own sequences before any training: a few of them, and the lengths of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts import template as plot
from maskdemo.charts.panels import Panel, axis, stacked
from maskdemo.charts.style import NAMES, pattern
from maskdemo.charts.template import Figure, PlotlyOptions, PlotlyTrace
from maskdemo.uploads.data_facts import Lengths, PaddingWay

#: Features that are drawn, each in a colour and a dash of its own.
FEATURE_STYLES = (
    {"light": "#0072b2", "dark": "#6cb8e6", "dash": "solid"},
    {"light": "#b35900", "dark": "#e69f4d", "dash": "solid"},
    {"light": "#00795a", "dark": "#4dc7a4", "dash": "solid"},
    {"light": "#8f4a7c", "dark": "#d99ac8", "dash": "dot"},
    {"light": "#595959", "dark": "#b3b3b3", "dash": "dot"},
)
#: Characters of a name in the legend.
MAX_NAME = 18
#: From the histogram's axis to the first bar below it: the axis' numbers, its title, a heading.
BETWEEN = 84
#: Of each way: its words and, under them, its bar.
ROW, BAR = 44, 0.34
BELOW = 8
#: Real steps, on a light and on a dark page: the cool end of the padded batch.
REAL = ("#86b3d1", "#3f7398")


def example_sequences(
    examples: Mapping[str, NDArray[np.float64]], names: Sequence[str], *, dark: bool = False
) -> Figure:
    """Draw panels one below another, of title (plain text) -> values (length, F), NaN where missing.

    Only the first features, as many as `FEATURE_STYLES`, are drawn, each from its lowest to its highest
    value in all examples; if these are equal, at half height.
    """
    shown = names[: len(FEATURE_STYLES)]
    all_steps = np.concatenate(list(examples.values()))[:, : len(shown)]
    low, high = np.nanmin(all_steps, axis=0), np.nanmax(all_steps, axis=0)
    spread = np.where(high > low, high - low, 1)
    styles = [
        {"color": each["dark" if dark else "light"], "dash": each["dash"], "width": 2}
        for each in FEATURE_STYLES
    ]
    traces = [
        plot.scatter(
            x=np.arange(1, len(values) + 1),
            y=(values[:, at] - low[at]) / spread[at] if high[at] > low[at] else values[:, at] * 0 + 0.5,
            customdata=values[:, at],
            mode="lines+markers" if len(values) <= 60 else "lines",
            line=styles[at],
            marker={"size": 4, "color": styles[at]["color"]},
            yaxis=axis(panel),
            name=escape(name),
            hovertemplate=f"{escape(name)}: %{{customdata:.6~g}}<extra>Step %{{x}}</extra>",
        )
        for panel, values in enumerate(examples.values())
        for at, name in enumerate(shown)
    ]
    more = "every feature"
    if len(names) > len(shown):
        more = f"the first {len(shown)} of {len(names)} features"
    return stacked(
        [Panel(escape(title), plot.EXAMPLE_PANEL, -0.08, 1.08) for title in examples],
        traces,
        title="What the sequences look like",
        detail=f"In order, before any scaling; {more} on a scale of its own",
        steps=max(map(len, examples.values())),
        dark=dark,
        legend=[
            plot.legend_entry(escape(_shortened(name)), line=style)
            for name, style in zip(shown, styles, strict=False)
        ],
        name="example_sequences",
    )


def _shortened(name: str) -> str:
    """Return a name, cut to MAX_NAME characters, the last of them an ellipsis."""
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


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
            xaxis={
                "range": [0.5, lengths.longest + 0.5],
                "tickvals": plot.nice_ticks(1, lengths.longest),
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
