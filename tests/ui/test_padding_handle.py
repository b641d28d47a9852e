"""The handle on the padding without a browser: what it sends, and what was measured where it stands."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from maskdemo.inside.inspected_sequence import InspectedSequence, sweeps
from maskdemo.strategies import STRATEGIES
from maskdemo.ui import padding_handle
from maskdemo.ui.components import OUTPUTS
from maskdemo.ui.padding_handle import OWN_WEIGHTS, readers_of, recurrence_data
from tests.ui.app import kept, opened
from tests.ui.test_inside import STEPS, TINY, finished


def sent(app: AppTest) -> dict[str, Any]:
    """What the page sends to the handle."""
    (chart,) = (each for each in app.get("bidi_component") if each.proto.component_name == OUTPUTS)
    return json.loads(chart.proto.json)["handle"]


def test_a_lane_says_what_a_padded_step_does_and_which_step_is_read_out():
    run = finished(TINY)
    sequence = InspectedSequence(run, probe=0, epoch=3, label=1)
    lanes = {each["name"]: each for each in recurrence_data(sequence)["lanes"]}
    steps = len(recurrence_data(sequence)["labels"])
    assert steps == (~run.probes.padded[0]).sum() < TINY.padded_length
    assert recurrence_data(sequence)["most"] == 200, "for a short sequence, too"
    for at in (-2, -1):  # after the end, in front
        padded = {name: (each["advance"][at], each["keep"][at]) for name, each in lanes.items()}
        assert padded == {"no_mask": (1, 0), "zeroed_state": (0, 0), "held_state": (0, 1)}
    assert all(len(each["advance"]) == len(each["keep"]) == steps + 2 for each in lanes.values())
    assert all(each["readsEnd"] and each["readOut"] == steps - 1 for each in lanes.values())
    last = replace(TINY, strategies=("last_valid_step",))
    networks = {"last_valid_step": run.networks["no_mask"]}
    other = replace(run, experiment=last, networks=networks)
    (lane,) = recurrence_data(InspectedSequence(other, probe=0, epoch=3, label=1))["lanes"]
    assert not lane["readsEnd"] and lane["readOut"] == steps - 1


def test_only_a_network_that_learned_to_read_the_mask_reads_it():
    names = tuple(STRATEGIES)
    assert readers_of(names, OWN_WEIGHTS) == {name: name for name in names}
    shared = readers_of(names, "held_state")
    assert shared == dict.fromkeys(names, "held_state") | {"mask_feature": "mask_feature"}


@pytest.mark.parametrize("added", [0, 15])
def test_a_link_shows_what_was_measured_where_the_handle_was_let_go(added):
    run = finished(TINY)
    chosen = {"added": str(added), "added_side": "pre", "weights": "own"}
    data = sent(opened("playground", TINY.to_params() | chosen))
    assert data["chosen"] == {"added": added, "side": "pre", "weights": OWN_WEIGHTS}
    own = readers_of(TINY.strategies, OWN_WEIGHTS)
    found = sweeps(InspectedSequence(run, probe=0, epoch=3, label=1), "pre", 15, own)
    for name, result in data["measured"]["results"].items():
        curve = next(each for each in run.curves if each.strategy == name)
        if name == "held_state":
            assert result["before"] == pytest.approx(curve.test_accuracy[-1])
            assert result["after"] == result["before"] and result["change"] == 0
        place = 1 if added else 0
        assert result["after"] == found[name].accuracy[place]
        assert result["change"] == pytest.approx(found[name].change[place].max())


def test_a_network_that_a_link_chooses_stays_chosen_when_the_padding_is_pulled(monkeypatch):
    finished(TINY)
    monkeypatch.setattr(padding_handle, "_best_and_usual", lambda *_: ("held_state", "held_state"))
    assert not sent(opened("playground", TINY.to_params()))["settled"]
    data = sent(opened("playground", TINY.to_params() | {"weights": OWN_WEIGHTS}))
    assert data["settled"] and data["chosen"] == data["trained"]


def test_before_it_is_pulled_nothing_is_measured_and_a_label_a_step_is_shown_too():
    kept(STEPS)
    data = sent(opened("playground", STEPS.to_params()))
    assert data["measured"] is None
    assert data["perStep"] and set(data["labels"]) <= {0, 1} and not all(data["valid"])
