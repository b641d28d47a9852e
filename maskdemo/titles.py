"""The titles and sentences that people read about tasks, strategies and sides.

They are apart from the code that computes, so that no precomputed result depends on a sentence
(see `maskdemo.results.digest`).
"""

from __future__ import annotations

from typing import NamedTuple


class TaskText(NamedTuple):
    """Title and summary of a task; source: of recorded data, empty for data that is drawn."""

    title: str
    summary: str
    source: str = ""


class StrategyText(NamedTuple):
    """Title and summary of a strategy; does: the summary in a few words, to follow the title."""

    title: str
    does: str
    summary: str


class Option(NamedTuple):
    """One value to choose of a setting or of a question, by its title."""

    title: str

    @property
    def phrase(self) -> str:
        """The whole title in lower case, as within a sentence: "after the end"."""
        return self.title.lower()


SIDES = {"post": Option("After the end"), "pre": Option("In front")}
BATCHES = {
    "fixed": Option("The padded length"),
    "longest": Option("Its longest"),
    "bucketed": Option("Its longest, like lengths together"),
}
READ_OUTS = {"last": Option("The last state"), "mean": Option("The mean of the states")}
CUT_ENDS = {"pre": Option("From the start"), "post": Option("From the end")}

TASK_TEXTS = {
    "japanese_vowels": TaskText(
        "Real speech: who is speaking?",
        "Utterances of 7 to 29 steps by nine speakers (Kudo et al. 1999). Name the speaker.",
        'Japanese Vowels: M. Kudo, J. Toyama and M. Shimbo, "Multidimensional Curve '
        'Classification Using Passing-Through Regions", Pattern Recognition Letters 20 (1999) '
        "1103-1111, from the UCI Machine Learning Repository, licensed under CC BY 4.0. The "
        "original split into training and test; only the format was changed.",
    ),
    "first_sign": TaskText(
        "Sign of the first value",
        "Is the first value of the first feature positive? It must be remembered to the end.",
    ),
    "last_sign": TaskText(
        "Sign of the last value",
        "Is the last real value of the first feature positive? Nothing else matters.",
    ),
    "sum_sign": TaskText(
        "Sign of the sum",
        "Is the sum of the first feature over the whole sequence positive?",
    ),
    "last_bit": TaskText(
        "Last bit",
        "A sequence of zeros and ones; the label is its last bit. Real zeros look like padding.",
    ),
    "majority_bit": TaskText(
        "Majority of bits",
        "A sequence of zeros and ones; are there more ones? Real zeros look like padding.",
    ),
    "running_sign": TaskText(
        "Sign of the running sum",
        "One label a step: is the sum of the first feature so far positive?",
    ),
    "random_labels": TaskText(
        "The article's data: random labels",
        "Random values with random labels. There is nothing to learn.",
    ),
}

STRATEGY_TEXTS = {
    "no_mask": StrategyText(
        "No mask",
        "reads padding like data",
        "The LSTM reads the padding like any other step and answers after the last one.",
    ),
    "masking_layer": StrategyText(
        "Masking layer",
        "skips steps of the mask value",
        "keras.layers.Masking: the state is held wherever all features equal the mask value, real "
        "readings included.",
    ),
    "zeroed_input": StrategyText(
        "Zeroed input",
        "reads padding as zeros",
        "The input is multiplied by the mask, but the state still moves on at every step (the "
        "article's Example 3 as written).",
    ),
    "zeroed_state": StrategyText(
        "Zeroed state",
        "forgets all at padding",
        "Input and state are set to zero at invalid steps, which erases what was read before.",
    ),
    "held_state": StrategyText(
        "Held state",
        "skips padding, by true lengths",
        "A mask from the true lengths: the state waits, unchanged, through every invalid step (the "
        "article's Example 3 mended).",
    ),
    "last_valid_step": StrategyText(
        "Masked read-out",
        "answers from real steps",
        "No mask within the LSTM: the answer is taken after the last valid step instead of at the end, "
        "or from the mean of the states after the valid steps.",
    ),
    "mask_feature": StrategyText(
        "Mask as a feature",
        "is told what is padding",
        "The mask is one more input channel, so the LSTM can learn to ignore padding (Lipton et al. "
        "2016).",
    ),
    "forward_fill": StrategyText(
        "Forward fill",
        "repeats the last reading",
        "The last valid reading is repeated through gaps and padding, and the state moves on.",
    ),
}
