"""The same sequence under several strategies: one panel each, one colour scale for all."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np

from maskdemo.charts.colour_scales import quantity_of, reach_of, reach_text, scaled_heatmap
from maskdemo.charts.panels import Panel, axis, hatched_steps, stacked, step_line
from maskdemo.charts.style import blind_guess, blind_guess_entry, colour, line, strategy_title
from maskdemo.charts.template import Figure, PlotlyOptions, PlotlyTrace, scatter
from maskdemo.inside.activations import GATES, QUANTITIES, Activations
from maskdemo.inside.inspected_sequence import InspectedSequence


def strategies_compared(
    sequence: InspectedSequence,
    activations: Mapping[str, Activations],
    *,
    quantity: str,
    parts: Mapping[str, int | None],
    dark: bool = False,
) -> Figure:
    """Draw a panel per strategy with one of `QUANTITIES`; below, all probabilities of the label.

    activations: of the sequence, by strategy; units stand in the first one's `unit_order`. parts:
    strategy -> the first step (from 0) after which its state or output differs from the first
    strategy's, marked by a line before that step; None if never.
    """
    symbol, heading = QUANTITIES[quantity]
    names = list(activations)
    order = sequence.unit_order(names[0])
    values = {
        name: quantity_of(each, sequence.arrays(name), quantity)[:, order]
        for name, each in activations.items()
    }
    is_gate = quantity in GATES and quantity != "candidate"
    reach = None
    if not is_gate:
        reach = reach_of(np.concatenate(list(values.values()))) if quantity == "cells" else 1.0
    steps, units = values[names[0]].shape
    tall = int(np.clip(4 * units, 56, 104))
    panels: list[Panel] = []
    traces: list[PlotlyTrace] = []
    marks: list[PlotlyOptions] = []
    for index, name in enumerate(names):
        step = parts.get(name)
        note = "" if index == 0 else "never parts" if step is None else f"parts at step {step + 1}"
        shade = colour(name, dark=dark)
        panels.append(
            Panel(strategy_title(name), tall, units + 0.5, 0.5, note=note, colour=shade, hatch="lines")
        )
        hover = f"Step %{{x}}, unit %{{customdata}}<br>{heading} {symbol} = %{{z:.4f}}"
        traces.append(
            scaled_heatmap(
                values[name], yaxis=axis(index), hover=hover, names=order + 1, reach=reach, dark=dark
            )
        )
        if step is not None:
            marks.append(step_line(step + 0.5, dark=dark, dash="dash", index=index))
    output = Panel(
        f"Probability of label {escape(sequence.label_name)}",
        110,
        -0.08,
        1.08,
        ticks={"tickvals": [0, 0.5, 1]},
    )
    classes = activations[names[0]].probabilities.shape[2]
    traces.append(blind_guess(classes, steps, yaxis=axis(len(panels)), dark=dark))
    for name in names:
        traces.append(
            scatter(
                x=np.arange(1, steps + 1),
                y=activations[name].probabilities[0, :, sequence.label].astype(np.float32),
                yaxis=axis(len(panels)),
                mode="lines",
                name=strategy_title(name),
                line=line(name, dark=dark, width=2),
                hovertemplate=f"{strategy_title(name)}, after step %{{x}}: %{{y:.4f}}<extra></extra>",
            )
        )
    panels.append(output)
    colours = "Dark is 0, light is 1" if dark else "Light is 0, dark is 1"
    if reach is not None:
        colours = f"Orange to blue: {reach_text(np.concatenate(list(values.values())), reach)}"
    return stacked(
        panels,
        traces,
        title=f"{heading} {symbol}, strategy by strategy",
        detail=colours,
        steps=steps,
        dark=dark,
        hatches=hatched_steps(sequence.batch),
        legend=[blind_guess_entry(classes, dark=dark)],
        shapes=marks,
        name=f"strategies_compared {quantity}",
    )
