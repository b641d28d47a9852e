"""What a study can vary: how a dose changes an experiment, and doses worth trying.

>>> units = VARIABLES["units"]
>>> units.setting.read("16"), units.settings(Experiment(), 16), units.at(4, 16)
(16, {'units': 16}, 'at 4 and 16 units')
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from maskdemo.errors import InvalidSettings
from maskdemo.evidence.words import listed
from maskdemo.experiment import MOST_CELLS, NUMBERS, SETTINGS, Experiment
from maskdemo.settings import Choice, Number, Setting
from maskdemo.titles import SIDES

Dose = int | float | str


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One thing to vary.

    setting: what a dose may be, and how a link writes it. title: for axes. phrase: a dose in a
    sentence, `{}` being the dose. doses: sensible ones for a base experiment. changes: the settings
    that a dose changes in it, by default the setting itself.
    """

    setting: Setting
    title: str
    phrase: str
    doses: Callable[[Experiment], tuple[Dose, ...]]
    changes: Callable[[Experiment, Dose], dict[str, Any]] | None = None

    @property
    def name(self) -> str:
        """Its name in links and commands."""
        return self.setting.name

    @property
    def unit(self) -> str:
        """What a dose counts, empty where it counts nothing."""
        return self.setting.unit

    @property
    def categorical(self) -> bool:
        """Whether the doses are words, whose order means nothing."""
        return isinstance(self.setting, Choice)

    def settings(self, base: Experiment, dose: Dose) -> dict[str, Any]:
        """The settings that a dose changes in an experiment. Raises `InvalidSettings`."""
        return self.changes(base, dose) if self.changes else {self.name: dose}

    def say(self, *doses: Dose) -> str:
        """Doses for people, as part of a sentence: "29, 60 and 120 steps"."""
        if self.categorical:
            return listed(self.phrase.format(dose) for dose in doses)
        return self.phrase.format(listed(f"{dose:g}" for dose in doses))

    def at(self, *doses: Dose) -> str:
        """Where something holds: "at 60 steps", "with post-padding"."""
        return f"{'with' if self.categorical else 'at'} {self.say(*doses)}"


#: Longest less shortest length; the middle between them stays.
SPREAD = Number(
    "Spread of the lengths",
    "Sequences",
    "Longest less shortest length.",
    name="spread",
    unit="steps",
    low=0,
    high=int(NUMBERS["max_length"].high - NUMBERS["min_length"].low),
)


def _around_the_centre(base: Experiment, spread: Dose) -> dict[str, Any]:
    if base.spec.fixed:
        raise InvalidSettings(
            "Recorded data has its own lengths: their spread cannot be varied.", "vary", "task"
        )
    low, high = NUMBERS["min_length"].limits
    shortest = (base.min_length + base.max_length - int(spread)) // 2
    longest = shortest + int(spread)
    if shortest < low or longest > min(high, base.padded_length):
        raise InvalidSettings(
            f"A spread of {spread} steps does not fit: the lengths would go from {shortest} to "
            f"{longest} steps, and the padded length is {base.padded_length}.",
            "doses",
        )
    return {"min_length": shortest, "max_length": longest}


def _padded_lengths(base: Experiment) -> tuple[Dose, ...]:
    # Evenly spaced as ratios, from no padding for the longest sequence to four times its length.
    longest = base.max_length
    room = MOST_CELLS // ((base.train_size + base.test_size) * base.spec.features)
    furthest = min(max(4 * longest, longest + 30), int(NUMBERS["padded_length"].high), room)
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
            setting=SETTINGS["padded_length"],
            title="Padded length, in steps",
            phrase="{} steps",
            doses=_padded_lengths,
        ),
        Variable(
            setting=SETTINGS["side"],
            title="Side of the padding",
            phrase="{}-padding",
            doses=lambda base: tuple(SIDES),
        ),
        Variable(
            setting=SETTINGS["pad_value"],
            title="Pad value, what is written at padded steps",
            phrase="a pad value of {}",
            doses=lambda base: (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0),
        ),
        Variable(
            setting=SPREAD,
            title="Spread of the lengths, longest less shortest, in steps",
            phrase="a spread of {} steps",
            doses=_spreads,
            changes=_around_the_centre,
        ),
        Variable(
            setting=SETTINGS["missing_rate"],
            title="Missing rate, a share of the readings",
            phrase="a missing rate of {}",
            doses=lambda base: (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9),
        ),
        Variable(
            setting=SETTINGS["units"],
            title="Units of the LSTM",
            phrase="{} units",
            doses=lambda base: (4, 16, 64),
        ),
        Variable(
            setting=SETTINGS["epochs"],
            title="Epochs of training",
            phrase="{} epochs",
            doses=lambda base: (2, 5, 10, 15, 20, 30, 40),
        ),
    )
}
