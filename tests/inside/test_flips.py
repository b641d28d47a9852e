"""When the output flips and which unit turns it, against the probabilities and logits themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from maskdemo.inside.activations import activations_of
from maskdemo.inside.flips import LeadChange, flips, lead_change
from tests.inside.test_activations import CASES, given
from tests.samples import network


def test_with_two_labels_it_flips_where_the_probability_crosses_one_half():
    one = np.array([0.4, 0.45, 0.6, 0.55, 0.3, 0.3, 0.9])
    both = np.stack([1 - one, one], axis=1)
    for label in (0, 1):
        assert np.flatnonzero(flips(both, label)).tolist() == [2, 4, 6]


def test_with_more_labels_it_flips_where_the_lead_changes():
    #: 0.4 can lead among three labels.
    chances = np.array([[0.4, 0.3, 0.3], [0.4, 0.1, 0.5], [0.1, 0.5, 0.4], [0.6, 0.2, 0.2]])
    assert np.flatnonzero(flips(chances, 0)).tolist() == [1, 3]
    assert np.flatnonzero(flips(chances, 1)).tolist() == [2, 3]
    assert flips(np.stack([chances, chances[::-1]]), 0)[1].tolist() == [False, True, False, True]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("label", [0, 1])
def test_what_a_step_does_is_the_change_of_the_lead_and_the_parts_of_all_units(case, label):
    trained = network(CASES[case], seed=3)
    seen = activations_of(trained, given(case, "no_mask"))
    logits = seen.read[0] @ trained.readout + trained.readout_bias
    if logits.shape[1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    for step in range(1, len(logits)):
        others = [other for other in range(logits.shape[1]) if other != label]
        # Where the label begins to lead, the rival is the label that led before.
        begins = logits[step].argmax() == label != logits[step - 1].argmax()
        rival = max(others, key=lambda other: logits[step - begins, other])
        before, after = (logits[at, label] - logits[at, rival] for at in (step - 1, step))
        turned = lead_change(trained, seen, step=step, label=label)
        assert turned.change == pytest.approx(after - before, abs=1e-5)
        # Without that unit's change, less of it is left than without that of any other.
        left = []
        for unit in range(seen.states.shape[2]):
            state = seen.read[0, step].copy()
            state[unit] = seen.read[0, step - 1, unit]
            each = state @ trained.readout + trained.readout_bias
            each = np.concatenate([[0.0], each]) if len(each) == 1 else each
            left.append((each[label] - each[rival] - before) * np.sign(after - before))
        assert left[turned.unit] == pytest.approx(min(left), abs=1e-5)


def test_a_label_that_begins_to_lead_gains_on_the_label_that_led():
    trained = network(CASES["binary"])
    seen = activations_of(trained, given("binary", "no_mask"))
    three = replace(trained, readout=np.eye(3), readout_bias=np.zeros(3))
    logits = np.array([[[1.0, 2.0, 0.0], [1.0, -5.0, 0.5]]])
    assert lead_change(three, replace(seen, read=logits), step=1, label=0) == LeadChange(
        change=7.0, unit=1, of_unit=7.0
    )
