"""The same sequence under several strategies: one panel each, one colour scale for all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from maskdemo.charts.colour_scales import heat, reach_of, reach_words
from maskdemo.charts.figure import Drawn, Settings, scatter
from maskdemo.charts.hatch import hatch_entries
from maskdemo.charts.marks import guess, guess_entry, line
from maskdemo.charts.panels import Panel, axis, hatches, stacked, upright
from maskdemo.charts.strategy_style import colour, title
from maskdemo.data.padding import Batch
from maskdemo.inside.trace import GATES, QUANTITIES, Trace
from maskdemo.strategies import Arrays


def strategies_compared(
    traced: Mapping[str, Trace],
    arrays: Mapping[str, Arrays],
    batch: Batch,
    *,
    quantity: str,
    order: NDArray[np.intp],
    parts: Mapping[str, int | None],
    label: int,
    dark: bool = False,
) -> go.Figure:
    """Panels by strategy for one quantity of `maskdemo.inside.trace.QUANTITIES`, and all outputs below.

    Each trace has one sequence. parts: strategy -> the step (from 0) at which it parts from the first.
    """
    symbol, words = QUANTITIES[quantity]
    names = list(traced)
    padded, missing = batch.padded[0], batch.missing[0]
    values = {name: _shown(each, arrays[name], quantity)[:, order] for name, each in traced.items()}
    is_gate = quantity in GATES and quantity != "candidate"
    reach = None
    if not is_gate:
        reach = reach_of(np.concatenate(list(values.values()))) if quantity == "cells" else 1.0
    steps, units = values[names[0]].shape
    tall = int(np.clip(4 * units, 56, 104))
    panels: list[Panel] = []
    traces: list[Drawn] = []
    marks: list[Settings] = []
    for index, name in enumerate(names):
        at = parts.get(name)
        note = "" if index == 0 else "never parts" if at is None else f"parts at step {at + 1}"
        panel = Panel(title(name), tall, units + 0.5, 0.5, note=note, colour=colour(name, dark=dark))
        hover = f"Step %{{x}}, unit %{{customdata}}<br>{words} {symbol} = %{{z:.4f}}"
        traces.append(
            heat(
                values[name],
                yaxis=axis(index),
                hover=hover,
                names=order + 1,
                reach=reach,
                dark=dark,
            )
        )
        traces += hatches(panel, index, padded=padded, missing=missing, dark=dark, over_colours=True)
        if at is not None:
            marks.append(upright(at + 0.5, dark=dark, dash="dash", index=index))
        panels.append(panel)
    output = Panel(
        f"Probability of label {label}",
        110,
        -0.08,
        1.08,
        ticks={"tickvals": [0, 0.5, 1], "showgrid": True},
    )
    traces += hatches(output, len(panels), padded=padded, missing=missing, dark=dark)
    classes = traced[names[0]].probabilities.shape[2]
    traces.append(guess(classes, steps, yaxis=axis(len(panels)), dark=dark))
    for name in names:
        traces.append(
            scatter(
                x=np.arange(1, steps + 1),
                y=traced[name].probabilities[0, :, label].astype(np.float32),
                yaxis=axis(len(panels)),
                mode="lines",
                line=line(name, dark=dark, width=2),
                showlegend=False,
                hovertemplate=f"{title(name)}, after step %{{x}}: %{{y:.4f}}<extra></extra>",
            )
        )
    panels.append(output)
    colours = "Dark is 0, light is 1" if dark else "Light is 0, dark is 1"
    if reach is not None:
        words = reach_words(np.concatenate(list(values.values())), reach)
        colours = f"Orange to blue: {words}"
    return stacked(
        panels,
        traces,
        title=f"{QUANTITIES[quantity][1]} {symbol}, strategy by strategy",
        detail=colours,
        steps=steps,
        dark=dark,
        legend=[
            *hatch_entries(padded=padded, missing=missing, dark=dark),
            guess_entry(classes, dark=dark),
        ],
        shapes=marks,
        name=f"strategies_compared {quantity}",
    )


def _shown(traced: Trace, arrays: Arrays, quantity: str) -> NDArray:
    """The quantity of the first sequence, (T, H), blank where a gate is not used."""
    values = getattr(traced, quantity)[0]
    if quantity in GATES:
        return np.where(arrays.advance[0, :, None] > 0, values, np.nan)
    return values
