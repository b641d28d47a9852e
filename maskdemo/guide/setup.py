"""Setup: the answers to the guide's questions about somebody's own sequences and model.

>>> mine = Setup(side="pre", ratio="4")
>>> Setup.from_params(mine.to_params()) == mine
True
>>> Setup(lengths="equal", side="pre", ratio="4").relevant == Setup(lengths="equal").relevant
True

A question is declared in one place, its line in `Setup`: the page, links and the command line read
`QUESTIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from maskdemo.settings import Choice, Setting, Switch, parse_leniently


class Option(NamedTuple):
    """One answer to choose, by its title."""

    title: str


def _question(default: Any, described: Setting) -> Any:
    return field(default=default, metadata={"question": described})


def _options(**titles: str) -> dict[str, Option]:
    return {name: Option(title) for name, title in titles.items()}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The answer to every question. Raises `InvalidSettings` with a sentence for the first bad one."""

    # fmt: off
    lengths: str = _question("differ", Choice(
        "Lengths of the sequences", "", "Sequences of one length are not padded at all.",
        options=_options(differ="Differ", equal="All equal")))
    side: str = _question("post", Choice(
        "Padding", "", "In front is `padding=\"pre\"` in Keras. To the batch's longest: "
        "after the end, each batch with a length of its own, as `padded_batch` of `tf.data` does.",
        options=_options(post="After the end", pre="In front", longest="To the batch's longest")))
    ratio: str = _question("2", Choice(
        "Padded length, against the longest sequence", "", "For sequences of up to 50 steps, twice is "
        "a padded length of 100.",
        options={"1": Option("The same"), **{
            each: Option(f"{each} times") for each in ("1.5", "2", "4")}}))
    collides: bool = _question(False, Switch(
        "A real step can equal the pad value", "",
        "In every feature at once, such as a step of zeros where padding is zeros too."))
    labels: str = _question("sequence", Choice(
        "One label for", "", "With a label for each step, padded steps count neither in the loss "
        "nor in the accuracy.",
        options=_options(sequence="Each sequence", step="Each step")))
    read_out: str = _question("last", Choice(
        "The answer is read from", "",
        "The LSTM's last output, or the mean of its outputs (GlobalAveragePooling1D).",
        options=_options(last="The last step", mean="A mean")))
    missing: bool = _question(False, Switch(
        "Readings are missing inside", "",
        "Steps within a sequence that were never observed, written as the pad value."))
    # fmt: on

    def __post_init__(self) -> None:
        for name, question in QUESTIONS.items():
            object.__setattr__(self, name, question.checked(getattr(self, name)))

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the questions that matter beside the other answers."""
        padded = self.lengths == "differ"
        idle = {
            "side": not padded,
            "ratio": not padded or self.side == "longest",
            "read_out": self.labels == "step",
        }
        return tuple(name for name in QUESTIONS if not idle.get(name))

    @property
    def relevant(self) -> Setup:
        """The setup with the default answer to every question that does not matter."""
        return Setup(**{name: getattr(self, name) for name in self.asked})

    def to_params(self) -> dict[str, str]:
        """URL parameters: every answer."""
        return {name: each.format(getattr(self, name)) for name, each in QUESTIONS.items()}

    @staticmethod
    def from_params(params: Mapping[str, str]) -> Setup:
        """The setup of `to_params`; other keys are ignored. Raises `InvalidSettings`."""
        return Setup(
            **{name: QUESTIONS[name].parse(text) for name, text in params.items() if name in QUESTIONS}
        )

    @staticmethod
    def parse_leniently(params: Mapping[str, str]) -> tuple[Setup, tuple[str, ...]]:
        """The setup of all usable parameters, and a sentence for each that cannot be used."""
        given = {name: params[name] for name in QUESTIONS if name in params}
        return parse_leniently(Setup.from_params, given, Setup.used)

    def used(self, name: str) -> str:
        """What a link gets in place of an answer that cannot be used, as a sentence."""
        return f"Used instead: {QUESTIONS[name].say(getattr(self, name)).lower()}."


#: Every question by its name, in the order in which they are asked.
QUESTIONS: Mapping[str, Setting] = MappingProxyType(
    {each.name: replace(each.metadata["question"], name=each.name) for each in fields(Setup)}
)
