"""Experiment: the frozen, validated settings of one comparison.

>>> one = Experiment(task="last_sign", padded_length=40, strategies=("no_mask", "held_state"))
>>> Experiment.from_params(one.to_params()) == one
True
>>> Experiment(side="left")
Traceback (most recent call last):
...
ValueError: side must be one of post, pre, not 'left'.

Every setting is plain data, so an experiment is hashable and travels as JSON or in a URL. The same
experiment gives the same data, the same weights and, on one machine, the same results bit for bit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from maskdemo.padding import SIDES
from maskdemo.strategies import STRATEGIES
from maskdemo.tasks import TASKS, Task

#: What each number may be, both ends included.
LIMITS: dict[str, tuple[float, float]] = {
    "train_size": (16, 4000),
    "test_size": (16, 2000),
    "min_length": (1, 100),
    "max_length": (1, 100),
    "padded_length": (1, 200),
    "pad_value": (-1000.0, 1000.0),
    "mask_value": (-1000.0, 1000.0),
    "missing_rate": (0.0, 0.9),
    "units": (1, 128),
    "epochs": (1, 200),
    "batch_size": (1, 512),
    "learning_rate": (1e-5, 1.0),
    "repeats": (1, 20),
    "seed": (0, 2**31 - 1),
}
CHOICES: dict[str, tuple[str, ...]] = {"task": tuple(TASKS), "side": SIDES}
#: What an experiment that takes too long can be cut down by.
COSTLY = ("epochs", "repeats", "train_size", "units", "strategies", "padded_length")
#: Multiply-adds that one experiment may cost: minutes on two cores.
MOST_WORK = 6e12


class Unfit(ValueError):  # noqa: N818 - an answer to people, not a fault
    """Settings that cannot be used: a sentence for people, and which settings to give up first."""

    def __init__(self, sentence: str, *settings: str) -> None:
        super().__init__(sentence)
        self.settings = settings


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Settings of one comparison. Raises `Unfit` (a ValueError) with a sentence for the first bad one.

    Lengths are in steps, `missing_rate` is a share, `count_invalid` says whether invalid steps count
    in the loss and in the reported accuracy of a task with a label at each step. Recorded data
    dictates its own sizes and lengths: for it those settings are overwritten.
    """

    task: str = "japanese_vowels"
    train_size: int = 500
    test_size: int = 300
    min_length: int = 5
    max_length: int = 15
    padded_length: int = 60
    side: str = "post"
    pad_value: float = 0.0
    mask_value: float = 0.0
    missing_rate: float = 0.0
    strategies: tuple[str, ...] = ("no_mask", "masking_layer", "last_valid_step", "mask_feature")
    count_invalid: bool = True
    units: int = 32
    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 0.003
    repeats: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise Unfit(
                    f"{name} must be one of {', '.join(allowed)}, not {_quoted(getattr(self, name))}.",
                    name,
                )
        fixed = self.spec.fixed
        if fixed:
            for name, value in asdict(fixed).items():
                object.__setattr__(self, name, value)
        for each in fields(self):
            if each.name in LIMITS:
                self._check_number(each.name, whole=each.type == "int")
        if not isinstance(self.count_invalid, bool):
            raise Unfit("count_invalid must be true or false.", "count_invalid")
        self._check_strategies()
        if self.min_length > self.max_length:
            raise Unfit(
                f"The shortest length ({self.min_length}) must not exceed the longest "
                f"({self.max_length}).",
                "min_length",
                "max_length",
            )
        if self.padded_length < self.max_length:
            raise Unfit(
                f"The padded length ({self.padded_length}) must be at least the longest sequence "
                f"({self.max_length} steps).",
                "padded_length",
                "max_length",
            )
        if self.work > MOST_WORK:
            raise Unfit(
                "This would train for too long here. Use fewer sequences, epochs, repeats, units or "
                "strategies, or a shorter padded length.",
                *COSTLY,
            )

    def _check_number(self, name: str, *, whole: bool) -> None:
        value, (low, high) = getattr(self, name), LIMITS[name]
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        kind = "a whole number" if whole else "a number"
        if not number or value != value:
            raise Unfit(f"{name} must be {kind}, not {_quoted(value)}.", name)
        if not low <= value <= high:
            raise Unfit(f"{name} must be from {low:g} to {high:g}, not {_quoted(value)}.", name)
        if whole and value != int(value):
            raise Unfit(f"{name} must be {kind}, not {_quoted(value)}.", name)
        object.__setattr__(self, name, int(value) if whole else float(value) + 0.0)

    def _check_strategies(self) -> None:
        given = self.strategies
        if not isinstance(given, tuple) or not given:
            raise Unfit("Choose at least one strategy.", "strategies")
        unknown = [each for each in given if each not in list(STRATEGIES)]
        if unknown:
            raise Unfit(
                f"There is no strategy {_quoted(unknown[0])}; choose among {', '.join(STRATEGIES)}.",
                "strategies",
            )
        # Always in the table's order, each once: the same choice is the same experiment.
        object.__setattr__(self, "strategies", tuple(s for s in STRATEGIES if s in given))

    @property
    def work(self) -> float:
        """Multiply-adds of all trainings, an upper estimate: 3 passes over 4 gates."""
        step = 3 * 4 * self.units * (self.spec.features + 2 + self.units)
        trained = self.train_size * self.padded_length * self.epochs
        return float(step * trained * len(self.strategies) * self.repeats)

    @property
    def spec(self) -> Task:
        """The task: what there is to learn."""
        return TASKS[self.task]

    @property
    def per_step(self) -> bool:
        """Whether the task has a label at each step."""
        return self.spec.per_step

    @property
    def classes(self) -> int:
        """How many labels the task has."""
        return self.spec.classes

    def repeat_seed(self, repeat: int) -> int:
        """The seed of everything in one repeat; all strategies of the repeat share it."""
        return int(np.random.SeedSequence([self.seed, repeat]).generate_state(1)[0])

    def to_params(self) -> dict[str, str]:
        """URL parameters; settings at their defaults are left out."""
        default = Experiment(task=self.task)
        given = {
            each.name: _written(getattr(self, each.name))
            for each in fields(self)
            if getattr(self, each.name) != getattr(default, each.name)
        }
        return {"task": self.task, **given}

    @staticmethod
    def from_params(params: Mapping[str, str]) -> Experiment:
        """The experiment of `to_params`. Raises ValueError with a sentence; ignores other keys."""
        known = {each.name: str(each.type) for each in fields(Experiment)}
        return Experiment(
            **{key: _read(key, text, known[key]) for key, text in params.items() if key in known}
        )

    @staticmethod
    def salvage(params: Mapping[str, str]) -> tuple[Experiment, tuple[str, ...]]:
        """As much of the parameters as can be used, and a sentence for each that cannot."""
        usable = {each.name: params[each.name] for each in fields(Experiment) if each.name in params}
        complaints: list[str] = []
        while True:
            try:
                return Experiment.from_params(usable), tuple(dict.fromkeys(complaints))
            except Unfit as error:
                complaints.append(str(error))
                usable.pop(next(name for name in error.settings if name in usable))

    def to_json(self) -> str:
        """All settings as JSON, for files."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Experiment:
        """The experiment of `to_json`. Raises ValueError with a sentence."""
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("This is not the JSON of an experiment.") from None
        if not isinstance(given, dict):
            raise ValueError("An experiment is a JSON object of settings.")
        unknown = set(given) - {each.name for each in fields(Experiment)}
        if unknown:
            raise ValueError(f"There is no setting '{sorted(unknown)[0]}'.")
        if isinstance(given.get("strategies"), list):
            given["strategies"] = tuple(given["strategies"])
        return Experiment(**given)



def _quoted(value: Any) -> str:
    text = str(value) if not isinstance(value, int) or abs(value) < 10**12 else "so large a number"
    return f"'{text[:40]}'" if len(text) <= 40 else f"'{text[:40]}...'"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ".".join(value)
    return repr(value) if isinstance(value, float) else str(value)


def _read(name: str, text: str, kind: str) -> Any:
    if kind == "str":
        return text
    if kind == "bool":
        if text not in ("yes", "no"):
            raise Unfit(f"{name} must be yes or no, not {_quoted(text)}.", name)
        return text == "yes"
    if kind.startswith("tuple"):
        return tuple(text.split("."))
    if len(text) > 40:
        raise Unfit(f"{name} must be a number, not {_quoted(text)}.", name)
    try:
        return float(text) if kind == "float" else int(text)
    except ValueError:
        wanted = "a number" if kind == "float" else "a whole number"
        raise Unfit(f"{name} must be {wanted}, not {_quoted(text)}.", name) from None
