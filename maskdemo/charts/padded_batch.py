"""What the LSTM receives: the padded batch of the unseen sequences that are shown, each a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from math import floor, log10
from statistics import median

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts import template as plot
from maskdemo.charts.colour_scales import VALUE_SCALES
from maskdemo.charts.style import NAMES, colour_bar, hatched
from maskdemo.charts.template import Figure, PlotlyOptions, PlotlyTrace
from maskdemo.data.inputs import inputs, pad_for, select_sequences, whole_sequences
from maskdemo.data.padding import Batch
from maskdemo.data.sequences import evenly_spread, steps_lost
from maskdemo.evidence.phrases import loss_of_steps
from maskdemo.experiment import Experiment
from maskdemo.training.probes import PROBES
from maskdemo.training.snapshot import Probes

FEW_FEATURES = 6
# More numbers than these in the hover boxes, and the figure is slow to send.
HOVER_NUMBERS = 12_000
# Pixels below the plot, of its axis title, colour bar and legend.
BELOW = 104
# The height of a row that is clicked.
ROW = 24


def unseen_batch(experiment: Experiment) -> Batch:
    """Return a run's probes, `PROBES` unseen sequences evenly spread over all, padded.

    Where each batch is padded to its own longest sequence, these are rows of all test data padded so.
    """
    test = whole_sequences(experiment).test
    rows = evenly_spread(PROBES, len(test))
    chosen = select_sequences(test, rows)
    if experiment.batches == "fixed":
        return pad_for(experiment, chosen)
    lost = steps_lost(chosen, experiment.padded_length)
    return replace(inputs(experiment).test.rows(rows), lost=lost)


def typical_row(batch: Batch | Probes, *, per_step: bool) -> int:
    """Return the first row (from 0) whose length, as cut and without padding, is nearest the median.

    per_step: to the distance in length, as a part of the range of lengths, add that of the row's share
    of labels other than 0 at valid steps from the mean share: zeros would flatter a learner of padding.
    """
    lengths = (~batch.padded).sum(axis=1)
    # Not NumPy's median, which takes longer for these few than all else here.
    apart = np.abs(lengths - median(lengths.tolist())) / max(1, np.ptp(lengths))
    if per_step:
        steps = np.maximum(1, batch.valid.sum(axis=1))
        shares = (batch.valid & (batch.labels > 0)).sum(axis=1) / steps
        apart = apart + np.abs(shares - shares.mean())
    return int(apart.argmin())


def padded_batch(
    batch: Batch,
    *,
    features: Sequence[str] = (),
    truncating: str = "pre",
    followed: int | None = None,
    dark: bool = False,
) -> Figure:
    """Draw the sequences, the first on top: values as colour, padded and missing steps hatched.

    Up to six features the colour is the first one, beyond that their mean; what is written at padded
    and missing steps has the colour of its value too. Hovering gives the values themselves.
    features: their names, where they have any. followed: the sequence (from 0) that is marked.
    truncating: "pre" or "post", the end of the axis beyond which each step cut off is a hatched cell.
    """
    ink = plot.inks(dark)
    rows, steps, count = batch.values.shape
    names = [escape(each) for each in features] or [f"Feature {at + 1}" for at in range(count)]
    values, valid, padded = batch.values, batch.valid, batch.padding_there
    first = count <= FEW_FEATURES
    shade = values[..., 0] if first else values.mean(axis=2)
    value_limit = _value_limit(shade[valid])
    clipped = bool((np.abs(shade) > value_limit * (1 + 1e-6)).any())
    height = ROW * rows
    row = np.arange(1, rows + 1)
    # Only the steps at which anything is read have values to hover over, often a third of all.
    read = np.flatnonzero(valid.any(axis=0))
    within = slice(read[0], read[-1] + 1) if read.size else slice(0, steps)
    step = np.arange(1, steps + 1)
    shown = min(count, max(1, HOVER_NUMBERS // max(rows * len(step[within]), 1)))
    colours = {"zmin": -value_limit, "zmax": value_limit, "colorscale": VALUE_SCALES[dark]}
    common = {"y": row, "hoverongaps": False}
    # Beyond this a gap would be wider than the cell on a phone.
    gap = 1 if steps <= 40 else 0

    real = plot.heatmap(
        x=step[within],
        z=_only_at(shade, valid)[:, within],
        customdata=values[:, within, :shown] if count > 1 else None,
        hovertemplate=_hover_text(names, shown),
        name="",
        **colours,
        xgap=gap,
        ygap=gap,
        colorbar=colour_bar(
            _colour_title(names, named=bool(features)),
            ticks={
                -value_limit: f"{'≤ ' * clipped}−{value_limit:g}",
                0: "0",
                value_limit: f"{'≥ ' * clipped}{value_limit:g}",
            },
            x=0,
            y=-50 / height,
            dark=dark,
        ),
        **common,
    )
    traces: list[PlotlyTrace] = [real]
    for kind, cells in (("padding", padded), ("missing", batch.missing)):
        if cells.any():
            traces.append(
                plot.heatmap(
                    x=step,
                    # At these steps all features have the same value.
                    z=_only_at(values[..., 0], cells),
                    meta=NAMES[kind],
                    hovertemplate=f"Sequence %{{y}}, step %{{x}}<br>{NAMES[kind]}, "
                    "written as %{z:.6~g}<extra></extra>",
                    showscale=False,
                    **colours,
                    **common,
                )
            )
        traces += hatched(cells, kind, bottom=row - 0.5, top=row + 0.5, dark=dark, over_colours=True)

    lost = np.zeros(rows, int) if batch.lost is None else batch.lost
    max_lost = int(lost.max())
    ahead, behind = (max_lost, 0) if truncating == "pre" else (0, max_lost)
    # Columns before step 1 or after the last; `first_column` is the step of the first.
    columns = np.arange(max_lost)
    cut = columns >= (max_lost - lost)[:, None] if ahead else columns < lost[:, None]
    first_column = 1 - max_lost if ahead else steps + 1
    traces += hatched(cut, "cut", bottom=row - 0.5, top=row + 0.5, dark=dark, first=first_column)

    which = f"{rows} unseen sequences"
    made = f"padded to length {steps}"
    if batch.there is not None:
        made = f"each padded to its batch's longest, at most to length {steps}"
    if max_lost:
        which, made = loss_of_steps(lost), f"cut to length {steps}"
        if batch.there is not None:
            made += ", each padded to its batch's longest"
    ticks = plot.nice_ticks(1, rows, max_ticks=max(6, rows))
    return Figure(
        traces,
        plot.layout(
            "padded_batch",
            "What the LSTM receives",
            f"{which}, {made}",
            shapes=[] if followed is None else [_row_outline(followed + 1, steps, ink.text)],
            inner=height,
            below=BELOW,
            dark=dark,
            xaxis={
                "range": [0.5 - ahead, steps + behind + 0.5],
                "tickvals": plot.nice_ticks(1, steps),
                "title": {"text": "Step"},
            },
            yaxis={
                "range": [rows + 0.5, 0.5],
                "tickvals": ticks,
                "showgrid": False,
                "title": {"text": "Sequence"},
            },
            legend={
                "x": 0.54,
                "xanchor": "left",
                "y": -47 / height,
                "yanchor": "top",
                "orientation": "v",
                "traceorder": "normal",
            },
        ),
    )


def _row_outline(row: int, steps: int, shade: str) -> PlotlyOptions:
    """Return the outline of a row (from 1)."""
    # Within the row: what lies on the plot's edge is cut in half.
    edges = {"x0": 0.5, "x1": steps + 0.5, "y0": row - 0.45, "y1": row + 0.45}
    return {"type": "rect", "line": {"color": shade, "width": 2.5}, **edges}


def _only_at(values: NDArray, cells: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return values, (N, T), with NaN outside these cells, (N, T)."""
    return np.where(cells, values, np.nan).astype(np.float32)


def _colour_title(names: Sequence[str], *, named: bool) -> str:
    """Return the title: a mean, the first name or, not `named` by data, "First feature" or "Value"."""
    if len(names) > FEW_FEATURES:
        return f"Mean of {len(names)} features"
    return names[0] if named else "Value" if len(names) == 1 else "First feature"


def _value_limit(values: NDArray) -> float:
    """Return the limit of 98 % of absolute values, or of all up to 1.5 times that; 1 for zeros.

    It is no less than a 20th of the largest, rounded up to 1, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 times 10^n.
    """
    sizes = np.abs(values[np.isfinite(values)])
    largest = float(sizes.max()) if sizes.size else 0.0
    if largest == 0.0:
        return 1.0
    usual = max(float(np.quantile(sizes, 0.98)), largest / 20)
    wanted = largest if largest <= 1.5 * usual else usual
    power = 10.0 ** floor(log10(wanted))
    value_limit = next(
        step * power
        for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
        if step * power >= wanted * (1 - 1e-6)
    )
    return float(f"{value_limit:.3g}")


def _hover_text(names: Sequence[str], shown: int) -> str:
    """Return the hover text of a real reading with the first `shown` features."""
    start = "Sequence %{y}, step %{x}<br>Real reading"
    if len(names) == 1:
        return start + " %{z:.6~g}<extra></extra>"
    lines = [f"<br>{name}: %{{customdata[{at}]:.6~g}}" for at, name in enumerate(names[:shown])]
    if shown < len(names):
        lines.append(f"<br>and {len(names) - shown} more")
    return start + "".join(lines) + "<extra></extra>"
