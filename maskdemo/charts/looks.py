"""How each strategy looks everywhere: one colour, one marker, one dash."""

from __future__ import annotations

from maskdemo.strategies import STRATEGIES

# Hues after Okabe and Ito, tuned once for white (#ffffff) and once for dark (#0e1117): at least 3:1
# against the page, and told apart under protanopia, deuteranopia and tritanopia.
COLOURS: dict[str, tuple[str, str]] = {
    "no_mask": ("#31333f", "#e6e9ef"),
    "masking_layer": ("#0157b4", "#0a7fdc"),
    "zeroed_input": ("#bc8400", "#fcb326"),
    "zeroed_state": ("#bc4b00", "#f56d05"),
    "held_state": ("#018968", "#0caf7c"),
    "last_valid_step": ("#008fe2", "#00bffd"),
    "mask_feature": ("#d9489f", "#c83a95"),
}

MARKERS: dict[str, str] = {
    "no_mask": "circle",
    "masking_layer": "square",
    "zeroed_input": "triangle-up",
    "zeroed_state": "triangle-down",
    "held_state": "diamond",
    "last_valid_step": "pentagon",
    "mask_feature": "star",
}

# Strategies often give the very same curve (a Masking layer and a held state; no mask and a zeroed
# input where the padding is zero): the later of the two has gaps through which the earlier shows.
DASHES: dict[str, str] = {
    "no_mask": "solid",
    "masking_layer": "solid",
    "zeroed_input": "8px,4px",
    "zeroed_state": "9px,3px,2px,3px",
    "held_state": "5px,5px",
    "last_valid_step": "13px,4px",
    "mask_feature": "13px,3px,3px,3px",
}


def colour(strategy: str, *, dark: bool = False, opacity: float = 1.0) -> str:
    """The strategy's colour on a light or a dark page, as hex, or as rgba if not opaque."""
    shade = COLOURS[strategy][dark]
    if opacity == 1.0:
        return shade
    red, green, blue = (int(shade[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def title(strategy: str) -> str:
    """The strategy's name for people."""
    return STRATEGIES[strategy].title
