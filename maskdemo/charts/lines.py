"""How a strategy's line and marks are drawn, the same in every figure."""

from __future__ import annotations

from typing import Any

from maskdemo.charts.figure import Drawn, Settings, entry
from maskdemo.charts.looks import colour, dash, symbol, title

WIDTH = 2.2


def line(strategy: str, *, dark: bool, width: float = WIDTH) -> Settings:
    """The strategy's line, with the dashes by which equal lines show both."""
    return {"color": colour(strategy, dark=dark), "width": width, "dash": dash(strategy)}


def marker(strategy: str, *, dark: bool, hollow: bool = False, **settings: Any) -> Settings:
    """The strategy's mark. settings: Plotly's, such as size."""
    return {"symbol": symbol(strategy, hollow=hollow), "color": colour(strategy, dark=dark)} | settings


def strategy_entry(strategy: str, *, dark: bool) -> Drawn:
    """The strategy's legend entry, where its name stands at no line's end."""
    marks = marker(strategy, dark=dark, size=7)
    return entry(title(strategy), line=line(strategy, dark=dark), marker=marks)


def ring(shade: str) -> Settings:
    """The mark around the step that is read out."""
    return {"symbol": "circle-open", "size": 13, "color": shade, "line": {"width": 2}}
