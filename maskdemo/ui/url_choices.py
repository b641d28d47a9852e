"""The choices of what to look at that a page's URL names, and the values that each may have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from maskdemo.errors import quoted
from maskdemo.inside.activations import QUANTITIES
from maskdemo.inside.leak import MAX_ADDED
from maskdemo.titles import SIDES
from maskdemo.training.probes import PROBES

#: View, gradient and scope of the inside page -> title.
VIEWS = {"gates": "Gate by gate", "compare": "Side by side", "gradient": "Gradient"}
GRADIENTS = {"inputs": "Inputs", "states": "States", "weights": "Weights"}
SCOPES = {"all": "The test set", "one": "This sequence"}
#: Page -> the choices that its URL names.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "playground": ("probe", "epoch", "added", "added_side", "weights"),
    "inside": (
        *("view", "probe", "epoch", "label", "strategy", "unit", "step", "compared", "quantity"),
        *("weights", "gradient", "scope"),
    ),
    "study": ("shown", "at"),
    "guide": (),
}
#: Choice -> its values with the settings of its page, an experiment or a study.
VALUES: Mapping[str, Callable[[Any], Collection[Any]]] = {
    "probe": lambda experiment: range(1, min(PROBES, experiment.test_size) + 1),
    "epoch": lambda experiment: range(1, experiment.epochs + 1),
    "label": lambda experiment: range(experiment.classes),
    "unit": lambda experiment: range(1, experiment.units + 1),
    "step": lambda experiment: range(1, experiment.padded_length + 1),
    "added": lambda _: range(MAX_ADDED + 1),
    "added_side": lambda _: SIDES,
    "view": lambda _: VIEWS,
    "strategy": lambda experiment: experiment.strategies,
    "compared": lambda experiment: experiment.strategies,
    "quantity": lambda _: QUANTITIES,
    "weights": lambda experiment: ("own", *experiment.strategies),
    "gradient": lambda _: GRADIENTS,
    "scope": lambda _: SCOPES,
    "shown": lambda study: study.base.strategies[1:],
    "at": lambda study: study.and_values,
}


def is_possible(name: str, text: str, settings: Any) -> bool:
    """Return whether a text is the `str` of one of `VALUES[name]`; if "compared", each dotted part."""
    texts = text.split(".") if name == "compared" else [text]
    return {*texts} <= {*map(str, VALUES[name](settings))}


def complaint(name: str, text: str, settings: Any) -> str:
    """Return the sentence that a choice cannot have this text, with the range of a number's values."""
    values, title = VALUES[name](settings), name.replace("_", " ").capitalize()
    only = f", only {values[0]} to {values[-1]}" if isinstance(values, range) else ""
    return f"{title} cannot be {quoted(text)}{only}. It is left out."
