"""What a mask does where its name says something else: told from the data, and true of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from maskdemo.data.inputs import inputs
from maskdemo.evidence import headline, mask_effect, verdicts
from maskdemo.strategies import STRATEGIES, arrays
from maskdemo.training.snapshot import Curve, Snapshot
from tests.samples import made_up, small

LAYER = "masking_layer"
BROKEN = "masks nothing: the mask value is 0, the padding −1"


@pytest.mark.parametrize(
    ("settings", "note"),
    [
        ({"pad_value": -1.0}, BROKEN),
        ({"pad_value": -1.0, "mask_value": -1.0}, ""),
        ({}, ""),
        # Gaps alone, padding alone, both and neither.
        ({"pad_value": -1.0, "missing_rate": 0.3, "min_length": 16, "max_length": 16},
         "masks nothing: the mask value is 0, the gaps −1"),
        ({"pad_value": -1.0, "missing_rate": 0.3},
         "masks nothing: the mask value is 0, the padding and the gaps −1"),
        ({"pad_value": -1.0, "min_length": 16, "max_length": 16},
         "changes nothing: there is neither padding nor a gap"),
        # One sequence has no neighbours, to whose length it would be padded.
        ({"pad_value": -1.0, "batches": "longest", "batch_size": 1},
         "changes nothing: there is neither padding nor a gap"),
        ({"pad_value": -1.0, "batches": "longest"}, BROKEN),
        # What no float32 tells apart is equal for the layer too.
        ({"pad_value": 1e-50}, ""),
    ],
)  # fmt: skip
def test_a_mask_value_is_told_by_what_it_masks(settings, note):
    assert mask_effect(small(**settings), LAYER).note == note


def test_bits_that_equal_the_mask_value_are_told():
    bits = small(task="last_bit")
    values = [v for part in (inputs(bits).data.train, inputs(bits).data.test) for v in part.values]
    share = f"{np.mean(np.concatenate(values) == 0):.0%} of the real steps"
    assert mask_effect(bits, LAYER).note == f"masks {share} too: they equal the mask value 0"
    other = replace(bits, pad_value=-1.0)
    assert mask_effect(other, LAYER).note == (
        f"masks {share} and nothing else: the mask value is 0, the padding −1"
    )
    assert mask_effect(other, LAYER).mask_value == -1.0
    assert mask_effect(replace(bits, mask_value=-1.0, pad_value=-1.0), LAYER).note == ""


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"pad_value": -1.0},
        {"side": "pre"},
        {"min_length": 16, "max_length": 16},
        {"task": "running_sign"},
        {"task": "last_bit", "pad_value": -1.0},
    ],
)
def test_inert_is_what_has_the_arrays_of_no_mask(strategy, settings):
    """Held to the arrays of the padded batch as it is trained on."""
    experiment = small(**settings)
    batch = inputs(experiment).train
    given = {"mask_value": 0.0, "per_step": experiment.per_step, "count_invalid": True}
    mine, base = (arrays(name, batch, **given) for name in (strategy, "no_mask"))
    same = all(np.array_equal(vars(mine)[name], vars(base)[name]) for name in vars(mine))
    effect = mask_effect(experiment, strategy)
    assert effect.inert == (same and strategy != "no_mask")
    assert not effect.inert or effect.note


def run_of(**settings) -> Snapshot:
    """Two strategies that reached the same in each of two repeats: too few for a word."""
    experiment = small(strategies=("no_mask", LAYER), repeats=2, **settings)
    curves = tuple(
        Curve(name, repeat, *[(0.5,)] * 5, leak=0.0, scored=24)
        for repeat in range(2)
        for name in experiment.strategies
    )
    return replace(made_up(experiment), curves=curves)


def test_a_mask_that_masks_nothing_is_said_in_the_answer_and_in_the_verdict():
    run = run_of(pad_value=-1.0)
    (verdict,) = verdicts(run)
    assert verdict.word == "the same" and not verdict.withheld
    assert (
        verdict.note == BROKEN and f"It {BROKEN}, so both train the same networks." in verdict.sentence
    )
    # Two repeats are enough for that, here as there.
    assert headline(run).startswith("Here, no: every strategy is within 5 points of no mask")
    assert headline(run).endswith(f" Masking layer {BROKEN}.")
    # Set right, nothing of that is said, and two repeats are too few again.
    right = run_of(pad_value=-1.0, mask_value=-1.0)
    (verdict,) = verdicts(right)
    assert verdict.withheld and "masks" not in verdict.sentence + headline(right)
