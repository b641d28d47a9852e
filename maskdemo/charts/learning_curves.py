"""How fast each strategy learns: accuracy or loss, epoch by epoch."""

from __future__ import annotations

from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts import template as plot
from maskdemo.charts.line_labels import (
    LABEL_SPACE,
    MAX_DIRECT_LABELS,
    LineEnd,
    end_labels,
    inner_labels,
)
from maskdemo.charts.replay import Frames, replayed_epochs
from maskdemo.charts.style import band, colour, line, marker, strategy_title
from maskdemo.charts.template import Figure, PlotlyTrace
from maskdemo.evidence.phrases import span
from maskdemo.training.snapshot import Curve, Snapshot

TITLES = {
    "test_accuracy": "Accuracy on unseen sequences, by epoch",
    "test_loss": "Loss on unseen sequences, by epoch",
    "accuracy": "Accuracy on training sequences, by epoch",
    "loss": "Loss on training sequences, by epoch",
}
#: What they are called where labels of padding count: that is no skill.
COUNTED = {
    "test_accuracy": "Accuracy on real steps, by epoch",
    "accuracy": "Training accuracy with padding, by epoch",
}
#: After a strategy's title: the names of its band, and of its line with padding counted.
BAND, REPORTED = ", lowest to highest", ", reported"
AXIS_SPACE = 46


def learning_curves(
    snapshot: Snapshot,
    *,
    metric: str = "test_accuracy",
    dark: bool = False,
    waiting: str = "Waiting for the first epoch",
) -> Figure:
    """Draw a line per strategy: the mean of its repeats, with a band from lowest to highest.

    metric: "test_accuracy", "test_loss", "accuracy" or "loss", else ValueError. Where labels of
    padded steps count, "test_accuracy" is drawn on real steps, beside the reported one as a
    thin line. Only `comparable_curves` are drawn. waiting: the text in a chart without an epoch.
    """
    if metric not in TITLES:
        raise ValueError(f"metric must be one of {', '.join(TITLES)}, not '{metric}'.")
    ink = plot.inks(dark)
    share = metric.endswith("accuracy")
    counted = snapshot.experiment.per_step and snapshot.experiment.count_invalid
    both = counted and metric == "test_accuracy"
    epochs, names = snapshot.experiment.epochs, snapshot.experiment.strategies
    direct = len(names) <= MAX_DIRECT_LABELS
    bands: list[PlotlyTrace] = []
    lines: list[PlotlyTrace] = []
    ends: list[LineEnd] = []
    repeats: set[int] = set()
    highest = 0.0
    for at, name in enumerate(names):
        curves = comparable_curves(snapshot, name)
        drawn = "test_valid_accuracy" if both else metric
        values = np.array([getattr(each, drawn) for each in curves], float)
        # An empty line keeps the strategy's place in the legend before its first epoch.
        mean = values.mean(axis=0) if values.size else np.full(1, np.nan)
        line_of_mean = _mean_trace(name, mean, values, epochs=epochs, at=at, share=share, dark=dark)
        lines.append(line_of_mean | {"showlegend": not direct})
        if not values.size:
            continue
        highest = max(highest, float(values.max()))
        repeats.add(len(curves))
        if len(curves) > 1:
            bands.append(_band_trace(name, values.min(axis=0), values.max(axis=0), dark))
        ends.append(
            LineEnd(float(mean[-1]), len(mean), strategy_title(name), colour(name, dark=dark), mean)
        )
        if both:
            reported = np.array([each.test_accuracy for each in curves], float).mean(axis=0)
            lines.append(_reported_trace(name, reported, dark))

    edge = epochs if epochs > 1 else 1.5
    top = plot.SHARE_TOP if share else _round_up(highest)
    if share:
        chance = snapshot.chance.valid if both else snapshot.chance.reported
        lines.insert(
            0,
            plot.scatter(
                x=[1, epochs] if epochs > 1 else [0.5, 1.5],
                y=[chance, chance],
                name="Chance",
                mode="lines",
                line=plot.chance_line(dark),
                showlegend=not direct,
                legendrank=2000,
                hoverinfo="skip",
            ),
        )
        if direct:
            ends.append(LineEnd(chance, edge, "Chance", ink.muted))
    shapes, labels = [], [] if direct else inner_labels(ends, pixel=top / plot.LEARNING_CURVES)
    if direct:
        shapes, labels = end_labels(ends, edge=edge, low=0, high=top, height=plot.LEARNING_CURVES)
    if not repeats:
        middle = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.75, "size": 14}
        labels.append(plot.text_note(waiting, ink.muted, **middle))
    legend = plot.legend_height(lines)
    return Figure(
        bands + lines,
        plot.layout(
            f"learning_curves {metric}",
            (COUNTED if counted else {}).get(metric, TITLES[metric]),
            _subtitle(repeats) + ". Thin: as reported, with padding" * (both and bool(repeats)),
            inner=plot.LEARNING_CURVES,
            below=AXIS_SPACE + 8 * bool(legend) + legend,
            right=LABEL_SPACE if direct else plot.RIGHT,
            dark=dark,
            hovermode="x unified",
            xaxis={
                "range": [1, epochs] if epochs > 1 else [0.5, 1.5],
                "tickvals": plot.nice_ticks(1, epochs),
                "title": {"text": "Epoch"},
                "unifiedhovertitle": {"text": "Epoch %{x}"},
            },
            yaxis=plot.SHARES if share else {"range": [0, top]},
            showlegend=not direct,
            legend=plot.legend_below(plot.LEARNING_CURVES, AXIS_SPACE + 4),
            shapes=shapes,
            annotations=labels,
        ),
    )


def comparable_curves(snapshot: Snapshot, strategy: str) -> list[Curve]:
    """Return the strategy's curves with as many epochs as its longest, by repeat; [] if that has none.

    A repeat that is behind another is left out: a mean over different repeats at different epochs
    would show a step where one of them ends, which no network made.
    """
    curves = [each for each in snapshot.curves if each.strategy == strategy]
    longest = max((len(each.test_accuracy) for each in curves), default=0)
    return [each for each in curves if longest and len(each.test_accuracy) == longest]


def curves_frames(snapshot: Snapshot) -> Frames:
    """Return frames at `replayed_epochs` that cut lines and bands of `learning_curves`, any metric."""
    names = [strategy_title(each) for each in snapshot.experiment.strategies]
    cut = [name + suffix for name in names for suffix in ("", BAND, REPORTED)]
    return Frames(replayed_epochs(snapshot), cut=cut)


def _reported_trace(name: str, mean: NDArray, dark: bool) -> PlotlyTrace:
    """Return the thin line of the accuracy with padding counted; mean: (E,)."""
    return plot.scatter(
        x=np.arange(1, len(mean) + 1),
        y=mean,
        name=strategy_title(name) + REPORTED,
        mode="lines",
        line={"color": colour(name, dark=dark), "width": 1, "dash": "dot"},
        hovertemplate="%{y:.1%}",
    )


def _mean_trace(
    name: str, mean: NDArray, values: NDArray, *, epochs: int, at: int, share: bool, dark: bool
) -> PlotlyTrace:
    """Return a line with about 6 markers in `epochs`, at others for each `at`, and one at its end.

    mean: (E,). values: (R, E), of each repeat. epochs: those of the whole run. at: the strategy's index
    among those drawn: equal lines show both. share: whether hovering shows percent.
    """
    count = len(mean)
    stride = max(1, ceil(epochs / 6))
    sizes = [7 if (epoch - at) % stride == 0 or epoch == count - 1 else 0 for epoch in range(count)]
    digits = ".1%" if share else ".3f"
    spread = None
    hover = f"%{{y:{digits}}}"
    if len(values) > 1:
        spread = np.stack([values.min(axis=0), values.max(axis=0)], axis=1)
        hover += f" (%{{customdata[0]:{digits}}} to %{{customdata[1]:{digits}}})"
    return plot.scatter(
        x=np.arange(1, count + 1),
        y=mean,
        customdata=spread,
        name=strategy_title(name),
        mode="lines+markers",
        line=line(name, dark=dark),
        marker=marker(name, dark=dark, size=sizes, line={"width": 0}),
        hovertemplate=hover,
    )


def _band_trace(name: str, low: NDArray, high: NDArray, dark: bool) -> PlotlyTrace:
    """Return the band from the lowest to the highest repeat, (E,) each."""
    epoch = np.arange(1, len(low) + 1)
    x, y = np.concatenate([epoch, epoch[::-1]]), np.concatenate([high, low[::-1]])
    return band(name, x, y, dark=dark, name=strategy_title(name) + BAND)


def _subtitle(counts: set[int]) -> str:
    """Return the line under the title. counts: how many repeats a mean is of; empty before an epoch."""
    if not counts:
        return "No epoch finished yet"
    if counts == {1}:
        return "One repeat"
    return f"Mean of {span(min(counts), max(counts))} repeats, band from lowest to highest"


def _round_up(value: float) -> float:
    """Return the first of 1, 1.5, 2, 3, 5, 7.5 times powers of 10 that is greater; 1 for 0 or less."""
    if not value > 0 or not np.isfinite(value):
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7.5, 10, 15) if step * power > value)
