"""How well each strategy does in the end, with the spread that tells an effect from luck."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskdemo.charts import template as plot
from maskdemo.charts.learning_curves import comparable_curves
from maskdemo.charts.style import colour, error_bars, marker, strategy_title
from maskdemo.charts.template import Figure, PlotlyOptions, PlotlyTrace
from maskdemo.evidence import accuracy_interval, between, percent
from maskdemo.training.snapshot import Snapshot

NUMBER_ROW = 17
AXIS_SPACE = 58


def final_accuracy(snapshot: Snapshot, *, dark: bool = False) -> Figure:
    """Draw a column per strategy: a point per repeat (see `comparable_curves`), mean, 95 % interval.

    Points are accuracies on unseen sequences after the strategy's newest epoch. With a label at each
    step, those on valid steps only stand beside them, as open markers. Above: each mean in percent.
    """
    ink = plot.inks(dark)
    names = snapshot.experiment.strategies
    both = snapshot.experiment.per_step
    traces: list[PlotlyTrace] = []
    labels: list[PlotlyOptions] = []
    epochs: set[int] = set()
    counts: set[int] = set()
    for at, name in enumerate(names):
        curves = comparable_curves(snapshot, name)
        if not curves:
            continue
        epochs.add(len(curves[0].test_accuracy))
        counts.add(len(curves))
        reported_labels = min(snapshot.reported_labels(each) for each in curves)
        reported = np.array([each.test_accuracy[-1] for each in curves])
        traces += _repeat_traces(
            name, at - 0.24 * both, reported, reported_labels, dark, both, hollow=False
        )
        shade = colour(name, dark=dark)
        labels.append(
            plot.text_note(f"<b>{reported.mean():.0%}</b>", shade, x=at, **_row_position(both))
        )
        if both:
            scored = min(each.scored for each in curves)
            valid = np.array([each.test_valid_accuracy[-1] for each in curves])
            traces += _repeat_traces(name, at + 0.24, valid, scored, dark, both, hollow=True)
            labels.append(plot.text_note(f"{valid.mean():.0%}", shade, x=at, **_row_position(0)))
    # The names of the rows of numbers, at the left edge.
    rows = (("Valid", "Reported") if both else ("Mean",)) if labels and (both or counts - {1}) else ()
    left = {"x": 0, "xref": "paper", "xanchor": "right", "xshift": -3, "size": 10}
    labels += [
        plot.text_note(text, ink.muted, **left, **_row_position(row)) for row, text in enumerate(rows)
    ]
    entries = _legend_entries(snapshot.experiment.repeats > 1, both, dark)
    size = 13 if len(names) <= 4 else 12 if len(names) == 5 else 11
    chance = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "line": plot.chance_line(dark)}
    levels = {snapshot.chance.reported, snapshot.chance.valid}
    return Figure(
        [*traces, *entries],
        plot.layout(
            "final_accuracy",
            "Accuracy on unseen sequences",
            _subtitle(epochs, counts),
            inner=plot.FINAL_ACCURACY,
            above=plot.TITLE_SPACE + 12 + NUMBER_ROW * (1 + both),
            below=AXIS_SPACE + 4 + plot.legend_height(entries),
            dark=dark,
            xaxis={
                "range": [-0.5, len(names) - 0.5],
                "tickvals": list(range(len(names))),
                "ticktext": [_wrapped(strategy_title(each)) for each in names],
                "tickfont": {"size": size, "color": ink.text},
                "tickangle": 0,
            },
            yaxis=plot.SHARES,
            legend=plot.legend_below(plot.FINAL_ACCURACY, AXIS_SPACE),
            shapes=[chance | {"y0": each, "y1": each, "layer": "below"} for each in sorted(levels)],
            annotations=labels,
        ),
    )


def _repeat_traces(
    name: str, at: float, values: NDArray, scored: int, dark: bool, both: bool, *, hollow: bool
) -> list[PlotlyTrace]:
    """Return points for the values (R,) of a strategy's repeats; if R > 1, mean and interval.

    at: the middle, points left of it if R > 1, mean right of it. scored: labels of each accuracy, for
    `accuracy_interval`. both: whether values with and without padded steps stand side by side. hollow:
    whether these are those without.
    """
    shade = colour(name, dark=dark)
    label = f"{strategy_title(name)}{', valid steps only' if hollow else ''}"
    several = len(values) > 1
    aside = (0.1 if both else 0.13) * several
    points = plot.scatter(
        x=np.full(len(values), at - aside),
        y=values,
        customdata=np.arange(1, len(values) + 1),
        mode="markers",
        marker=marker(
            name,
            dark=dark,
            hollow=hollow,
            size=7 if several else 10,
            opacity=0.7 if several and not hollow else 1,
            line={"width": 1.5 if hollow else 0, "color": shade},
        ),
        name=label,
        hovertemplate=f"{label}<br>Repeat %{{customdata}}: %{{y:.1%}}<extra></extra>",
    )
    interval = accuracy_interval(tuple(values), scored=scored)
    if not interval.bounded:
        return [points]
    summary = plot.scatter(
        x=[at + aside],
        y=[interval.mean],
        mode="markers",
        marker=_mean_mark(shade, size=10 if both else 14),
        error_y=error_bars([interval], shade),
        name=f"{label}, mean",
        hovertemplate=f"{label}<br>Mean of {len(values)} repeats: {percent(interval.mean)}"
        f"<br>95% interval: {between(interval, percent)}<extra></extra>",
    )
    return [points, summary]


def _mean_mark(shade: str, *, size: int) -> PlotlyOptions:
    """Return the marker of a mean: a short horizontal line."""
    return {"symbol": "line-ew-open", "size": size, "color": shade, "line": {"width": 3}}


def _row_position(row: int) -> PlotlyOptions:
    """Return the position of a row of numbers above the plot; row 0 is the lowest."""
    return {"y": 1, "yref": "paper", "yanchor": "bottom", "yshift": 6 + NUMBER_ROW * row}


def _legend_entries(several: bool, both: bool, dark: bool) -> list[PlotlyTrace]:
    """Return the legend's entries, chance last. several: with means. both: with valid steps only."""
    shade = plot.inks(dark).muted
    entries = [plot.legend_entry("One repeat", marker={"symbol": "circle", "size": 8, "color": shade})]
    if both:
        hollow = {"symbol": "circle-open", "size": 8, "color": shade, "line": {"width": 1.6}}
        entries.append(plot.legend_entry("Valid steps only", marker=hollow))
    if several:
        entries.append(plot.legend_entry("Mean, interval", marker=_mean_mark(shade, size=16)))
    return [*entries, plot.legend_entry("Chance", line=plot.chance_line(dark))]


def _subtitle(epochs: set[int], counts: set[int]) -> str:
    """Return "After epoch 8–9, 3 repeats, mean with 95% interval". epochs: empty until one is over."""
    if not epochs:
        return "No epoch finished yet"
    after = "–".join(str(each) for each in sorted({min(epochs), max(epochs)}))
    repeats = "–".join(str(each) for each in sorted({min(counts), max(counts)}))
    plural = "s" if counts != {1} else ""
    label = f"After epoch {after}, {repeats} repeat{plural}"
    return f"{label}, mean with 95% interval" if plural else label


def _wrapped(text: str) -> str:
    """Return the text with a <br> after each word, but a space after one of one or two letters."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) <= 2:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "<br>".join(lines)
