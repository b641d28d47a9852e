"""What each strategy looks like everywhere: its colour, marker, dashes, line, band and error bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from maskdemo.charts.template import PlotlyOptions, PlotlyTrace, chance_line, entry, scatter
from maskdemo.strategies import STRATEGIES

if TYPE_CHECKING:
    from maskdemo.evidence import Interval

WIDTH = 2.2


@dataclass(frozen=True)
class Style:
    """colour: on a light and on a dark page. marker, dash: as Plotly calls them."""

    colour: tuple[str, str]
    marker: str
    dash: str


# Hues after Okabe and Ito, tuned once for white (#ffffff) and once for dark (#0e1117): at least 3:1
# against the page, and told apart under protanopia, deuteranopia and tritanopia. Strategies often give
# the very same curve (a Masking layer and a held state; no mask and a zeroed input where the padding is
# zero): the dashes of the later have gaps through which the earlier shows.
STYLES = {
    "no_mask": Style(("#31333f", "#e6e9ef"), "circle", "solid"),
    "masking_layer": Style(("#0157b4", "#0a7fdc"), "square", "solid"),
    "zeroed_input": Style(("#bc8400", "#fcb326"), "triangle-up", "8px,4px"),
    "zeroed_state": Style(("#bc4b00", "#f56d05"), "triangle-down", "9px,3px,2px,3px"),
    "held_state": Style(("#018968", "#0caf7c"), "diamond", "5px,5px"),
    "last_valid_step": Style(("#008fe2", "#00bffd"), "pentagon", "13px,4px"),
    "mask_feature": Style(("#d9489f", "#c83a95"), "star", "13px,3px,3px,3px"),
    "forward_fill": Style(("#6b3a12", "#875a2d"), "hexagon", "2px,4px"),
}


def colour(strategy: str, *, dark: bool = False, opacity: float = 1.0) -> str:
    """The strategy's colour on a light or a dark page, as hex, or as rgba if not opaque."""
    shade = STYLES[strategy].colour[dark]
    if opacity == 1.0:
        return shade
    red, green, blue = (int(shade[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def symbol(strategy: str, *, hollow: bool = False) -> str:
    """The strategy's marker, as Plotly calls it."""
    return STYLES[strategy].marker + ("-open" if hollow else "")


def dash(strategy: str) -> str:
    """The dashes of the strategy's lines, as Plotly writes them."""
    return STYLES[strategy].dash


def title(strategy: str) -> str:
    """The strategy's name for people."""
    return STRATEGIES[strategy].title


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
    """Draw the probability of a label that a network which knows nothing would give, at every step."""
    return scatter(
        x=[0.5, steps + 0.5],
        y=[1 / classes, 1 / classes],
        yaxis=yaxis,
        mode="lines",
        line=_guess_line(dark),
        name=_guess_name(classes),
        showlegend=False,
        hoverinfo="skip",
    )


def guess_entry(classes: int, *, dark: bool) -> PlotlyTrace:
    """Return the legend entry of the line of `guess`."""
    return entry(_guess_name(classes), line=_guess_line(dark))


def _guess_line(dark: bool) -> PlotlyOptions:
    # Not the line of chance: that is what always giving the commonest label reaches.
    return chance_line(dark) | {"dash": "dash", "width": 1}


def _guess_name(classes: int) -> str:
    return f"Blind guess, {1 / classes:.0%}"


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
    """Return the area between two lines, as closed outlines with gaps (None) between them."""
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
