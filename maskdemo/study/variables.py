"""What a study can vary: how a dose changes an experiment, and doses worth trying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from maskdemo.evidence.words import listed
from maskdemo.experiment import NUMBERS, Experiment
from maskdemo.padding import SIDES
from maskdemo.settings import Unfit

Dose = int | float | str


@dataclass(frozen=True)
class Variable:
    """One thing to vary.

    title: for axes. unit: what a dose counts, empty where it counts nothing. doses: sensible ones for
    a base experiment. settings: what a dose changes in it. phrase: a dose in a sentence, `{}` being the
    dose. categorical: the doses are words, whose order means nothing.
    """

    name: str
    title: str
    unit: str
    phrase: str
    doses: Callable[[Experiment], tuple[Dose, ...]]
    settings: Callable[[Experiment, Dose], dict[str, Any]]
    categorical: bool = False

    def say(self, *doses: Dose) -> str:
        """Doses for people, as part of a sentence: "29, 60 and 120 steps"."""
        if self.categorical:
            return listed(self.phrase.format(dose) for dose in doses)
        return self.phrase.format(listed(f"{dose:g}" for dose in doses))

    def at(self, *doses: Dose) -> str:
        """Where something holds: "at 60 steps", "with post-padding"."""
        return f"{'with' if self.categorical else 'at'} {self.say(*doses)}"


def _setting(name: str) -> Callable[[Experiment, Dose], dict[str, Any]]:
    return lambda base, dose: {name: dose}


def _around_the_centre(base: Experiment, spread: Dose) -> dict[str, Any]:
    if base.spec.fixed:
        raise Unfit("Recorded data has its own lengths: their spread cannot be varied.", "vary", "task")
    low, high = NUMBERS["min_length"].limits
    if isinstance(spread, str) or not 0 <= spread < high or spread != int(spread):
        raise Unfit(f"A spread of lengths is a whole number from 0 to {high - low:g}.", "doses")
    shortest = (base.min_length + base.max_length - int(spread)) // 2
    longest = shortest + int(spread)
    if shortest < low or longest > min(high, base.padded_length):
        raise Unfit(
            f"A spread of {spread:g} steps does not fit: the lengths would go from {shortest} to "
            f"{longest} steps, and the padded length is {base.padded_length}.",
            "doses",
        )
    return {"min_length": shortest, "max_length": longest}


def _padded_lengths(base: Experiment) -> tuple[Dose, ...]:
    # Evenly spaced as ratios, from no padding for the longest sequence to four times its length.
    longest = base.max_length
    furthest = min(max(4 * longest, longest + 30), int(NUMBERS["padded_length"].high))
    between = np.geomspace(longest, furthest, 7)[1:]
    step = np.where(between < 60, 5, 10)
    rounded = (np.round(between / step) * step).astype(int).tolist()
    return tuple(sorted({longest, *(each for each in rounded if each > longest)}))


def _spreads(base: Experiment) -> tuple[Dose, ...]:
    centre = (base.min_length + base.max_length) // 2
    room = min(centre - 1, min(base.padded_length, int(NUMBERS["max_length"].high)) - centre)
    return tuple(sorted({2 * round(part * room / 4) for part in range(5)}))


VARIABLES: dict[str, Variable] = {
    each.name: each
    for each in (
        Variable(
            "padded_length",
            "Padded length, in steps",
            "steps",
            "{} steps",
            _padded_lengths,
            _setting("padded_length"),
        ),
        Variable(
            "side",
            "Side of the padding",
            "",
            "{}-padding",
            lambda base: tuple(SIDES),
            _setting("side"),
            categorical=True,
        ),
        Variable(
            "pad_value",
            "Pad value, what is written at padded steps",
            "",
            "a pad value of {}",
            lambda base: (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0),
            _setting("pad_value"),
        ),
        Variable(
            "spread",
            "Spread of the lengths, longest less shortest, in steps",
            "steps",
            "a spread of {} steps",
            _spreads,
            _around_the_centre,
        ),
        Variable(
            "missing_rate",
            "Missing rate, a share of the readings",
            "",
            "a missing rate of {}",
            lambda base: (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9),
            _setting("missing_rate"),
        ),
        Variable(
            "units",
            "Units of the LSTM",
            "units",
            "{} units",
            lambda base: (4, 16, 64),
            _setting("units"),
        ),
        Variable(
            "epochs",
            "Epochs of training",
            "epochs",
            "{} epochs",
            lambda base: (2, 5, 10, 15, 20, 30, 40),
            _setting("epochs"),
        ),
    )
}
