"""Named experiments, each made to show one thing; the first is what a visitor meets.

`look_for` says where to look, never what comes out: that is for the run to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from maskdemo.experiment import Experiment


@dataclass(frozen=True)
class Scenario:
    """A named experiment and one sentence on what to look for in it.

    asks: the name of the rule in `maskdemo.evidence.scenario_headline` that answers that sentence; if
    "", the answer is whether masking is required. about: what the networks are to know: "the speaker".
    """

    name: str
    title: str
    look_for: str
    experiment: Experiment
    asks: str = ""
    about: str = ""


def _scenario(
    name: str, title: str, look_for: str, *, asks: str = "", about: str = "", **settings: Any
) -> Scenario:
    """Return a scenario; settings: those of its experiment, the others have their defaults."""
    experiment = Experiment(**settings)
    return Scenario(name, title, look_for, experiment, asks, about)


#: Sizes of tasks that are drawn.
SYNTHETIC: dict[str, Any] = {
    "train_size": 992,
    "test_size": 496,
    "units": 16,
    "epochs": 15,
    "repeats": 5,
}
#: Settings of a task whose drawn sequences have 5 to 15 steps.
DRAWN: dict[str, Any] = {"min_length": 5, "max_length": 15, **SYNTHETIC}
#: What all scenarios on the last value of a sequence have in common.
_LAST_VALUE: dict[str, Any] = {"task": "last_sign", "padded_length": 60, **DRAWN}

_LABEL_PER_STEP: dict[str, Any] = {
    "task": "running_sign",
    "padded_length": 60,
    "strategies": ("no_mask", "held_state"),
    **DRAWN,
}
#: What all scenarios on recorded speech have in common.
_SPEECH: dict[str, Any] = {"task": "japanese_vowels", "units": 32, "epochs": 20, "repeats": 5}

SCENARIOS: dict[str, Scenario] = {
    each.name: each
    for each in (
        _scenario(
            "real_speech",
            "Real speech",
            "Utterances of 7 to 29 steps, padded to 80: does the network still know the speaker "
            "after 51 or more steps of padding?",
            asks="still_known",
            about="the speaker",
            padded_length=80,
            strategies=("no_mask", "masking_layer", "last_valid_step", "mask_feature"),
            **_SPEECH,
        ),
        _scenario(
            "fixed_length",
            "Fixed length",
            "Example 1 of the article: all sequences have 10 steps, so there is nothing to mask. "
            "Do the strategies differ at all?",
            asks="identical",
            task="sum_sign",
            min_length=10,
            max_length=10,
            padded_length=10,
            strategies=("no_mask", "masking_layer", "held_state"),
            **SYNTHETIC,
        ),
        _scenario(
            "masking_layer",
            "Short padding",
            "Example 2 of the article: lengths 1 to 10, zeros after the end, a Masking layer. How "
            "much does the layer change when the padding is short?",
            asks="each",
            task="sum_sign",
            min_length=1,
            max_length=10,
            padded_length=10,
            strategies=("no_mask", "masking_layer"),
            **SYNTHETIC,
        ),
        _scenario(
            "manual_mask",
            "Masking by hand",
            "Example 3 of the article as written (zeroed input), as its text says (zeroed state) "
            "and mended (held state). Compare each with no mask at all.",
            asks="each",
            task="last_sign",
            padded_length=40,
            strategies=("no_mask", "zeroed_input", "zeroed_state", "held_state"),
            **DRAWN,
        ),
        _scenario(
            "long_post_padding",
            "Long padding",
            "Sequences of 5 to 15 steps padded to 60: which strategies still know the last value?",
            asks="still_known",
            about="the last value",
            strategies=("no_mask", "masking_layer", "last_valid_step", "mask_feature"),
            **_LAST_VALUE,
        ),
        _scenario(
            "pre_padding",
            "Padding in front",
            "The same sequences with all padding in front: is a mask still needed?",
            side="pre",
            strategies=("no_mask", "masking_layer", "held_state", "mask_feature"),
            **_LAST_VALUE,
        ),
        _scenario(
            "real_zeros",
            "Real zeros masked",
            "Bits, padded and masked with 0: the Masking layer cannot tell a real 0 from padding. "
            "A mask from the true lengths can.",
            asks="true_lengths",
            task="last_bit",
            padded_length=20,
            strategies=("no_mask", "masking_layer", "held_state"),
            **DRAWN,
        ),
        _scenario(
            "missing_readings",
            "Missing readings",
            "Three in ten readings are lost and written as -1. Masks serve gaps as well as padding: "
            "which strategy copes best?",
            asks="best",
            task="sum_sign",
            min_length=10,
            max_length=20,
            padded_length=20,
            pad_value=-1.0,
            mask_value=-1.0,
            missing_rate=0.3,
            strategies=("no_mask", "masking_layer", "held_state", "mask_feature"),
            **SYNTHETIC,
        ),
        _scenario(
            "inflated_accuracy",
            "Inflated accuracy",
            "A label at each step, padding counted: compare the reported accuracy with the accuracy "
            "on real steps. Then count only real steps.",
            asks="reported",
            **_LABEL_PER_STEP,
        ),
        _scenario(
            "real_steps_only",
            "Real steps only",
            "The same labels and padding, but padded steps count neither in the loss nor in the "
            "accuracy: does the reported accuracy still differ from that on real steps?",
            asks="reported",
            count_invalid=False,
            **_LABEL_PER_STEP,
        ),
        _scenario(
            "cut_to_fit",
            "Cut to fit",
            "The utterances of real speech, made 15 steps long: longer ones lose their start, shorter "
            "ones are padded. Is a mask still needed?",
            padded_length=15,
            strategies=("no_mask", "masking_layer", "last_valid_step"),
            **_SPEECH,
        ),
        _scenario(
            "filled_gaps",
            "Filled gaps",
            "Half of the readings of real speech are lost. Repeat the last reading, or mask the gaps: "
            "which strategy copes best?",
            asks="best",
            padded_length=40,
            missing_rate=0.5,
            strategies=("no_mask", "masking_layer", "mask_feature", "forward_fill"),
            **_SPEECH,
        ),
        _scenario(
            "batch_longest",
            "Batch's longest",
            "Real speech in batches of 32, each padded only to its longest utterance. Is a mask still "
            "needed where answers may depend on their neighbours in the batch?",
            padded_length=29,
            batches="longest",
            strategies=("no_mask", "masking_layer", "last_valid_step"),
            **_SPEECH,
        ),
        _scenario(
            "mean_of_states",
            "Mean of states",
            "Sequences of 5 to 15 steps padded to 60, and an answer from the mean of the states: which "
            "strategies still know the last value?",
            asks="still_known",
            about="the last value",
            read_out="mean",
            strategies=("no_mask", "masking_layer", "last_valid_step", "mask_feature"),
            **_LAST_VALUE,
        ),
        _scenario(
            "random_labels",
            "Random labels",
            "Random values with random labels, as in the article. Does any strategy beat chance on "
            "unseen sequences?",
            asks="beats_chance",
            task="random_labels",
            train_size=100,
            test_size=500,
            min_length=1,
            max_length=10,
            padded_length=10,
            strategies=("no_mask", "masking_layer", "held_state"),
            units=32,
            epochs=15,
            repeats=5,
        ),
    )
}
OPENING = "real_speech"


def scenario_of(experiment: Experiment) -> Scenario | None:
    """Return the scenario with exactly this experiment; None if there is none."""
    return next((each for each in SCENARIOS.values() if each.experiment == experiment), None)
