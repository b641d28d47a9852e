"""One's own sequences are a task like any other: they train, and stay where they were brought."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from maskdemo.data.inputs import chance, inputs
from maskdemo.errors import InvalidSettings
from maskdemo.experiment import MAX_CELLS, SETTINGS, Experiment
from maskdemo.results.trainings import TrainingStore
from maskdemo.training.run import train
from maskdemo.training.snapshot import Outcome
from maskdemo.training.training_run import TrainingRun
from maskdemo.uploads.example_tables import EXAMPLES
from maskdemo.uploads.roles import Preparation
from maskdemo.uploads.task import Fixed, OwnTask
from tests.uploads.files import experiment_with
from tests.uploads.files import own as own_of


def example(at: int) -> OwnTask:
    return own_of(EXAMPLES[at].csv(), EXAMPLES[at].file_name, how=Preparation())


@pytest.fixture(scope="module")
def speech() -> OwnTask:
    return example(0)


@pytest.fixture(params=[{}, {"missing_rate": 0.2, "side": "pre"}], ids=str)
def both(speech, request) -> tuple[Experiment, ...]:
    """The recording as somebody's own sequences, and as the task that is shipped."""
    settings: dict[str, Any] = {"epochs": 2, "repeats": 2, "units": 4, "seed": 3}
    settings["strategies"] = ("masking_layer", "forward_fill")
    return tuple(
        Experiment(task=task, own=speech, **settings, **request.param)
        for task in ("own", "japanese_vowels")
    )


def test_the_recording_begins_as_the_shipped_task_does_bit_for_bit(both):
    """All epochs follow from what a training begins with; `make fuzz` trains them too."""
    mine, shipped = both
    assert {**mine.settings, "task": shipped.task} == shipped.settings
    assert chance(mine) == chance(shipped)
    for strategy, repeat in product(mine.strategies, range(mine.repeats)):
        one, other = (
            TrainingRun(each, strategy, repeat, inputs(each, repeat)) for each in (mine, shipped)
        )
        assert one.train.shape == other.train.shape and one.test.shape == other.test.shape
        for held, there in zip(beginning(one), beginning(other), strict=True):
            np.testing.assert_array_equal(held, there)


def beginning(run: TrainingRun) -> list[Any]:
    """All arrays of a training before its first epoch."""
    laid_out = (run.train.data, run.test.blocks, run.test.rows, run.inputs.data.test.values)
    scored = (run.answer_cells, run.targets, run.weights, run.valid)
    return tf.nest.flatten((*laid_out, *scored, run.train_state))


@pytest.mark.slow
@pytest.mark.fuzz
def test_the_recording_trains_as_the_shipped_task_does_bit_for_bit(both):
    mine, shipped = (list(train(each))[-1] for each in both)
    for one, other in zip(mine.curves, shipped.curves, strict=True):
        for name in ("loss", "accuracy", "test_loss", "test_accuracy", "leak"):
            assert getattr(one, name) == getattr(other, name)
    for name, outputs in mine.probes.outputs.items():
        np.testing.assert_array_equal(outputs, shipped.probes.outputs[name])


def test_no_link_tells_whose_sequences_they_are(speech):
    one = experiment_with(speech, Experiment(units=8, padded_length=70))
    params = one.to_params()
    assert (params["task"], params["units"], params["padded_length"]) == ("own", "8", "70")
    assert "Recording" not in repr(one) and "own" not in json.loads(one.to_json())
    with pytest.raises(InvalidSettings, match="needs their file"):
        Experiment.from_params(params)
    kept, complaints = Experiment.parse_leniently(params)
    assert (kept.units, kept.padded_length, kept.is_own) == (8, 70, False) and len(complaints) == 1
    assert Experiment.from_params(params, speech) == one == Experiment.from_json(one.to_json(), speech)
    assert Experiment.from_params(params, example(0)) != one
    assert Experiment(own=speech) == Experiment(), "what is not chosen is not held"


def test_the_store_on_disk_keeps_nothing_of_them(speech, tmp_path: Path):
    store = TrainingStore(tmp_path)
    one = experiment_with(speech, Experiment(strategies=("no_mask",)))
    store.keep(one, 0, Outcome(accuracy=0.5, valid_accuracy=0.5, loss=1.0, seconds=1.0, scored=370))
    assert store.find(one, 0) is None
    precomputed = Experiment(strategies=("no_mask",))
    store.keep(
        precomputed, 0, Outcome(accuracy=0.5, valid_accuracy=0.5, loss=1.0, seconds=1.0, scored=370)
    )
    assert store.find(precomputed, 0) is not None


def test_lengths_beyond_those_that_are_drawn_can_be_one_s_own(speech):
    assert SETTINGS["max_length"].limits[1] == 100
    long = longer(speech, 150)
    assert experiment_with(long, Experiment(padded_length=60)).padded_length == 150
    assert Experiment(task="own", own=long, padded_length=149).truncates


def test_padding_is_bounded_by_memory(speech):
    wide = longer(speech, 29, features=64)
    one = experiment_with(wide, Experiment(padded_length=200))
    sequences = one.train_size + one.test_size
    assert sequences * one.padded_length * 64 <= MAX_CELLS < sequences * 200 * 64
    with pytest.raises(InvalidSettings, match="640 sequences with 64 features, padded to 200 steps"):
        Experiment(task="own", own=wide, padded_length=200)


def longer(own: OwnTask, longest: int, *, features: int = 12) -> OwnTask:
    return replace(own, fixed=Fixed(270, 370, 7, longest), features=features)
