"""How a strategy's line and marks are drawn, the same in every figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from maskdemo.charts.figure import PlotlyOptions, PlotlyTrace, entry, scatter
from maskdemo.charts.strategy_style import colour, dash, symbol, title
from maskdemo.charts.template import chance_line

if TYPE_CHECKING:
    from maskdemo.evidence import Interval

WIDTH = 2.2


def line(strategy: str, *, dark: bool, width: float = WIDTH) -> PlotlyOptions:
    """The strategy's line, with the dashes by which equal lines show both."""
    return {"color": colour(strategy, dark=dark), "width": width, "dash": dash(strategy)}


def marker(strategy: str, *, dark: bool, hollow: bool = False, **settings: Any) -> PlotlyOptions:
    """The strategy's mark. settings: Plotly's, such as size."""
    return {"symbol": symbol(strategy, hollow=hollow), "color": colour(strategy, dark=dark)} | settings


def strategy_entry(strategy: str, *, dark: bool) -> PlotlyTrace:
    """The strategy's legend entry, where its name stands at no line's end."""
    marks = marker(strategy, dark=dark, size=7)
    return entry(title(strategy), line=line(strategy, dark=dark), marker=marks)


def guess(classes: int, steps: int, *, yaxis: str, dark: bool) -> PlotlyTrace:
    """What a network that knows nothing would say of one label, at every step."""
    return scatter(
        x=[0.5, steps + 0.5],
        y=[1 / classes, 1 / classes],
        yaxis=yaxis,
        mode="lines",
        line=chance_line(dark),
        name=_guess_name(classes),
        showlegend=False,
        hoverinfo="skip",
    )


def guess_entry(classes: int, *, dark: bool) -> PlotlyTrace:
    """That line in a legend."""
    return entry(_guess_name(classes), line=chance_line(dark))


def _guess_name(classes: int) -> str:
    return f"Guess, 1 in {classes}"


def ring(shade: str) -> PlotlyOptions:
    """The mark around the step that is read out."""
    return {"symbol": "circle-open", "size": 13, "color": shade, "line": {"width": 2}}


def band(
    strategy: str,
    x: Sequence[float | None] | NDArray,
    y: Sequence[float | None] | NDArray,
    *,
    dark: bool,
    name: str,
) -> PlotlyTrace:
    """The ground between two lines, as closed outlines with gaps (None) between them."""
    return scatter(
        x=x,
        y=y,
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=colour(strategy, dark=dark, opacity=0.22 if dark else 0.15),
        showlegend=False,
        name=name,
        hoverinfo="skip",
    )


def error_bars(intervals: Sequence[Interval], shade: str, *, scale: float = 1.0) -> PlotlyOptions:
    """Bars from each mean to its limits, `scale` times as long; none where a single repeat has none."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [scale * (each.high - each.mean) if each.bounded else 0 for each in intervals],
        "arrayminus": [scale * (each.mean - each.low) if each.bounded else 0 for each in intervals],
        "color": shade,
        "thickness": 1.5,
        "width": 0,
    }
