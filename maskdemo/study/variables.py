"""What a study can vary: how a value changes an experiment, and values worth trying.

>>> units = VARIABLES["units"]
>>> units.setting.parse("16"), units.settings(Experiment(), 16), units.at(4, 16)
(16, {'units': 16}, 'at 4 and 16 units')
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from maskdemo.errors import InvalidSettings, quoted
from maskdemo.evidence.phrases import listed, number
from maskdemo.experiment import MAX_CELLS, MAX_PADDED_LENGTH, NUMBERS, SETTINGS, Experiment
from maskdemo.setting_kinds import Choice, Number, Setting

Value = int | float | str
Cell = tuple[Value, ...]
#: Stands between values in a link: numbers have dots, signs and letters of their own.
BETWEEN = "_"


@dataclass(frozen=True)
class Variable:
    """A thing to vary.

    setting: what a value may be, and how a link writes it. title: for axes. phrase: a value in a
    sentence, `{}` being the value. values: worth trying, perhaps a function of the experiment; ignored
    where the setting has options. changes: the settings that a value changes in an experiment, by
    default the setting itself.
    """

    setting: Setting
    title: str
    phrase: str
    values: tuple[Value, ...] | Callable[[Experiment], tuple[Value, ...]] = ()
    changes: Callable[[Experiment, Value], dict[str, Any]] | None = None

    def usual_values(self, base: Experiment) -> tuple[Value, ...]:
        """Return values worth trying in this experiment, all options where there are such."""
        if isinstance(self.setting, Choice):
            return tuple(self.setting.options)
        return self.values(base) if callable(self.values) else self.values

    @property
    def name(self) -> str:
        """The name in links and commands."""
        return self.setting.name

    @property
    def label(self) -> str:
        """The title within a sentence."""
        return self.setting.title[0].lower() + self.setting.title[1:]

    @property
    def categorical(self) -> bool:
        """Whether the values are words, whose order means nothing."""
        return isinstance(self.setting, Choice)

    def settings(self, base: Experiment, value: Value) -> dict[str, Any]:
        """Return the settings that a value changes in an experiment. Raises `InvalidSettings`."""
        return self.changes(base, value) if self.changes else {self.name: value}

    def in_sentence(self, *values: Value) -> str:
        """Return values for people, as part of a sentence: "29, 60 and 120 steps"."""
        if self.categorical:
            return listed(self.phrase.format(value) for value in values)
        return self.phrase.format(listed(f"{value:g}" for value in values))

    def at(self, *values: Value) -> str:
        """Return `in_sentence` after "at" or, if categorical, "with": "with post-padding"."""
        return f"{'with' if self.categorical else 'at'} {self.in_sentence(*values)}"


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


def _lengths_around_mean(base: Experiment, spread: Value) -> dict[str, Any]:
    """Return min_length and max_length `spread` apart around the old mean, rounded down.

    Raises `InvalidSettings` for recorded data, and beyond min_length's limits or the padded length.
    """
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
            "values",
        )
    return {"min_length": shortest, "max_length": longest}


def _with_mask_value(base: Experiment, value: Value) -> dict[str, Any]:
    """Return settings: this pad value, and this mask value too where a Masking layer is compared."""
    # Without a Masking layer the mask value decides nothing, and equal trainings stay equal.
    masks = "masking_layer" in base.strategies
    return {"pad_value": value} | ({"mask_value": value} if masks else {})


_PAD_VALUES = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)


def _padded_lengths(base: Experiment) -> tuple[Value, ...]:
    """Return padded lengths, rising: 1/2, 3/4 and 1 times the longest length, and up to 4 times it.

    The at most 4 longer are at even ratios, rounded to 5 (from 60: 10) steps, limited by `MAX_CELLS`.
    """
    longest = base.max_length
    room = MAX_CELLS // ((base.train_size + base.test_size) * base.spec.features)
    highest = min(room, MAX_PADDED_LENGTH)
    between = np.geomspace(longest, min(max(4 * longest, longest + 30), highest), 5)[1:]
    step = np.where(between < 60, 5, 10)
    rounded = np.minimum(np.round(between / step) * step, highest).astype(int).tolist()
    coarse = 5 if longest >= 20 else 1
    shorter = {max(1, coarse * round(part * longest / coarse)) for part in (0.5, 0.75)}
    return tuple(sorted({*shorter, longest, *(each for each in rounded if each > longest)}))


def _spreads(base: Experiment) -> tuple[Value, ...]:
    """Return up to 5 even numbers, evenly from 0 to the largest for `_lengths_around_mean`."""
    centre = (base.min_length + base.max_length) // 2
    half_range = min(centre - 1, min(base.padded_length, int(NUMBERS["max_length"].high)) - centre)
    return tuple(sorted({2 * round(part * half_range / 4) for part in range(5)}))


VARIABLES: dict[str, Variable] = {
    each.name: each
    for each in (
        Variable(SETTINGS["padded_length"], "Padded length, in steps", "{} steps", _padded_lengths),
        Variable(SETTINGS["side"], "Side of the padding", "{}-padding"),
        Variable(SETTINGS["truncating"], "Truncation, where long sequences are cut", "{}-truncation"),
        Variable(SETTINGS["batches"], "What a batch is padded to", "{} batches"),
        Variable(SETTINGS["read_out"], "What the answer is read from", "the {} state as answer"),
        Variable(
            SETTINGS["pad_value"],
            "Pad value, which the mask value follows",
            "a pad value of {}",
            _PAD_VALUES,
            _with_mask_value,
        ),
        Variable(
            replace(SETTINGS["pad_value"], name="pad_value_alone"),
            "Pad value alone, with a fixed mask value",
            "a pad value of {}",
            _PAD_VALUES,
            lambda base, value: {"pad_value": value},
        ),
        Variable(
            SPREAD,
            "Spread of the lengths, longest less shortest, in steps",
            "a spread of {} steps",
            _spreads,
            _lengths_around_mean,
        ),
        Variable(
            SETTINGS["missing_rate"],
            "Missing rate, a share of the readings",
            "a missing rate of {}",
            (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9),
        ),
        Variable(SETTINGS["units"], "Units of the LSTM", "{} units", (4, 16, 64)),
        Variable(SETTINGS["epochs"], "Epochs of training", "{} epochs", (2, 5, 10, 15, 20, 30, 40)),
    )
}


def short_title(vary: str, *, unit: bool = False) -> str:
    """Return the title of `vary` up to a comma. unit: adds ", in steps" if these are its unit."""
    steps = ", in steps" if unit and VARIABLES[vary].setting.unit == "steps" else ""
    return VARIABLES[vary].title.split(",")[0] + steps


def value_text(vary: str, value: Value) -> str:
    """Return a value of `vary` for people, without unit: 4 significant digits, 3 of a percentage.

    >>> value_text("missing_rate", 0.3), value_text("side", "pre"), value_text("pad_value", -9.0)
    ('30%', 'In front', '−9')
    """
    if isinstance(value, str):
        return VARIABLES[vary].setting.display(value)
    if VARIABLES[vary].setting.unit == "share":
        return f"{number(100 * value, '.3g')}%"
    return number(value, ".4g")


def write_values(name: str, values: tuple[Value, ...]) -> str:
    """Return the text of a variable's values in a link: `30_60`. name: of the variable."""
    return BETWEEN.join(VARIABLES[name].setting.format(value) for value in values)


def read_values(name: str, texts: Sequence[str], where: str = "doses") -> tuple[Value, ...]:
    """Return the value in each text, as links and commands write it; the texts if `name` is unknown.

    where: the setting to blame where a text is no value. Raises `InvalidSettings`.
    """
    if name not in VARIABLES:
        return tuple(texts)
    setting, values = VARIABLES[name].setting, []
    for text in texts:
        try:
            values.append(setting.parse(text))
        except InvalidSettings:
            raise InvalidSettings(
                f"{quoted(text)} is no value of {VARIABLES[name].label}: write numbers.", where
            ) from None
    return tuple(values)


def write_repeats(varied: Sequence[str], more: Sequence[tuple[Cell, int]]) -> str:
    """Return cells and repeats as text in a link: `35x10_70x8`, with two variables `35,prex10`."""
    return BETWEEN.join(
        ",".join(VARIABLES[name].setting.format(each) for name, each in zip(varied, cell, strict=True))
        + f"x{count}"
        for cell, count in more
    )


def read_repeats(varied: Sequence[str], text: str) -> tuple[tuple[Cell, int], ...]:
    """Return the cells and repeats of `write_repeats`. Raises `InvalidSettings`."""
    result = []
    for each in text.split(BETWEEN) if text else ():
        cell, _, count = each.rpartition("x")
        try:
            named = zip(varied, cell.split(","), strict=True)
            values = tuple(read_values(name, [value], "more")[0] for name, value in named)
            result.append((values, int(count)))
        except ValueError:
            raise InvalidSettings(
                f"{quoted(each)} is no value with its repeats: write them as in 35x10.", "more"
            ) from None
    return tuple(result)
