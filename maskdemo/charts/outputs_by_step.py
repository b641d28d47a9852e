"""What each network says after every step of one sequence."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts import template as plot
from maskdemo.charts.panels import (
    Panel,
    axis,
    hatch,
    hatched_steps,
    note_name,
    read_out_step,
    stacked,
)
from maskdemo.charts.replay import Frames, replayed_epochs
from maskdemo.charts.style import blind_guess, blind_guess_entry, colour, marker, ring, strategy_title
from maskdemo.charts.template import Figure, PlotlyOptions, PlotlyTrace
from maskdemo.inside.flips import flips
from maskdemo.inside.inspected_sequence import true_label
from maskdemo.inside.leak import MAX_ADDED
from maskdemo.training.snapshot import Snapshot

TITLE = "Output after every step"
BETWEEN = 40
#: Pixels above the first panel for the handle on the padding, where there is one.
HANDLE_SPACE = 58
#: Before a strategy's title: the names of its traces of flips and of the read-out step.
FLIPS, READ_OUT = "Flips, ", "Read-out, "
LOW, HIGH = -0.08, 1.08
TICKS: PlotlyOptions = {"tickvals": [0, 0.5, 1], "ticktext": ["0", "0.5", "1"]}


@dataclass(frozen=True)
class _FollowedLabel:
    """The label whose probability is followed in one sequence of T steps.

    It is the true label, or 1 if each step has its own. name: the label's, escaped. truth: (T,), the
    true label of each step, the same everywhere if the sequence has only one. valid: (T,). averages:
    whether the output is read from the mean of the states so far.
    """

    label: int
    name: str
    probe: int
    truth: NDArray[np.integer]
    valid: NDArray[np.bool_]
    per_step: bool
    averages: bool

    @classmethod
    def of(cls, snapshot: Snapshot, probe: int) -> _FollowedLabel:
        """Return the followed label of a probe (from 0)."""
        probes, per_step = snapshot.probes, snapshot.experiment.per_step
        truth, valid = probes.labels[probe], probes.valid[probe]
        label = true_label(snapshot, probe)
        if not per_step:
            truth = np.full_like(truth, label)
        name = escape(snapshot.experiment.spec.label_name(label))
        return cls(label, name, probe, truth, valid, per_step, snapshot.experiment.averages)

    def detail(self, epoch: int) -> str:
        """Return the line under the chart's title: label, sequence (from 1) and epoch."""
        what = f"Probability of {'the true ' * (not self.per_step)}label {self.name}"
        what += ", of the mean so far" * self.averages
        return f"{what}, test sequence {self.probe + 1}, epoch {epoch}"

    def summary(self, chances: NDArray, read_out: int) -> str:
        """Return a panel's note: the probability, of (T, K), at the read-out step (from 0).

        With a label at each step, it is how many valid steps are predicted right.
        """
        if self.per_step:
            right = (chances.argmax(axis=1) == self.truth)[self.valid]
            return f"{right.sum()} of {right.size} valid steps right"
        return f"{chances[read_out, self.label]:.2f} at step {read_out + 1}"


def outputs_by_step(
    snapshot: Snapshot, *, probe: int, epoch: int, pullable: bool = False, dark: bool = False
) -> Figure:
    """Draw a panel per strategy: the probability of the true label after every step of a sequence.

    Where every step has a label of its own, it is that of label 1. probe: from 0. epoch: from 1; each
    strategy shows its newest kept up to that, or an empty panel. pullable: with room for padding that
    the browser adds, to `MAX_ADDED` padded steps in all, and above for the handle that does it.
    """
    probes, followed = snapshot.probes, _FollowedLabel.of(snapshot, probe)
    padded, hatches = probes.padded[probe], hatched_steps(probes.batch, probe)
    classes = snapshot.experiment.classes
    room = MAX_ADDED - int(padded.sum()) if pullable else 0
    panels: list[Panel] = []
    traces: list[PlotlyTrace] = []
    for index, name in enumerate(snapshot.experiment.strategies):
        outputs = probes.outputs.get(name, ())
        place = min(probes.index(epoch), len(outputs) - 1)
        shown = probes.epochs[place] if place >= 0 else 0
        lines: list[PlotlyTrace] = []
        summary = "No epoch yet"
        if shown:
            chances = np.asarray(outputs[place][probe])
            read_out = read_out_step(probes.read_out[name], probes.batch, probe)
            lines = _output_traces(
                name, chances, read_out, followed, len(padded) + room, axis(index), dark
            )
            summary = followed.summary(chances, read_out)
        panel = Panel(
            strategy_title(name),
            plot.OUTPUTS_PANEL,
            LOW,
            HIGH,
            aside=f" (epoch {shown})" if 0 < shown < epoch else "",
            note=summary,
            colour=colour(name, dark=dark),
            ticks=TICKS,
        )
        panels.append(panel)
        if pullable and not hatches["padding"].any():
            # Empty until padding is pulled into the sequence: what is saved then shows it.
            padding = hatch(panel, index, "padding", ~padded, dark=dark)
            traces.append(padding | {"x": [], "y": []})
        traces.append(blind_guess(classes, len(padded), yaxis=axis(index), dark=dark))
        traces += lines
    before, after = (room, 0) if snapshot.experiment.side == "pre" else (0, room)
    return stacked(
        panels,
        traces,
        title=TITLE,
        detail=followed.detail(epoch),
        steps=len(padded),
        dark=dark,
        between=BETWEEN,
        space_above=HANDLE_SPACE if pullable else 0,
        hatches=hatches,
        legend=[
            *(
                []
                if followed.per_step
                else [plot.legend_entry("Read-out step", marker=ring(plot.inks(dark).text))]
            ),
            plot.legend_entry("True label", marker=_truth_marker(dark, size=12)),
            plot.legend_entry("Output flips", marker=_flip_marker(plot.inks(dark).text, dark)),
            blind_guess_entry(classes, dark=dark),
        ],
        xaxis={
            "hoverformat": "d",
            "range": [0.5 - before, len(padded) + after + 0.5],
            "tickvals": plot.nice_ticks(1, len(padded) + after),
        },
        name="outputs_by_step",
        # A number beside each line: a box for all of them would hide the title and the read-out.
        hovermode="x",
        hoversubplots="axis",
    )


def outputs_frames(snapshot: Snapshot, *, probe: int, dark: bool) -> Frames:
    """Return the frames of `outputs_by_step`; without epochs where a run has no replay."""
    probes, epochs = snapshot.probes, replayed_epochs(snapshot)
    followed = _FollowedLabel.of(snapshot, probe)
    heights: dict[str, NDArray] = {}
    notes: dict[str, list[str]] = {}
    for index, name in enumerate(snapshot.experiment.strategies if epochs else ()):
        read_out = read_out_step(probes.read_out[name], probes.batch, probe)
        chances = np.stack([probes.outputs[name][probes.index(each)][probe] for each in epochs])
        title = strategy_title(name)
        heights[title] = chances[:, :, followed.label]
        heights[FLIPS + title] = _chances_at_flips(chances, followed.label)
        if not followed.per_step:
            heights[READ_OUT + title] = chances[:, [read_out], followed.label]
        notes[note_name(index)] = [followed.summary(each, read_out) for each in chances]
    titles = [plot.heading(TITLE, followed.detail(each), dark=dark)["text"] for each in epochs]
    return Frames(epochs, heights=heights, notes=notes, titles=titles)


def _chances_at_flips(chances: NDArray, label: int) -> NDArray[np.float32]:
    """Return the label's probability (..., T) at `flips` of the output (..., T, K), elsewhere NaN."""
    return np.where(flips(chances, label), chances[..., label], np.nan).astype(np.float32)


def _flip_marker(shade: str, dark: bool) -> PlotlyOptions:
    """Return the marker of a step at which the output flips."""
    line = {"color": shade, "width": 2}
    return {"symbol": "diamond", "size": 9, "color": plot.inks(dark).page, "line": line}


def _output_traces(
    name: str,
    outputs: NDArray,
    read_out: int,
    followed: _FollowedLabel,
    room: int,
    yaxis: str,
    dark: bool,
) -> list[PlotlyTrace]:
    """Return true label, probability by step, its flips and, unless `per_step`, the read-out's ring.

    outputs: (T, K) probabilities. read_out: from 0. room: the steps that the axis has room for.
    """
    chances = outputs[:, followed.label]
    step = np.arange(1, len(chances) + 1)
    at = np.flatnonzero(followed.valid) if followed.per_step else np.array([read_out])
    size = float(np.clip(240 / room, 2, 10)) if followed.per_step else 14.0
    truth = plot.scatter(
        x=at + 1,
        # At 1 where the followed label is the true one, at 0 where it is not.
        y=(followed.truth[at] == followed.label).astype(int),
        mode="markers",
        marker=_truth_marker(dark, size=size),
        name="True label",
        hoverinfo="skip",
        yaxis=yaxis,
    )
    line = plot.scatter(
        x=step,
        y=np.asarray(chances, np.float32),
        name=strategy_title(name),
        mode="lines+markers" if room <= 60 else "lines",
        line={"color": colour(name, dark=dark), "width": 2},
        marker=marker(name, dark=dark, size=5, line={"width": 0}),
        hovertemplate="%{y:.3f}<extra></extra>",
        yaxis=yaxis,
    )
    turned = plot.scatter(
        x=step,
        y=_chances_at_flips(outputs, followed.label),
        name=FLIPS + strategy_title(name),
        mode="markers",
        marker=_flip_marker(colour(name, dark=dark), dark),
        hoverinfo="skip",
        yaxis=yaxis,
    )
    if followed.per_step:
        return [truth, line, turned]
    circle = plot.scatter(
        x=[read_out + 1],
        y=[float(chances[read_out])],
        mode="markers",
        marker=ring(plot.inks(dark).text),
        name=READ_OUT + strategy_title(name),
        hoverinfo="skip",
        yaxis=yaxis,
    )
    return [truth, line, turned, circle]


def _truth_marker(dark: bool, *, size: float) -> PlotlyOptions:
    """Return the marker of the true label: a short thick line."""
    shade = plot.inks(dark).muted
    look = {"symbol": "line-ew-open", "size": size, "color": shade}
    return look | {"line": {"width": 4, "color": shade}}
