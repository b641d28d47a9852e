"""One unit along the steps: its three gates, its candidate, its cell and its hidden state."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts.colour_scales import quantity_of
from maskdemo.charts.panels import Panel, axis, hatched_steps, stacked
from maskdemo.charts.style import colour
from maskdemo.charts.template import Figure, PlotlyTrace, inks, scatter
from maskdemo.inside.activations import GATES, QUANTITIES, Activations
from maskdemo.inside.inspected_sequence import InspectedSequence


def unit_traces(
    sequence: InspectedSequence,
    activations: Activations,
    *,
    strategy: str,
    unit: int,
    step: int,
    dark: bool = False,
) -> Figure:
    """Draw the unit of index `unit` in the network (from 0), with its numbers at a step (from 1)."""
    arrays, steps = sequence.arrays(strategy), activations.states.shape[1]
    moves = arrays.advance[0, step - 1] > 0
    panels: list[Panel] = []
    traces: list[PlotlyTrace] = []
    for name, (symbol, heading) in QUANTITIES.items():
        values = quantity_of(activations, arrays, name)[:, unit].astype(np.float32)
        signed = name in ("candidate", "cells", "states")
        reach = float(np.ceil(max(1.0, np.nanmax(np.abs(values))))) if name == "cells" else 1.0
        edge, used = 0.12 * reach, moves or name not in GATES
        panel = Panel(
            f"{heading} {symbol}",
            46,
            -reach - edge if signed else -edge,
            reach + edge,
            note=f"{values[step - 1]:.3f}".replace("-", "−") if used else "not used",
            ticks={
                "tickvals": [-reach, 0, reach] if signed else [0, 1],
                "ticktext": [f"−{reach:g}", "0", f"{reach:g}"] if signed else ["0", "1"],
                "showgrid": True,
            },
        )
        traces += _quantity_traces(values, symbol, step, strategy, axis(len(panels)), dark)
        panels.append(panel)
    return stacked(
        panels,
        traces,
        title=f"Unit {unit + 1}, step by step",
        detail=f"At the right, the values at step {step}",
        steps=steps,
        dark=dark,
        hatches=hatched_steps(sequence.batch),
        cursor=step,
        name="unit_traces",
    )


def _quantity_traces(
    values: NDArray, symbol: str, step: int, strategy: str, yaxis: str, dark: bool
) -> list[PlotlyTrace]:
    """Return a quantity's line (T,), with its `symbol` on hovering, and a point at a step (from 1)."""
    shade = colour(strategy, dark=dark)
    line = scatter(
        x=np.arange(1, len(values) + 1),
        y=values,
        yaxis=yaxis,
        mode="lines+markers" if len(values) <= 60 else "lines",
        line={"color": shade, "width": 2},
        marker={"size": 4, "color": shade},
        showlegend=False,
        hovertemplate=f"Step %{{x}}<br>{symbol} = %{{y:.4f}}<extra></extra>",
    )
    here = scatter(
        x=[step],
        y=values[step - 1 : step],
        yaxis=yaxis,
        mode="markers",
        marker={"size": 9, "color": shade, "line": {"width": 2, "color": inks(dark).text}},
        showlegend=False,
        hoverinfo="skip",
    )
    return [line, here]
