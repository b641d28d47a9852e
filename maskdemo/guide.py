"""Whether a setup of somebody's own needs a mask, answered by what was measured on setups like it.

A setup is the answers to the guide's questions. Each question is declared in one place, its line in
`Setup`: the page, links and the command line read `QUESTIONS`. The guidance names the measured
experiments that are like the setup, with a word for each, and sums them up in a sentence. No rule is
written here: a case has the word that its run has in the playground.

>>> mine = Setup(side="pre", ratio="4")
>>> Setup.from_params(mine.to_params()) == mine
True
>>> Setup(lengths="equal", side="pre", ratio="4").relevant == Setup(lengths="equal").relevant
True
>>> [case.title for case in cases_of(Setup(side="pre"))]
['Real speech: who is speaking?', 'Sign of the first value', 'Sign of the last value']
>>> {case.experiment.padded_length for case in cases_of(Setup(ratio="4"))} == {116, 60}
True
>>> cases_of(Setup(collides=True, labels="step"))
()
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import ceil
from typing import Any

from maskdemo.data.tasks import TASKS
from maskdemo.evidence import BASELINE, Accuracies, Verdict, mask_effect, need, over_all, verdict
from maskdemo.evidence.phrases import listed
from maskdemo.experiment import MAX_PADDED_LENGTH, Experiment
from maskdemo.scenarios import DRAWN
from maskdemo.setting_kinds import Choice, Switch, parse_leniently, setting_field, settings_of
from maskdemo.titles import Option

#: (a real step can equal the pad value, a label each step) -> the tasks that are so.
TASKS_LIKE: Mapping[tuple[bool, bool], tuple[str, ...]] = {
    (False, False): ("japanese_vowels", "first_sign", "last_sign"),
    (True, False): ("last_bit", "majority_bit"),
    (False, True): ("running_sign",),
    (True, True): (),
}
#: The share of the readings that are missing where some are.
MISSING_RATE = 0.3


def _options(**titles: str) -> dict[str, Option]:
    """Return options by name; titles: name -> title."""
    return {name: Option(title) for name, title in titles.items()}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The answer to every question. Raises `InvalidSettings` with a sentence for the first bad one."""

    # fmt: off
    lengths: str = setting_field("differ", Choice(
        "Lengths of the sequences", "", "Sequences of one length are not padded at all.",
        options=_options(differ="Differ", equal="All equal")))
    side: str = setting_field("post", Choice(
        "Padding", "", "In front is `padding=\"pre\"` in Keras. To the batch's longest: "
        "after the end, each batch with a length of its own, as `padded_batch` of `tf.data` does.",
        options=_options(post="After the end", pre="In front", longest="To the batch's longest")))
    ratio: str = setting_field("2", Choice(
        "Padded length, against the longest sequence", "", "For sequences of up to 50 steps, twice is "
        "a padded length of 100.",
        options={"1": Option("The same"), **{
            each: Option(f"{each} times") for each in ("1.5", "2", "4")}}))
    collides: bool = setting_field(False, Switch(
        "A real step can equal the pad value", "",
        "In every feature at once, such as a step of zeros where padding is zeros too."))
    labels: str = setting_field("sequence", Choice(
        "One label for", "", "With a label for each step, padded steps count neither in the loss "
        "nor in the accuracy.",
        options=_options(sequence="Each sequence", step="Each step")))
    read_out: str = setting_field("last", Choice(
        "The answer is read from", "",
        "The LSTM's last output, or the mean of its outputs (GlobalAveragePooling1D).",
        options=_options(last="The last step", mean="A mean")))
    missing: bool = setting_field(False, Switch(
        "Readings are missing inside", "",
        "Steps within a sequence that were never observed, written as the pad value."))
    # fmt: on

    def __post_init__(self) -> None:
        """Check every answer, and bring it to its normal form."""
        for name, question in QUESTIONS.items():
            object.__setattr__(self, name, question.checked(getattr(self, name)))

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the questions whose answers change anything, given the other answers.

        All but side and ratio for equal lengths, ratio for side "longest", read_out for labels "step".
        """
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
        """Return every answer as URL parameters."""
        return {name: each.format(getattr(self, name)) for name, each in QUESTIONS.items()}

    @staticmethod
    def from_params(params: Mapping[str, str]) -> Setup:
        """Return the setup of `to_params`; other keys are ignored. Raises `InvalidSettings`."""
        return Setup(
            **{name: QUESTIONS[name].parse(text) for name, text in params.items() if name in QUESTIONS}
        )

    @staticmethod
    def parse_leniently(params: Mapping[str, str]) -> tuple[Setup, tuple[str, ...]]:
        """Return the setup of all usable parameters, and a sentence for each unusable parameter."""
        answers = {name: params[name] for name in QUESTIONS if name in params}
        return parse_leniently(Setup.from_params, answers, Setup.fallback_sentence)

    def fallback_sentence(self, name: str) -> str:
        """Return `Used instead: in front.`, with the answer here to the question of this name."""
        return f"Used instead: {QUESTIONS[name].display(getattr(self, name)).lower()}."


#: Every question by its name, in the order in which they are asked.
QUESTIONS = settings_of(Setup)


@dataclass(frozen=True)
class GuideCase:
    """A case that fits a setup: the title of a task, and the experiment that pads it so."""

    title: str
    experiment: Experiment


def cases_of(setup: Setup) -> tuple[GuideCase, ...]:
    """Return a case of each task with its `collides` and `labels`; recorded too if lengths differ."""
    setup = setup.relevant
    names = TASKS_LIKE[setup.collides, setup.labels == "step"]
    # Recorded sequences have the lengths that they have.
    fitting = (name for name in names if setup.lengths == "differ" or not TASKS[name].fixed)
    return tuple(GuideCase(TASKS[name].title, _experiment(name, setup)) for name in fitting)


def guide_experiments() -> tuple[Experiment, ...]:
    """Return the experiments of all possible setups, each once."""
    asked = QUESTIONS.values()
    answers: list[Any] = [each.options if isinstance(each, Choice) else (False, True) for each in asked]
    setups = (
        Setup(**dict(zip(QUESTIONS, combination, strict=True))) for combination in product(*answers)
    )
    return tuple(dict.fromkeys(case.experiment for setup in setups for case in cases_of(setup)))


def _experiment(task: str, setup: Setup) -> Experiment:
    """Return the experiment that pads a task as a setup does. setup: of `Setup.relevant`.

    no_mask and masking_layer with pad and mask value -1; if it `collides`, held_state too, and both 0.
    Equal lengths are all the longest; padded: to longest x ratio, rounded up (side "longest": x 1).
    """
    drawn = {} if TASKS[task].fixed else DRAWN
    base = Experiment(task=task, padded_length=MAX_PADDED_LENGTH, **drawn)
    longest = base.max_length
    padded = setup.lengths == "differ" and setup.side != "longest"
    # Padding of zeros is what collides with bits; no reading of the other tasks is exactly -1.
    pad_value = 0.0 if setup.collides else -1.0
    return replace(
        base,
        min_length=base.min_length if setup.lengths == "differ" else longest,
        padded_length=ceil(longest * float(setup.ratio)) if padded else longest,
        side="pre" if setup.side == "pre" else "post",
        batches="longest" if setup.side == "longest" else "fixed",
        read_out=setup.read_out,
        pad_value=pad_value,
        mask_value=pad_value,
        missing_rate=MISSING_RATE if setup.missing else 0.0,
        # A mask from the true lengths is what tells real steps from padding of the same value.
        strategies=("no_mask", "masking_layer", *(["held_state"] if setup.collides else [])),
        # What a masked or weighted loss does: padded steps have no labels.
        count_invalid=setup.labels == "sequence",
    )


@dataclass(frozen=True)
class GuideResult:
    """One case with its accuracies.

    word: of `NEEDS`, what the run says of masking. verdict: the first by `_rank` of its own word.
    """

    case: GuideCase
    accuracies: Accuracies
    word: str
    verdict: Verdict


@dataclass(frozen=True)
class Guidance:
    """The answer to a setup.

    word: that of all cases; "depends" where they differ. sentence: in how many cases each word held.
    exceptions: a sentence that names the cases with another word than the commonest; empty where all
    have the same, or where two are commonest. recommended: the first result by `_rank`.
    """

    word: str
    sentence: str
    exceptions: str
    results: tuple[GuideResult, ...]
    recommended: GuideResult

    @property
    def strategy(self) -> str:
        """`recommended.verdict.strategy` if `recommended.word` is required or helps, else "no_mask"."""
        useful = self.recommended.word in ("required", "helps")
        return self.recommended.verdict.strategy if useful else BASELINE


def guidance_for(setup: Setup, measured: Mapping[Experiment, Accuracies]) -> Guidance | None:
    """Return the answer to a setup; None unless it has cases and all of these were measured."""
    fitting = cases_of(setup)
    if not fitting or any(case.experiment not in measured for case in fitting):
        return None
    results = tuple(_result(case, measured[case.experiment]) for case in fitting)
    words = [each.word for each in results]
    return Guidance(
        word=words[0] if len(set(words)) == 1 else "depends",
        sentence=over_all(words),
        exceptions=_exceptions(results),
        results=results,
        recommended=min(results, key=lambda each: _rank(each.word, each.verdict)),
    )


def _result(case: GuideCase, accuracies: Accuracies) -> GuideResult:
    """Return a case with its word of `need` and, of its strategies' verdicts, the first by `_rank`."""
    effects = {name: mask_effect(case.experiment, name) for name in case.experiment.strategies}
    verdicts = [verdict(accuracies, name, effect=effect) for name, effect in effects.items()]
    deciding = min(filter(None, verdicts), key=lambda each: _rank(each.word, each))
    return GuideResult(case, accuracies, need(accuracies), deciding)


def _rank(word: str, verdict: Verdict) -> tuple[int, float]:
    """Return a sort key: required, helps, not needed, undecided, other; then largest difference."""
    words = ("required", "helps", "not needed", "undecided")
    return words.index(word) if word in words else len(words), -verdict.difference.mean


def _exceptions(results: Sequence[GuideResult]) -> str:
    """Return a sentence on the cases with another word than the commonest; "" without, or if tied."""
    (commonest, count), *others = Counter(each.word for each in results).most_common()
    named = [f"{each.case.title} ({each.word})" for each in results if each.word != commonest]
    if not named or others[0][1] == count:
        return ""
    return f"The exception{'s' if len(named) > 1 else ''}: {listed(named)}."
