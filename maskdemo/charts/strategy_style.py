"""What each strategy looks like everywhere: its colour, its marker and its dashes."""

from __future__ import annotations

from dataclasses import dataclass

from maskdemo.strategies import STRATEGIES


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
