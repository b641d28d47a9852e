"""How each strategy looks everywhere: one colour, one marker, one dash, as its entry says."""

from __future__ import annotations

from maskdemo.strategies import STRATEGIES


def colour(strategy: str, *, dark: bool = False, opacity: float = 1.0) -> str:
    """The strategy's colour on a light or a dark page, as hex, or as rgba if not opaque."""
    shade = STRATEGIES[strategy].colour[dark]
    if opacity == 1.0:
        return shade
    red, green, blue = (int(shade[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def symbol(strategy: str, *, hollow: bool = False) -> str:
    """The strategy's marker, as Plotly calls it."""
    return STRATEGIES[strategy].marker + ("-open" if hollow else "")


def dash(strategy: str) -> str:
    """The dashes of the strategy's lines, as Plotly writes them."""
    return STRATEGIES[strategy].dash


def title(strategy: str) -> str:
    """The strategy's name for people."""
    return STRATEGIES[strategy].title
