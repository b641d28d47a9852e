"""What each network says after every step of one sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from maskdemo.charts import looks
from maskdemo.charts.figure import Drawn, Settings, entry, scatter
from maskdemo.charts.hatch import hatch_entries
from maskdemo.charts.lines import marker, ring
from maskdemo.charts.looks import colour
from maskdemo.charts.panels import Panel, axis, hatches, note_name, stacked
from maskdemo.charts.replay import Frames, replayed_epochs
from maskdemo.charts.template import heading, inks
from maskdemo.inputs import arrays_of
from maskdemo.padding import Batch
from maskdemo.strategies import Arrays

if TYPE_CHECKING:
    from maskdemo.snapshot import Snapshot

TITLE = "Output after every step"
HEIGHT = 84
BETWEEN = 36
LOW, HIGH = -0.08, 1.08
TICKS: Settings = {"tickvals": [0, 0.5, 1], "ticktext": ["0", "0.5", "1"], "showgrid": True}


def outputs_by_step(
    snapshot: Snapshot,
    *,
    probe: int,
    epoch: int,
    label: int | None = None,
    title: str = TITLE,
    detail: str | None = None,
    dark: bool = False,
) -> go.Figure:
    """One panel a strategy: the probability of one label after every step of one sequence.

    probe: which probe, from 0. epoch: after how many epochs, from 1; a strategy that has fewer
    shows its newest. label: the label followed; by default the true one, or 1 if every step has
    its own. title, detail: for the heading; by default the detail says what is followed and where.
    """
    probes, names = snapshot.probes, snapshot.experiment.strategies
    per_step = snapshot.experiment.per_step
    truth = _arrays(snapshot, names[0], probe).targets[0]
    followed = _followed(truth, label, per_step)
    valid, padded = probes.valid[probe], probes.padded[probe]
    missing = ~valid & ~padded
    panels: list[Panel] = []
    traces: list[Drawn] = []
    for index, name in enumerate(names):
        counts = _arrays(snapshot, name, probe).weights[0]
        outputs = probes.outputs.get(name, ())
        place = min(probes.place(epoch), len(outputs) - 1)
        shown = probes.epochs[place] if place >= 0 else 0
        said: list[Drawn] = []
        summary = "No epoch yet"
        if shown:
            chances = np.asarray(outputs[place][probe])
            said = _said(name, chances[:, followed], counts, per_step, axis(index), dark)
            summary = _summary(chances, truth, followed, valid, counts, per_step)
        panel = Panel(
            looks.title(name),
            HEIGHT,
            LOW,
            HIGH,
            aside=f" (epoch {shown})" if 0 < shown < epoch else "",
            note=summary,
            colour=colour(name, dark=dark),
            ticks=TICKS,
        )
        panels.append(panel)
        traces += hatches(panel, index, padded=padded, missing=missing, dark=dark)
        traces.append(_truth(truth == followed, valid, counts, per_step, axis(index), dark))
        traces += said
    return stacked(
        panels,
        traces,
        title=title,
        detail=detail or _detail(truth, followed, per_step, probe, epoch),
        steps=len(valid),
        dark=dark,
        between=BETWEEN,
        legend=[
            *hatch_entries(padded=padded, missing=missing, dark=dark),
            *([] if per_step else [entry("Read-out step", marker=ring(inks(dark).text))]),
            entry("True label", marker=_bar(dark)),
        ],
        xaxis={"unifiedhovertitle": {"text": "Step %{x}"}},
        name="outputs_by_step",
        hovermode="x unified",
        hoversubplots="axis",
    )


def outputs_frames(snapshot: Snapshot, *, probe: int, label: int | None = None, dark: bool) -> Frames:
    """How `outputs_by_step` of a finished run moved with the epochs."""
    probes, names = snapshot.probes, snapshot.experiment.strategies
    per_step = snapshot.experiment.per_step
    truth = _arrays(snapshot, names[0], probe).targets[0]
    followed = _followed(truth, label, per_step)
    epochs = replayed_epochs(snapshot)
    heights: dict[str, NDArray] = {}
    notes: dict[str, list[str]] = {}
    for index, name in enumerate(names if epochs else ()):
        counts = _arrays(snapshot, name, probe).weights[0]
        chances = np.stack([probes.outputs[name][probes.place(each)][probe] for each in epochs])
        heights[looks.title(name)] = chances[:, :, followed]
        if not per_step:
            at = int(np.argmax(counts))
            heights[_read_out_name(name)] = chances[:, at : at + 1, followed]
        notes[note_name(index)] = [
            _summary(each, truth, followed, probes.valid[probe], counts, per_step) for each in chances
        ]
    titles = []
    for epoch in epochs:
        detail = _detail(truth, followed, per_step, probe, epoch)
        titles.append(heading(TITLE, detail, dark=dark)["text"])
    return Frames(epochs, heights=heights, notes=notes, titles=titles)


def _followed(truth: NDArray, label: int | None, per_step: bool) -> int:
    if label is not None:
        return label
    return 1 if per_step else int(truth[0])


def _detail(truth: NDArray, followed: int, per_step: bool, probe: int, epoch: int) -> str:
    true = not per_step and followed == int(truth[0])
    what = f"Probability of {'the true ' * true}label {followed}"
    return f"{what}, test sequence {probe + 1}, epoch {epoch}"


def _read_out_name(strategy: str) -> str:
    return f"Read-out, {looks.title(strategy)}"


def _arrays(snapshot: Snapshot, strategy: str, probe: int) -> Arrays:
    """The true label of each step and how much it counts, as the strategy itself decides them."""
    probes = snapshot.probes
    one = slice(probe, probe + 1)
    labels = np.asarray(probes.labels[one], np.int32).reshape(1, -1)
    batch = Batch(
        values=probes.values[one],
        valid=probes.valid[one],
        padded=probes.padded[one],
        labels=np.broadcast_to(labels, probes.valid[one].shape),
    )
    return arrays_of(snapshot.experiment, strategy, batch)


def _said(
    name: str, chances: NDArray, counts: NDArray, per_step: bool, yaxis: str, dark: bool
) -> list[Drawn]:
    """The probability after every step (T,), and a ring where it is read out."""
    step = np.arange(1, len(chances) + 1)
    line = scatter(
        x=step,
        y=np.asarray(chances, np.float32),
        yaxis=yaxis,
        name=looks.title(name),
        mode="lines+markers" if len(step) <= 60 else "lines",
        line={"color": colour(name, dark=dark), "width": 2},
        marker=marker(name, dark=dark, size=5, line={"width": 0}),
        cliponaxis=False,
        showlegend=False,
        hovertemplate="%{y:.3f}",
    )
    if per_step:
        return [line]
    at = int(np.argmax(counts))
    read_out = scatter(
        x=[at + 1],
        y=[float(chances[at])],
        yaxis=yaxis,
        mode="markers",
        marker=ring(inks(dark).text),
        cliponaxis=False,
        showlegend=False,
        name=_read_out_name(name),
        hoverinfo="skip",
    )
    return [line, read_out]


def _truth(
    true: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    counts: NDArray,
    per_step: bool,
    yaxis: str,
    dark: bool,
) -> Drawn:
    """A bar at 1 where the followed label is the true one and at 0 where it is not, (T,) each."""
    at = np.flatnonzero(valid) if per_step else np.array([int(np.argmax(counts))])
    size = float(np.clip(240 / len(counts), 2, 10)) if per_step else 14
    return scatter(
        x=at + 1,
        y=true[at].astype(int),
        yaxis=yaxis,
        mode="markers",
        marker=_bar(dark, size=size),
        cliponaxis=False,
        showlegend=False,
        name="True label",
        hoverinfo="skip",
    )


def _bar(dark: bool, *, size: float = 12) -> Settings:
    shade = inks(dark).muted
    look = {"symbol": "line-ew-open", "size": size, "color": shade}
    return look | {"line": {"width": 4, "color": shade}}


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
