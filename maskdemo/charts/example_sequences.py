"""A few of a person's sequences, step by step, before anything is trained on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts.panels import Panel, axis, stacked
from maskdemo.charts.template import EXAMPLE_PANEL, Figure, legend_entry, scatter

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
        scatter(
            x=np.arange(1, len(values) + 1),
            y=(values[:, at] - low[at]) / spread[at] if high[at] > low[at] else values[:, at] * 0 + 0.5,
            customdata=values[:, at],
            mode="lines+markers" if len(values) <= 60 else "lines",
            line=styles[at],
            marker={"size": 4, "color": styles[at]["color"]},
            yaxis=axis(panel),
            name=escape(name),
            showlegend=False,
            hovertemplate=f"{escape(name)}: %{{customdata:.6~g}}<extra>Step %{{x}}</extra>",
        )
        for panel, values in enumerate(examples.values())
        for at, name in enumerate(shown)
    ]
    more = (
        f"the first {len(shown)} of {len(names)} features"
        if len(names) > len(shown)
        else "every feature"
    )
    return stacked(
        [Panel(escape(title), EXAMPLE_PANEL, -0.08, 1.08) for title in examples],
        traces,
        title="What the sequences look like",
        detail=f"In order, before any scaling; {more} on a scale of its own",
        steps=max(map(len, examples.values())),
        dark=dark,
        legend=[
            legend_entry(escape(_shortened(name)), line=style)
            for name, style in zip(shown, styles, strict=False)
        ],
        name="example_sequences",
    )


def _shortened(name: str) -> str:
    """Return a name, cut to MAX_NAME characters, the last of them an ellipsis."""
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"
