"""One sequence in one network, step by step: all units as colours, and one unit's numbers as lines."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts.colour_scales import quantity_of, reach_of, reach_text, scale_bar, scaled_heatmap
from maskdemo.charts.panels import AXIS_SPACE, Panel, axis, hatched_steps, read_out_step, stacked
from maskdemo.charts.style import blind_guess, blind_guess_entry, colour, marker, ring, strategy_title
from maskdemo.charts.template import Figure, PlotlyTrace, inks, scatter
from maskdemo.data.padding import Batch
from maskdemo.inside.activations import GATES, QUANTITIES, Activations
from maskdemo.inside.inspected_sequence import InspectedSequence
from maskdemo.strategies import STRATEGIES, Arrays

BAR_SPACE = 58
#: Nearer to each other than other panels: all are to be seen at once, with the equation above them.
CLOSE = 24
MOVES = {"moves on": "circle", "is held": "line-ew", "is reset to 0": "x-thin"}


def gate_heatmaps(
    sequence: InspectedSequence,
    activations: Activations,
    *,
    strategy: str,
    unit: int,
    step: int,
    dark: bool = False,
) -> Figure:
    """Draw input, activations and output of a sequence, units in the order of its `unit_order`.

    The unit of index `unit` in the network (from 0) and the step (from 1) are marked.
    """
    arrays, order = sequence.arrays(strategy), sequence.unit_order(strategy)
    steps, units = activations.states.shape[1:]
    inputs = arrays.inputs[0]
    if not STRATEGIES[strategy].mask_channel:
        # There the mask channel is always 0: it belongs to the program, not to the network.
        inputs = inputs[:, :-1]
    names = sequence.experiment.spec.feature_names
    named = [escape(each) for each in (*names, "mask")][: inputs.shape[1]] if names else []
    tall = int(np.clip(3 * units, 28, 38))
    row = int(np.argmax(order == unit)) + 1
    marked = {"tickvals": [row], "ticktext": [f"{unit + 1} ▸"], "showgrid": False}
    panels = [
        Panel(
            "Input x",
            int(np.clip(4 * inputs.shape[1], 16, 36)),
            inputs.shape[1] + 0.5,
            0.5,
            note=f"{_features_text(inputs, arrays)}, {reach_text(inputs, reach_of(inputs))}",
            hatch="lines",
        ),
        Panel("State", 18, -1, 1, note=_moves_note(arrays), hatch=""),
    ]
    traces: list[PlotlyTrace] = [
        scaled_heatmap(
            inputs,
            yaxis=axis(0),
            hover=f"Step %{{x}}, {'' if named else 'channel '}%{{customdata}}<br>Input %{{z:.6~g}}",
            names=named or None,
            reach=reach_of(inputs),
            dark=dark,
        ),
        *_move_marks(arrays, strategy, dark),
    ]
    for name, (symbol, heading) in QUANTITIES.items():
        values = quantity_of(activations, arrays, name)[:, order]
        is_gate = name in GATES and name != "candidate"
        reach = None if is_gate else reach_of(values) if name == "cells" else 1.0
        note = "0 to 1" if reach is None else reach_text(values, reach)
        traces.append(
            scaled_heatmap(
                values,
                yaxis=axis(len(panels)),
                hover=f"Step %{{x}}, unit %{{customdata}}<br>{heading} {symbol} = %{{z:.4f}}",
                names=order + 1,
                reach=reach,
                dark=dark,
            )
        )
        panels.append(
            Panel(f"{heading} {symbol}", tall, units + 0.5, 0.5, note=note, ticks=marked, hatch="lines")
        )
    chances = activations.probabilities[0, :, sequence.label]
    panels.append(
        Panel(
            f"Probability of label {escape(sequence.label_name)}",
            44,
            -0.08,
            1.08,
            note=f"{chances[step - 1]:.3f} after step {step}",
            ticks={"tickvals": [0, 1]},
        )
    )
    classes, below_all = activations.probabilities.shape[2], axis(len(panels) - 1)
    traces.append(blind_guess(classes, steps, yaxis=below_all, dark=dark))
    traces += _chance_traces(chances, arrays, sequence.batch, strategy, below_all, dark)
    inner = sum(each.height for each in panels) + CLOSE * (len(panels) - 1)
    below = -(AXIS_SPACE + 4) / inner
    traces += [
        scale_bar(gates=True, x=0, y=below, ends=("0", "1"), dark=dark),
        scale_bar(gates=False, x=0.54, y=below, ends=("lowest", "highest"), dark=dark),
    ]
    return stacked(
        panels,
        traces,
        title=f"Every gate at every step: {strategy_title(strategy)}",
        detail=sequence.title,
        steps=steps,
        dark=dark,
        hatches=hatched_steps(sequence.batch),
        legend=[blind_guess_entry(classes, dark=dark)],
        space_below=BAR_SPACE,
        between=CLOSE,
        cursor=step,
        name="gate_heatmaps",
    )


def _features_text(inputs: NDArray, arrays: Arrays) -> str:
    """Return "3 features", or for an input (T, 4) with the mask channel "3 features and the mask"."""
    extra = inputs.shape[1] == arrays.inputs.shape[2]
    count = inputs.shape[1] - extra
    return f"{count} feature{'s' * (count != 1)}{' and the mask' * extra}"


def _moves_by_step(arrays: Arrays) -> dict[str, NDArray[np.bool_]]:
    """Return steps (T,): "moves on" (`advance` > 0), "is held" (`keep` > 0), "is reset to 0" (else)."""
    moves, holds = arrays.advance[0] > 0, arrays.keep[0] > 0
    return dict(zip(MOVES, (moves, holds, ~moves & ~holds), strict=True))


def _moves_note(arrays: Arrays) -> str:
    """Return the note that explains the marks of those of `MOVES` that occur."""
    symbols = dict(zip(MOVES, ("●", "━", "✕"), strict=True))
    return ", ".join(
        f"{symbols[change]} {change}" for change, cells in _moves_by_step(arrays).items() if cells.any()
    )


def _move_marks(arrays: Arrays, strategy: str, dark: bool) -> list[PlotlyTrace]:
    """Return a trace for each of `MOVES` that occurs: its steps, marked in the second panel."""
    shade = colour(strategy, dark=dark)
    steps = arrays.advance.shape[1]
    size = float(np.clip(420 / steps, 3, 9))
    return [
        scatter(
            x=np.flatnonzero(cells) + 1,
            y=np.zeros(int(cells.sum())),
            hovertext=[change] * int(cells.sum()),
            yaxis=axis(1),
            mode="markers",
            marker={
                "symbol": MOVES[change],
                "size": size,
                "color": shade,
                "line": {"width": 0 if change == "moves on" else 2, "color": shade},
            },
            hovertemplate=f"Step %{{x}}: the state {change}<extra></extra>",
        )
        for change, cells in _moves_by_step(arrays).items()
        if cells.any()
    ]


def _chance_traces(
    chances: NDArray, arrays: Arrays, batch: Batch, strategy: str, yaxis: str, dark: bool
) -> list[PlotlyTrace]:
    """Return the line of the probability after every step (T,); if one step is read out, a ring."""
    shade = colour(strategy, dark=dark)
    steps = np.arange(1, len(chances) + 1)
    line = scatter(
        x=steps,
        y=chances.astype(np.float32),
        yaxis=yaxis,
        mode="lines+markers" if len(steps) <= 60 else "lines",
        line={"color": shade, "width": 2},
        marker=marker(strategy, dark=dark, size=5),
        hovertemplate="After step %{x}: %{y:.4f}<extra></extra>",
    )
    if arrays.counts[0].sum() != 1:
        return [line]
    step = read_out_step(arrays.read_out, batch)
    read_out = scatter(
        x=[step + 1],
        y=[float(chances[step])],
        yaxis=yaxis,
        mode="markers",
        marker=ring(inks(dark).text),
        hovertemplate="Read out after step %{x}: %{y:.4f}<extra></extra>",
    )
    return [line, read_out]


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
        hovertemplate=f"Step %{{x}}<br>{symbol} = %{{y:.4f}}<extra></extra>",
    )
    here = scatter(
        x=[step],
        y=values[step - 1 : step],
        yaxis=yaxis,
        mode="markers",
        marker={"size": 9, "color": shade, "line": {"width": 2, "color": inks(dark).text}},
        hoverinfo="skip",
    )
    return [line, here]
