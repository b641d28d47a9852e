"""The article's claims in words of our own, and the cases in which each one is tried.

Nothing here says what comes out: `claim_rules` reads that off what was measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from maskdemo.article import claim_rules
from maskdemo.article.judgement import Case, CaseResult, Judgement
from maskdemo.article.measurements import Measurements
from maskdemo.experiment import Experiment
from maskdemo.scenarios import SCENARIOS

Judge = Callable[[Case, Measurements], claim_rules.Answer]


@dataclass(frozen=True)
class Claim:
    """A claim of the article, where it stands there, and how it is tested.

    measures: what is measured, for people. judge: the rule of `claim_rules`. statement: a sentence that
    is true in a case where it held. clearest: the name of the number whose largest |value| is cited.
    checks: names of checks in `keras_checks` that `judge` needs. usually: see `Judgement`.
    """

    name: str
    text: str
    place: str
    measures: str
    cases: tuple[Case, ...]
    judge: Judge
    statement: str
    clearest: str = ""
    checks: tuple[str, ...] = ()
    usually: bool = False

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """The experiments that the cases train, each once."""
        return tuple(dict.fromkeys(case.experiment for case in self.cases))

    def judgement(self, measurements: Measurements) -> Judgement | None:
        """Return the judgement over all cases; None until every case is measured."""
        trained = all(each in measurements.runs for each in self.experiments)
        checked = all(each in measurements.checks for each in self.checks)
        if not (trained and checked):
            return None
        results = tuple(CaseResult(case, *self.judge(case, measurements)) for case in self.cases)
        return Judgement(results, self.statement, self.clearest, self.usually)


def _based_on(scenario: str, **changes: Any) -> Experiment:
    """Return a scenario's experiment with some settings changed."""
    return replace(SCENARIOS[scenario].experiment, **changes)


_TWO = ("no_mask", "masking_layer")
_THREE = (*_TWO, "held_state")
_SHORT = _based_on("masking_layer", strategies=_THREE)
_LAST = _based_on("long_post_padding", strategies=_TWO)
_PADDED = (
    Case("Sum of the values, 1 to 10 padded to 10", _SHORT),
    Case("Last value, padded to 15 after the end", replace(_LAST, padded_length=15)),
    Case("Last value, padded to 100 after the end", replace(_LAST, padded_length=100)),
    Case("Last value, padded to 60 in front", replace(_LAST, side="pre")),
    Case("First value, padded to 60 in front", replace(_LAST, side="pre", task="first_sign")),
    Case("Real speech, padded to 80 after the end", SCENARIOS["real_speech"].experiment),
    Case("Real speech, padded to 80 in front", _based_on("real_speech", side="pre", strategies=_TWO)),
)
_GAPS = _based_on("missing_readings", min_length=20, strategies=_TWO, repeats=8, epochs=8)
_MISSING = (
    Case("Three in ten missing, written as −1", _GAPS),
    Case("Three in ten missing, written as 0", replace(_GAPS, pad_value=0.0, mask_value=0.0)),
)
_HAND = _based_on("manual_mask")
_HAND_FRONT = _based_on("manual_mask", side="pre")

CLAIMS: dict[str, Claim] = {
    each.name: each
    for each in (
        Claim(
            "fixed_length",
            "Sequences that all have one length need no mask.",
            "Introduction and Example 1",
            "What a Masking layer adds to the accuracy on sequences of one length: complete ones, and "
            "such with missing readings.",
            (Case("All 10 steps long, complete", _based_on("fixed_length")), *_MISSING),
            claim_rules.adds_nothing,
            "A Masking layer adds nothing to the accuracy",
            "Added by the mask",
        ),
        Claim(
            "distorts",
            "Without a mask, padding changes what the network computes.",
            "Introduction",
            "How far the outputs of a network without a mask move when the same unseen sequences are "
            "given without their padding.",
            tuple(replace(each, strategy="no_mask") for each in _PADDED),
            claim_rules.moves,
            "The padding alone moves the outputs",
            "Largest change of an output",
        ),
        Claim(
            "costs_accuracy",
            "Reading the padding makes predictions worse.",
            "Introduction",
            "How much accuracy on unseen sequences a network loses that reads the padding.",
            _PADDED,
            claim_rules.adds,
            "Reading the padding loses accuracy",
            "Added by the mask",
        ),
        Claim(
            "essential",
            "With sequences of many lengths, padded to one, a mask is usually essential.",
            "Introduction and Example 2",
            "Whether, without a mask, less than half is left of what is learned above chance; and "
            "whether something else than a mask would do.",
            _PADDED,
            claim_rules.is_required,
            "Without a mask less than half of what can be learned is learned",
            usually=True,
        ),
        Claim(
            "zeroes",
            "Masking means that inputs and hidden states are zero at masked steps.",
            "Introduction",
            "Inputs and states of a real Keras LSTM at masked steps; and the accuracy of a network "
            "whose inputs and states are set to zero there, against one that holds its state.",
            (
                Case("Last value, padded to 40 after the end", _HAND, "zeroed_state"),
                Case("Last value, padded to 40 in front", _HAND_FRONT, "zeroed_state"),
            ),
            claim_rules.state_is_zero,
            "Keras feeds zeros at masked steps, and the state that it keeps is zero",
            "Accuracy, state set to zero against held",
            checks=("masked_steps",),
        ),
        Claim(
            "no_contribution",
            "Masked steps have no part in the output or in backpropagation.",
            "Introduction",
            "How far the outputs move without the masked steps, and the share of the gradient that "
            "lands on them: with the state held, and with the state set to zero.",
            (
                Case("State held, padding after the end", _HAND, "held_state"),
                Case("State held, padding in front", _HAND_FRONT, "held_state"),
                Case("State set to zero, padding after the end", _HAND, "zeroed_state"),
                Case("State set to zero, padding in front", _HAND_FRONT, "zeroed_state"),
            ),
            claim_rules.has_no_part,
            "Outputs and gradients are free of the masked steps",
            checks=("masked_steps",),
        ),
        Claim(
            "finds_padding",
            "A Masking layer with mask value 0.0 finds the padding.",
            "Example 2",
            "Which padded and which real steps it masks, and what that costs against a mask from the "
            "true lengths.",
            (
                Case("Values around 0, padding written as 0", _SHORT),
                Case("Bits, padding written as 0", _based_on("real_zeros")),
                Case("Values around 0, padding written as −1", replace(_SHORT, pad_value=-1.0)),
            ),
            claim_rules.mask_matches_padding,
            "All padded steps are masked and no real one is",
            "Accuracy against a mask from the true lengths",
        ),
        Claim(
            "by_hand",
            "Multiplying the inputs by the mask, in a layer of one's own, masks the padding.",
            "Example 3",
            "Whether the outputs still change with the padding, and how the accuracy compares with no "
            "mask and with a held state.",
            (
                Case("Padding of zeros after the end", _HAND, "zeroed_input"),
                Case("Padding of zeros in front", _HAND_FRONT, "zeroed_input"),
                Case("Padding of ones after the end", replace(_HAND, pad_value=1.0), "zeroed_input"),
            ),
            claim_rules.masks_by_hand,
            "With the inputs zeroed the outputs are free of the padding",
            "Accuracy against a held state",
        ),
        Claim(
            "supports_masking",
            "supports_masking = True is what lets a layer of one's own receive the mask.",
            "Example 3",
            "Whether a layer receives a mask in real Keras, with the attribute True and False, with "
            "and without a Masking layer before it; and what a mask that never arrives costs.",
            (
                Case("No Masking layer before it (Example 3)", _HAND, "held_state"),
                Case("A Masking layer before it", _HAND, "held_state", keras=1),
            ),
            claim_rules.receives_mask,
            "supports_masking decides whether the layer receives a mask",
            checks=("custom_layer",),
        ),
        Claim(
            "missing",
            "Masks serve missing readings as well as padding.",
            "Introduction",
            "What a Masking layer adds to the accuracy when readings inside the sequences are missing, "
            "by the value that is written in their place.",
            _MISSING,
            claim_rules.adds,
            "A Masking layer adds to the accuracy",
            "Added by the mask",
        ),
        Claim(
            "batch_longest",
            "A mask does better than padding each batch only to its longest sequence.",
            "Not in the article: what people do instead",
            "What a Masking layer adds to the accuracy where no batch is padded further than to its "
            "longest sequence, in training and for the test.",
            (
                Case("Real speech, batches of 32", _based_on("batch_longest")),
                Case(
                    "Last value, padded after the end",
                    _based_on("long_post_padding", batches="longest", strategies=_TWO),
                ),
                Case(
                    "Last value, like lengths together",
                    _based_on("long_post_padding", batches="bucketed", strategies=_TWO),
                ),
            ),
            claim_rules.adds,
            "A Masking layer adds to the accuracy",
            "Added by the mask",
        ),
        Claim(
            "slower",
            "Masking has its price in computing time.",
            "Recommendations at the end",
            "Processor time of Keras's own fit with a Masking layer against that without, in turns.",
            (Case("Padded to 10 steps", _SHORT), Case("Padded to 100 steps", _PADDED[2].experiment)),
            claim_rules.is_slower,
            "Training takes more time with a Masking layer",
            "Processor time against that without a mask",
            checks=("epoch_seconds",),
        ),
        Claim(
            "learns",
            "The network of Example 1 learns without any mask.",
            "Example 1",
            "Accuracy on unseen sequences of one length against chance: with the article's random "
            "labels, and with labels that follow a rule.",
            (
                Case(
                    "Random labels, as in the article",
                    _based_on("random_labels", min_length=10, strategies=_TWO),
                    "no_mask",
                ),
                Case("Labels by a rule: the sign of the sum", _based_on("fixed_length"), "no_mask"),
            ),
            claim_rules.beats_chance,
            "Unseen sequences are told better than by chance",
            "Accuracy above chance",
        ),
    )
}
TIMED: tuple[Experiment, ...] = CLAIMS["slower"].experiments
