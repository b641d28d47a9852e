"""Frames: with those of an epoch, a figure of the whole run is the figure of that epoch."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from maskdemo import charts
from maskdemo.charts.replay import MAX_BYTES, replayed_epochs
from maskdemo.experiment import Experiment
from maskdemo.strategies import STRATEGIES
from tests.charts.samples import FEW, PER_STEP, RUN
from tests.charts.test_charts import named
from tests.samples import ALL, made_up, small

EPOCHS = (1, 4, 6)


def unpacked(values: dict[str, str]) -> np.ndarray:
    shape = tuple(int(each) for each in values["shape"].split(","))
    return np.frombuffer(base64.b64decode(values["bdata"]), "<f4").reshape(shape)


@pytest.mark.parametrize("run", [RUN, PER_STEP], ids=["a label a sequence", "a label a step"])
def test_outputs_at_an_epoch_are_those_that_its_own_figure_draws(run: Experiment):
    snapshot = made_up(run)
    look: dict[str, Any] = {"probe": 2, "dark": True}
    frames = json.loads(charts.outputs_frames(snapshot, **look).to_json())
    assert frames["epochs"] == [1, 2, 3, 4, 5, 6]
    for epoch in EPOCHS:
        figure = charts.outputs_by_step(snapshot, epoch=epoch, **look)
        assert frames["titles"][epoch - 1] == figure.layout.title.text
        for name, values in frames["heights"].items():
            (drawn,) = named(figure, name)
            shown = np.asarray(drawn.y, np.float32)
            assert np.array_equal(shown, unpacked(values)[epoch - 1], equal_nan=True)
        said = {each.name: each.text for each in figure.layout.annotations if each.name}
        assert said == {name: texts[epoch - 1] for name, texts in frames["notes"].items()}
        assert len(said) == len(FEW)


@pytest.mark.parametrize("metric", ["test_accuracy", "loss"])
def test_lines_and_bands_end_at_the_epoch_and_the_chance_level_does_not(metric: str):
    snapshot = made_up(RUN)
    frames = charts.curves_frames(snapshot)
    whole = charts.learning_curves(snapshot, metric=metric)
    for epoch in EPOCHS:
        shorter = charts.learning_curves(made_up(RUN, done=(epoch,) * 3), metric=metric)
        for trace in whole.data:
            if trace.name not in frames.cut:
                assert trace.name == "Chance"
                continue
            (drawn,) = named(shorter, trace.name)
            kept = np.asarray(trace.x) <= epoch
            assert np.array_equal(np.asarray(trace.x)[kept], drawn.x)


def test_a_run_that_is_not_whole_has_no_replay():
    assert replayed_epochs(made_up(RUN, done=())) == ()
    assert replayed_epochs(made_up(RUN, done=(1,))) == ()
    snapshot = made_up(RUN)
    outputs = dict(snapshot.probes.outputs)
    outputs["no_mask"] = outputs["no_mask"][:3]
    probes = replace(snapshot.probes, outputs=outputs)
    assert replayed_epochs(replace(snapshot, probes=probes)) == ()


def test_long_runs_of_long_sequences_are_thinned_and_keep_first_and_last():
    snapshot = made_up(small(strategies=ALL, epochs=200, padded_length=200))
    epochs = replayed_epochs(snapshot)
    assert epochs[0] == 1 and epochs[-1] == 200 and list(epochs) == sorted(set(epochs))
    assert 2 * 4 * 200 * len(epochs) * len(STRATEGIES) <= MAX_BYTES
    assert len(charts.outputs_frames(snapshot, probe=0, dark=False).to_json()) < 2 * MAX_BYTES


def test_the_read_out_is_no_later_than_the_sequence_s_own_batch():
    run = made_up(replace(RUN, batches="longest", strategies=("no_mask",)))
    assert run.probes.there is not None
    ends = [np.flatnonzero(each)[-1] + 1 for each in run.probes.there]
    assert min(ends) < len(run.probes.there[0])
    for probe, end in enumerate(ends):
        figure = charts.outputs_by_step(run, probe=probe, epoch=1)
        (ring,) = named(figure, "Read-out, No mask")
        assert list(ring.x) == [end]
        assert any(f"at step {end}" in (each.text or "") for each in figure.layout.annotations)
