"""The article's claims in words of our own, and the cases in which each one is tried.

Nothing here says what comes out: `judges` reads that off what was measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from maskdemo.article import judges
from maskdemo.article.finding import Facet, Finding, Trial
from maskdemo.article.measured import Evidence
from maskdemo.experiment import Experiment
from maskdemo.scenarios import SCENARIOS

Judge = Callable[[tuple[Trial, ...], Evidence], Finding]


@dataclass(frozen=True)
class Claim:
    """A claim of the article, where it stands there, and how it is tested.

    measures: what will be measured, for people. checks: the checks of real Keras that `judge` needs
    beside the trials' experiments.
    """

    name: str
    text: str
    place: str
    measures: str
    trials: tuple[Trial, ...]
    judge: Judge
    checks: tuple[str, ...] = ()

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """What is to be trained, each once."""
        return tuple(dict.fromkeys(trial.experiment for trial in self.trials))

    def finding(self, evidence: Evidence) -> Finding | None:
        """The verdict; None until everything it needs is known."""
        known = all(each in evidence.runs for each in self.experiments)
        known = known and all(each in evidence.checks for each in self.checks)
        return self.judge(self.trials, evidence) if known else None


def _of(scenario: str, **changes: object) -> Experiment:
    return replace(SCENARIOS[scenario].experiment, **changes)  # type: ignore[arg-type]


AFTER = Facet("the padding", "comes after the end")
FRONT = Facet("the padding", "comes in front")
SHORT = Facet("the padding", "ends at the longest sequence")
LONG = Facet("the padding", "goes far beyond the longest sequence")
BESIDE = Facet("the padding", "stands beside the one step that decides")
ZEROS = Facet("the padding", "is written as zeros")
OTHER = Facet("the padding", "is written as something else than the mask value")
NO_REAL_ZEROS = Facet("no real step", "is all zeros")
REAL_ZEROS = Facet("some real step", "is all zeros")
HELD = Facet("the state", "is held at masked steps")
RESET = Facet("the state", "is set to zero at masked steps")
COMPLETE = Facet("no reading", "is missing")
MISSING_ODD = Facet("a missing reading", "is written as a value that misleads (−1)")
MISSING_MEAN = Facet("a missing reading", "is written as the data's mean (0)")
RULE = Facet("the labels", "depend on the sequences")
CHANCE = Facet("the labels", "are random")
FRONT_LAYER = Facet("a Masking layer", "comes before it")
NO_LAYER = Facet("no Masking layer", "comes before it")

_TWO = ("no_mask", "masking_layer")
_THREE = (*_TWO, "held_state")
_SHORT = _of("masking_layer", strategies=_THREE, repeats=5)
_LAST = _of("long_post_padding", strategies=_TWO, repeats=5)
_PADDED = (
    Trial("Sum of the values, 1 to 10 padded to 10", _SHORT, (AFTER, SHORT)),
    Trial("Last value, padded to 15 after the end",
          replace(_LAST, padded_length=15), (AFTER, SHORT, BESIDE)),
    Trial("Last value, padded to 100 after the end",
          replace(_LAST, padded_length=100), (AFTER, LONG, BESIDE)),
    Trial("Last value, padded to 60 in front", replace(_LAST, side="pre"), (FRONT, LONG)),
    Trial("First value, padded to 60 in front",
          replace(_LAST, side="pre", task="first_sign"), (FRONT, LONG, BESIDE)),
    Trial("Real speech, padded to 80 after the end",
          SCENARIOS["real_speech"].experiment, (AFTER, LONG)),
    Trial("Real speech, padded to 80 in front",
          _of("real_speech", side="pre", strategies=_TWO, repeats=5), (FRONT, LONG)),
)
_GAPS = _of("missing_readings", min_length=20, strategies=_TWO, repeats=8, epochs=8)
_MISSING = (
    Trial("Three in ten missing, written as −1", _GAPS, (MISSING_ODD,)),
    Trial("Three in ten missing, written as 0",
          replace(_GAPS, pad_value=0.0, mask_value=0.0), (MISSING_MEAN,)),
)
_HAND = _of("manual_mask")
_HAND_FRONT = _of("manual_mask", side="pre")

CLAIMS: dict[str, Claim] = {
    each.name: each
    for each in (
        Claim(
            "fixed_length",
            "Sequences that all have one length need no mask.",
            "Introduction and Example 1",
            "What a Masking layer adds to the accuracy on sequences of one length: complete ones, and "
            "such with missing readings.",
            (
                Trial("All 10 steps long, complete", _of("fixed_length"), (COMPLETE,)),
                *_MISSING,
            ),
            judges.needs_no_mask,
        ),
        Claim(
            "distorts",
            "Without a mask, padding changes what the network computes.",
            "Introduction",
            "How far the outputs of a network without a mask move when the same unseen sequences are "
            "given without their padding.",
            tuple(replace(each, strategy="no_mask") for each in _PADDED),
            judges.distorts,
        ),
        Claim(
            "costs_accuracy",
            "Reading the padding makes predictions worse.",
            "Introduction",
            "How much accuracy on unseen sequences a network loses that reads the padding.",
            _PADDED,
            judges.costs_accuracy,
        ),
        Claim(
            "essential",
            "With sequences of many lengths, padded to one, a mask is usually essential.",
            "Introduction and Example 2",
            "Whether, without a mask, less than half is left of what is learned above chance; and "
            "whether something else than a mask would do.",
            _PADDED,
            judges.essential,
        ),
        Claim(
            "zeroes",
            "Masking means that inputs and hidden states are zero at masked steps.",
            "Introduction",
            "Inputs and states of a real Keras LSTM at masked steps; and the accuracy of a network "
            "whose inputs and states are set to zero there, against one that holds its state.",
            (
                Trial("Last value, padded to 40 after the end", _HAND, (AFTER,), "zeroed_state"),
                Trial("Last value, padded to 40 in front", _HAND_FRONT, (FRONT,), "zeroed_state"),
            ),
            judges.zeroes,
            checks=("masked_steps",),
        ),
        Claim(
            "no_contribution",
            "Masked steps have no part in the output or in backpropagation.",
            "Introduction",
            "How far the outputs move without the masked steps, and the share of the gradient that "
            "lands on them: with the state held, and with the state set to zero.",
            tuple(
                Trial(f"{how}, padding {where}", experiment, (facet, side), strategy)
                for how, facet, strategy in (
                    ("State held", HELD, "held_state"),
                    ("State set to zero", RESET, "zeroed_state"),
                )
                for where, side, experiment in (
                    ("after the end", AFTER, _HAND),
                    ("in front", FRONT, _HAND_FRONT),
                )
            ),
            judges.no_contribution,
            checks=("masked_steps",),
        ),
        Claim(
            "finds_padding",
            "A Masking layer with mask value 0.0 finds the padding.",
            "Example 2",
            "Which padded and which real steps it masks, and what that costs against a mask from the "
            "true lengths.",
            (
                Trial("Values around 0, padding written as 0", _SHORT, (ZEROS, NO_REAL_ZEROS)),
                Trial("Bits, padding written as 0", _of("real_zeros"), (ZEROS, REAL_ZEROS)),
                Trial("Values around 0, padding written as −1",
                      replace(_SHORT, pad_value=-1.0), (OTHER, NO_REAL_ZEROS)),
            ),
            judges.finds_padding,
        ),
        Claim(
            "by_hand",
            "Multiplying the inputs by the mask, in a layer of one's own, masks the padding.",
            "Example 3",
            "Whether the outputs still change with the padding, and how the accuracy compares with no "
            "mask and with a held state.",
            (
                Trial("Padding of zeros after the end", _HAND, (AFTER, ZEROS), "zeroed_input"),
                Trial("Padding of zeros in front", _HAND_FRONT, (FRONT, ZEROS), "zeroed_input"),
                Trial("Padding of ones after the end",
                      replace(_HAND, pad_value=1.0), (AFTER, OTHER), "zeroed_input"),
            ),
            judges.masks_by_hand,
        ),
        Claim(
            "supports_masking",
            "supports_masking = True is what lets a layer of one's own receive the mask.",
            "Example 3",
            "Whether a layer receives a mask in real Keras, with the attribute True and False, with "
            "and without a Masking layer before it; and what a mask that never arrives costs.",
            (
                Trial("No Masking layer before it (Example 3)", _HAND, (NO_LAYER,), "held_state"),
                Trial("A Masking layer before it", _HAND, (FRONT_LAYER,), "held_state"),
            ),
            judges.receives_mask,
            checks=("custom_layer",),
        ),
        Claim(
            "missing",
            "Masks serve missing readings as well as padding.",
            "Introduction",
            "What a Masking layer adds to the accuracy when readings inside the sequences are missing, "
            "by the value that is written in their place.",
            _MISSING,
            judges.helps,
        ),
        Claim(
            "slower",
            "Masking has its price in computing time.",
            "Recommendations at the end",
            "Processor time of Keras's own fit with a Masking layer against that without, in turns.",
            (
                Trial("Padded to 10 steps", _SHORT,
                      (Facet("the sequences", "are padded to 10 steps"),)),
                Trial("Padded to 100 steps", _PADDED[2].experiment,
                      (Facet("the sequences", "are padded to 100 steps"),)),
            ),
            judges.slower,
            checks=("epoch_seconds",),
        ),
        Claim(
            "learns",
            "The network of Example 1 learns without any mask.",
            "Example 1",
            "Accuracy on unseen sequences of one length against chance: with the article's random "
            "labels, and with labels that follow a rule.",
            (
                Trial("Random labels, as in the article",
                      _of("random_labels", min_length=10, strategies=_TWO, repeats=5),
                      (CHANCE,), "no_mask"),
                Trial("Labels by a rule: the sign of the sum",
                      _of("fixed_length"), (RULE,), "no_mask"),
            ),
            judges.learns,
        ),
    )
}
TIMED: tuple[Experiment, ...] = CLAIMS["slower"].experiments
