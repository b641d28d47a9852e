"""What each network says after every step of one sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from maskdemo.charts.hatch import hatched
from maskdemo.charts.looks import MARKERS, colour, title
from maskdemo.charts.template import (
    LEFT,
    LEGEND_ROW,
    RIGHT,
    TITLE_SPACE,
    heading,
    inks,
    legend_below,
    legend_rows,
    nice_ticks,
    template,
)
from maskdemo.padding import Batch
from maskdemo.strategies import Arrays, arrays

if TYPE_CHECKING:
    from maskdemo.snapshot import Snapshot

PANEL = 84
BETWEEN = 36
AXIS_SPACE = 46
LOW, HIGH = -0.08, 1.08


def outputs_by_step(
    snapshot: Snapshot,
    *,
    probe: int,
    epoch: int,
    label: int | None = None,
    dark: bool = False,
) -> go.Figure:
    """One panel a strategy: the probability of one label after every step of one sequence.

    probe: which probe, from 0. epoch: after how many epochs, from 1; a strategy that has fewer
    shows its newest. label: the label followed; by default the true one, or 1 if every step has
    its own.
    """
    ink = inks(dark)
    probes, names = snapshot.probes, snapshot.experiment.strategies
    per_step = snapshot.experiment.per_step
    truth = _arrays(snapshot, names[0], probe).targets[0]
    followed = label if label is not None else 1 if per_step else int(truth[0])
    valid, padded = probes.valid[probe], probes.padded[probe]
    missing = ~valid & ~padded
    steps = len(valid)
    tops = [index * (PANEL + BETWEEN) for index in range(len(names))]
    inner = tops[-1] + PANEL
    traces: list[go.Scatter] = []
    axes: dict[str, dict] = {}
    labels: list[dict] = []
    for index, (name, top) in enumerate(zip(names, tops, strict=True)):
        axis = "y" if index == 0 else f"y{index + 1}"
        for kind, cells in (("padding", padded), ("missing", missing)):
            traces += hatched(
                cells[None], kind, bottom=[LOW], top=[HIGH], dark=dark, showlegend=False, yaxis=axis
            )
        counts = _arrays(snapshot, name, probe).weights[0]
        outputs = probes.outputs.get(name, ())
        place = min(probes.place(epoch), len(outputs) - 1)
        shown = probes.epochs[place] if place >= 0 else 0
        said = ""
        traces += _truth(truth == followed, valid, counts, per_step, axis, dark)
        if shown:
            chances = np.asarray(outputs[place][probe])
            traces += _said(name, chances[:, followed], counts, per_step, axis, dark)
            said = _summary(chances, truth, followed, valid, counts, per_step)
        late = f" (epoch {shown})" if 0 < shown < epoch else ""
        heads = ((f"<b>{title(name)}</b>{late}", 0, "left"), (said or "No epoch yet", 1, "right"))
        for text, at, side in heads:
            labels.append(
                {
                    "text": text,
                    "x": at,
                    "xref": "paper",
                    "xanchor": side,
                    "y": 1 - top / inner,
                    "yref": "paper",
                    "yanchor": "bottom",
                    "yshift": 1,
                    "showarrow": False,
                    "font": {
                        "size": 13,
                        "color": colour(name, dark=dark) if at == 0 else ink.muted,
                    },
                }
            )
        axes["yaxis" + axis[1:]] = {
            "domain": [max(0.0, 1 - (top + PANEL) / inner), 1 - top / inner],
            "range": [LOW, HIGH],
            "tickvals": [0, 0.5, 1],
            "ticktext": ["0", "0.5", "1"],
            "anchor": "x",
        }
    entries = _legend(bool(padded.any()), bool(missing.any()), per_step, dark)
    above = TITLE_SPACE + 28 + LEGEND_ROW * legend_rows([str(each.name) for each in entries])
    layout = go.Layout(
        template=template(dark),
        uirevision="outputs_by_step",
        title=heading(
            "Output after every step",
            _subtitle(not per_step and followed == int(truth[0]), probe, followed, epoch),
            dark=dark,
        ),
        height=above + inner + AXIS_SPACE,
        margin={"l": LEFT, "r": RIGHT, "t": above, "b": AXIS_SPACE},
        hovermode="x unified",
        hoversubplots="axis",
        xaxis={
            "range": [0.5, steps + 0.5],
            "tickvals": nice_ticks(1, steps),
            "showgrid": False,
            "anchor": f"y{len(names)}" if len(names) > 1 else "y",
            "title": {"text": "Step"},
            "unifiedhovertitle": {"text": "Step %{x}"},
        },
        legend=legend_below(inner, 0) | {"y": 1 + (above - TITLE_SPACE) / inner},
        annotations=labels,
        **axes,
    )
    return go.Figure([*traces, *entries], layout)


def _arrays(snapshot: Snapshot, strategy: str, probe: int) -> Arrays:
    """The true label of each step and how much it counts, as the strategy itself decides them."""
    probes, experiment = snapshot.probes, snapshot.experiment
    one = slice(probe, probe + 1)
    per_step = snapshot.experiment.per_step
    labels = np.asarray(probes.labels[one], np.int32).reshape(1, -1)
    batch = Batch(
        values=probes.values[one],
        valid=probes.valid[one],
        padded=probes.padded[one],
        labels=np.broadcast_to(labels, probes.valid[one].shape),
    )
    return arrays(
        strategy,
        batch,
        mask_value=experiment.mask_value,
        per_step=per_step,
        count_invalid=experiment.count_invalid,
    )


def _said(name, chances, counts, per_step, axis, dark) -> list[go.Scatter]:
    """The probability after every step (T,), and a ring where it is read out."""
    step = np.arange(1, len(chances) + 1)
    shade = colour(name, dark=dark)
    line = go.Scatter(
        x=step,
        y=np.asarray(chances, np.float32),
        yaxis=axis,
        name=title(name),
        mode="lines+markers" if len(step) <= 60 else "lines",
        line={"color": shade, "width": 2},
        marker={"symbol": MARKERS[name], "size": 5, "color": shade, "line": {"width": 0}},
        cliponaxis=False,
        showlegend=False,
        hovertemplate="%{y:.3f}",
    )
    if per_step:
        return [line]
    at = int(np.argmax(counts))
    ring = go.Scatter(
        x=[at + 1],
        y=[float(chances[at])],
        yaxis=axis,
        mode="markers",
        marker=_ring(dark),
        cliponaxis=False,
        showlegend=False,
        name=f"Read-out, {title(name)}",
        hoverinfo="skip",
    )
    return [line, ring]


def _truth(true, valid, counts, per_step, axis, dark) -> list[go.Scatter]:
    """A bar at 1 where the followed label is the true one and at 0 where it is not."""
    at = np.flatnonzero(valid) if per_step else np.array([int(np.argmax(counts))])
    return [
        go.Scatter(
            x=at + 1,
            y=true[at].astype(int),
            yaxis=axis,
            mode="markers",
            marker=_bar(dark, size=_bar_size(len(counts)) if per_step else 14),
            cliponaxis=False,
            showlegend=False,
            name="True label",
            hoverinfo="skip",
        )
    ]


def _bar_size(steps: int) -> float:
    return float(np.clip(240 / steps, 2, 10))


def _ring(dark: bool) -> dict:
    return {"symbol": "circle-open", "size": 13, "color": inks(dark).text, "line": {"width": 2}}


def _bar(dark: bool, *, size: float = 12) -> dict:
    shade = inks(dark).muted
    return {
        "symbol": "line-ew-open",
        "size": size,
        "color": shade,
        "line": {"width": 4, "color": shade},
    }


def _legend(padding: bool, missing: bool, per_step: bool, dark: bool) -> list[go.Scatter]:
    """Entries without data: hatches and marks mean the same in every panel."""
    entries = []
    for kind, there in (("padding", padding), ("missing", missing)):
        if there:
            (entry,) = hatched(np.ones((1, 1), bool), kind, bottom=[0], top=[0], dark=dark)
            entry.update(x=[None], y=[None])
            entries.append(entry)
    marks = [("True label", _bar(dark))]
    if not per_step:
        marks.insert(0, ("Read-out step", _ring(dark)))
    for text, marker in marks:
        entries.append(
            go.Scatter(
                x=[None], y=[None], mode="markers", marker=marker, name=text, hoverinfo="skip"
            )
        )
    return entries


def _summary(
    chances: NDArray,
    truth: NDArray,
    followed: int,
    valid: NDArray[np.bool_],
    counts: NDArray,
    per_step: bool,
) -> str:
    """What the panel comes to, (T, K) probabilities in few words."""
    if per_step:
        right = (chances.argmax(axis=1) == truth)[valid]
        return f"{right.sum()} of {right.size} valid steps right"
    at = int(np.argmax(counts))
    return f"{chances[at, followed]:.2f} at step {at + 1}"


def _subtitle(true: bool, probe: int, followed: int, epoch: int) -> str:
    what = f"Probability of {'the true ' * true}label {followed}"
    return f"{what}, test sequence {probe + 1}, epoch {epoch}"
