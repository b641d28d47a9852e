"""Studies worth running, each made to answer one question; the first is what a visitor meets.

A question says what to look for, never what comes out: that is for the study to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from maskdemo.experiment import Experiment
from maskdemo.study import Study, Value, default_study


@dataclass(frozen=True)
class Question:
    """A named study, and in one sentence what it asks."""

    name: str
    title: str
    asks: str
    study: Study


def _question(
    name: str,
    title: str,
    asks: str,
    vary: str,
    values: tuple[Value, ...],
    and_vary: str | None = None,
    and_values: tuple[Value, ...] = (),
    **settings: Any,
) -> Question:
    """Return the question with its study, of five repeats. settings: others than the defaults."""
    base = Experiment(repeats=5, **settings)
    study = Study(base=base, vary=vary, values=values, and_vary=and_vary, and_values=and_values)
    return Question(name, title, asks, study)


_LENGTHS = (29, 45, 60, 90, 120)

QUESTIONS: dict[str, Question] = {
    each.name: each
    for each in (
        Question(
            "padded_length",
            "How much padding?",
            "Utterances of 7 to 29 steps, first cut, then padded ever further after the end: from "
            "which length on does a mask matter?",
            default_study(),
        ),
        _question(
            "side",
            "After or in front?",
            "The same utterances padded to 80 steps on either side: does the side decide whether a "
            "mask is needed?",
            "side",
            ("post", "pre"),
            padded_length=80,
        ),
        _question(
            "pad_value",
            "Which pad value?",
            "Utterances padded to 45 steps with ever other values, which the Masking layer looks for: "
            "does it matter to any strategy what the padding is?",
            "pad_value",
            (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0),
            padded_length=45,
        ),
        _question(
            "missing",
            "How many gaps?",
            "More and more readings are lost inside the sequences and written as -1: which strategy "
            "bears gaps best?",
            "missing_rate",
            (0.0, 0.1, 0.3, 0.5, 0.7),
            task="sum_sign",
            train_size=992,
            test_size=496,
            min_length=10,
            max_length=20,
            padded_length=20,
            pad_value=-1.0,
            mask_value=-1.0,
            strategies=("no_mask", "masking_layer", "held_state", "mask_feature"),
            units=16,
            epochs=15,
        ),
        _question(
            "length_and_value",
            "Length and value at once",
            "A map of padded length and pad value: is it the amount of padding that harms, its value, "
            "or both?",
            "padded_length",
            _LENGTHS,
            "pad_value",
            (-1.0, 0.0, 1.0),
            strategies=("no_mask", "held_state"),
        ),
        _question(
            "cut",
            "Which end to cut?",
            "Utterances of 7 to 29 steps, cut ever shorter from the start or from the end: from which "
            "length on is something lost, and does the end that is cut decide?",
            "padded_length",
            (5, 10, 15, 20, 29),
            "truncating",
            ("pre", "post"),
            strategies=("no_mask", "masking_layer"),
        ),
        _question(
            "last_or_mean",
            "Last state or mean?",
            "The answer is read from the last state or from the mean of all: which of them bears long "
            "padding after the end without a mask?",
            "padded_length",
            _LENGTHS,
            "read_out",
            ("last", "mean"),
            strategies=("no_mask", "masking_layer"),
        ),
        _question(
            "published",
            "The published comparison",
            "Dwarampudi and Reddy (2019) report about 50% for an LSTM on text padded after the end "
            "and 80% in front, without a mask. Is it so for real speech too, and at which length?",
            "padded_length",
            _LENGTHS,
            "side",
            ("post", "pre"),
            strategies=("no_mask", "masking_layer"),
        ),
    )
}
OPENING = "padded_length"


def question_of(study: Study) -> Question | None:
    """Return the question whose study this is; None if no question has this study."""
    return next((each for each in QUESTIONS.values() if each.study == study), None)
