"""What a setting is: its texts for people, its allowed values, and its form in a link.

>>> units = Number("Units", "Training", "Size of the state.", name="units", low=1, high=128)
>>> units.parse("16"), units.format(16), units.allowed
(16, '16', '1 to 128')
>>> units.checked(0.5)
Traceback (most recent call last):
...
maskdemo.errors.InvalidSettings: Units must be from 1 to 128, not '0.5'.

Each setting is described once, where it is declared; controls, the command line, links, limits and
complaints read the description. Pydantic would do half of this for a third of a second of import.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from math import inf, isfinite
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import numpy as np

from maskdemo.errors import InvalidSettings, quoted

T = TypeVar("T")
#: The length of text from which no number is read.
MAX_CHARACTERS = 40


class Titled(Protocol):
    """Something to choose, with a title for people."""

    @property
    def title(self) -> str:
        """The title."""
        ...


@dataclass(frozen=True)
class Setting(ABC):
    """The description of one setting, whose value is elsewhere.

    title, help: for people. group: the heading that it stands under. unit: what its numbers count, in
    the plural; "share" for a share of 1 that controls show in percent. name: in code, links and files.
    """

    title: str
    group: str
    help: str
    _: KW_ONLY
    unit: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        """The title and, unless "share" or part of the title, the unit: "Padded length, in steps"."""
        counts = self.unit and self.unit != "share" and self.unit not in self.title.lower()
        return f"{self.title}, in {self.unit}" if counts else self.title

    @property
    @abstractmethod
    def allowed(self) -> str:
        """The allowed values, in a few words."""

    @abstractmethod
    def checked(self, value: Any) -> Any:
        """Return the value in its normal form. Raises `InvalidSettings` where it is not allowed."""

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Return the value of a text in a link or a command. Raises `InvalidSettings` for other text.

        Whether the value is allowed, `checked` says.
        """

    def format(self, value: Any) -> str:
        """Return the value as text for a link, as `parse` reads it."""
        return str(value)

    def display(self, value: Any) -> str:
        """Return the value as text for people."""
        return self.format(value)


@dataclass(frozen=True, kw_only=True)
class Number(Setting):
    """A number from low to high, both included.

    step: of a slider. whole: whether it is an int. offered: where given, a control offers these alone,
    and not all from low to high.
    """

    low: float
    high: float
    step: float = 1
    whole: bool = True
    offered: tuple[int, ...] = ()

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest number allowed."""
        return self.low, self.high

    @property
    def allowed(self) -> str:
        """The limits as text: "1 to 128"."""
        return f"{_plainly(self.low)} to {_plainly(self.high)}"

    def checked(self, value: Any) -> int | float:
        """Return a Python or numpy number as int if `whole` (5 of 5.0), else as float.

        Raises `InvalidSettings` outside the limits and for 5.5 if `whole`, NaN, bools and text.
        """
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or value != value:
            raise self._no_number(value)
        if not self.low <= value <= self.high:
            raise InvalidSettings(
                f"{self.title} must be from {self.allowed}, not {quoted(value)}.", self.name
            )
        if self.whole and value != int(value):
            raise self._no_number(value)
        # Adding zero makes -0.0 the same setting as 0.0.
        return int(value) if self.whole else float(value) + 0.0

    def parse(self, text: str) -> int | float:
        """Return the finite number in a text, allowed or not; an int if whole (16.0) and `whole`.

        Raises `InvalidSettings` without one, and for more than `MAX_CHARACTERS`.
        """
        try:
            number = float(text) if len(text) <= MAX_CHARACTERS else inf
        except ValueError:
            number = inf
        if not isfinite(number):
            raise self._no_number(text)
        return int(number) if self.whole and number.is_integer() else number

    def format(self, value: Any) -> str:
        """Return the number with as many digits as tell it from all others."""
        return str(value) if self.whole else repr(value)

    def display(self, value: Any) -> str:
        """Return an int in full, a float with at most 6 significant digits, also a share: "0.3"."""
        return _plainly(value)

    def _no_number(self, value: Any) -> InvalidSettings:
        """Return the error for a value that is no number."""
        kind = "a whole number" if self.whole else "a number"
        return InvalidSettings(f"{self.title} must be {kind}, not {quoted(value)}.", self.name)


@dataclass(frozen=True, kw_only=True)
class Choice(Setting):
    """One of several options. options: name -> something with a title."""

    options: Mapping[str, Titled]

    @property
    def allowed(self) -> str:
        """The names of the options, with commas between them."""
        return ", ".join(self.options)

    def checked(self, value: Any) -> str:
        """Return the name of the option. Raises `InvalidSettings` for any other value."""
        # A list compares where a mapping would want a hash.
        if value not in list(self.options):
            raise InvalidSettings(
                f"{self.title} must be one of {self._titles}, not {quoted(value)}.", self.name
            )
        return value

    def display(self, value: Any) -> str:
        """Return the title of the option; a value that is none as text."""
        return self.options[value].title if value in self.options else str(value)

    @property
    def _titles(self) -> str:
        """The options' titles, with commas between them."""
        return ", ".join(each.title for each in self.options.values())

    def parse(self, text: str) -> str:
        """Return the text itself, whether or not it names an option."""
        return text


@dataclass(frozen=True, kw_only=True)
class Selection(Choice):
    """One or more of `options`, kept in their order: equal selections are equal settings.

    noun: what an option is called in a complaint.
    """

    noun: str

    def checked(self, value: Any) -> tuple[str, ...]:  # pyrefly: ignore[bad-override]
        """Return the names, each once, in the options' order.

        Raises `InvalidSettings` for all but a tuple of at least one option.
        """
        if not isinstance(value, tuple) or not value:
            raise InvalidSettings(f"Choose at least one {self.noun}.", self.name)
        unknown = [each for each in value if each not in list(self.options)]
        if unknown:
            raise InvalidSettings(
                f"There is no {self.noun} {quoted(unknown[0])}; choose among {self._titles}.", self.name
            )
        return tuple(each for each in self.options if each in value)

    def parse(self, text: str) -> tuple[str, ...]:  # pyrefly: ignore[bad-override]
        """Return the parts of a text between dots and commas, options or not; ("",) of ""."""
        return tuple(text.replace(",", ".").split("."))

    def display(self, value: Any) -> str:
        """Return the titles of the options, with commas between them."""
        return ", ".join(map(super().display, value))

    def format(self, value: Any) -> str:
        """Return the names with dots between them, which a link leaves as they are."""
        return ".".join(value)


@dataclass(frozen=True, kw_only=True)
class Switch(Setting):
    """True or false; "yes" or "no" in a link."""

    @property
    def allowed(self) -> str:
        """The words of a link: "yes or no"."""
        return "yes or no"

    def checked(self, value: Any) -> bool:
        """Return the value. Raises `InvalidSettings` unless it is True or False, so for 1 and 0 too."""
        if not isinstance(value, bool):
            raise InvalidSettings(f"{self.title} must be true or false.", self.name)
        return value

    def parse(self, text: str) -> bool:
        """Return whether the text is "yes". Raises `InvalidSettings` unless it is "yes" or "no"."""
        if text not in ("yes", "no"):
            raise InvalidSettings(
                f"{self.title} must be {self.allowed}, not {quoted(text)}.", self.name
            )
        return text == "yes"

    def format(self, value: Any) -> str:
        """Return "yes" or "no"."""
        return "yes" if value else "no"


def setting_field(default: Any, setting: Setting) -> Any:
    """Return a dataclass field with this default, for `settings_of` to find the setting in."""
    return field(default=default, metadata={"setting": setting})


def settings_of(dataclass: type) -> Mapping[str, Setting]:
    """Return name -> setting, which gets that name, of each `setting_field` of a dataclass in order."""
    described = {each.name: each.metadata["setting"] for each in fields(dataclass) if each.metadata}
    return MappingProxyType({name: replace(each, name=name) for name, each in described.items()})


def parse_leniently(
    make: Callable[[Mapping[str, str]], T],
    params: Mapping[str, str],
    fallback_sentence: Callable[[T, str], str],
) -> tuple[T, tuple[str, ...]]:
    """Return the result of `make` for the usable parameters, and a complaint for each other parameter.

    make: raises `InvalidSettings` that names the parameters at fault. The first of them that is present
    (if none is, the last parameter) is left out, and `make` is called again; without parameters it must
    succeed. fallback_sentence: of the result and a parameter's name, says what the result has instead;
    it ends the complaint.
    """
    usable, complaints = dict(params), {}
    while True:
        try:
            settings = make(usable)
        except InvalidSettings as error:
            named = [name for name in error.settings if name in usable]
            complaints[name := named[0] if named else list(usable)[-1]] = str(error)
            usable.pop(name)
        else:
            return settings, tuple(
                f"{each} {fallback_sentence(settings, name)}" for name, each in complaints.items()
            )


def _plainly(number: float) -> str:
    """Return an int as text, in full; a float with at most 6 digits, as by `:g`."""
    return str(number) if isinstance(number, int) else f"{number:g}"
