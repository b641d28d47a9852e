"""What all sessions' files take: bounded, counted once, and gone with whoever brought it."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pandas as pd
import pytest

from maskdemo.data.inputs import inputs
from maskdemo.data.tasks import make_data
from maskdemo.errors import InvalidTable
from maskdemo.evidence import mask_effect
from maskdemo.experiment import Experiment
from maskdemo.uploads.limits import UploadMemory
from maskdemo.uploads.task import OwnTask
from tests.uploads.files import experiment_with
from tests.uploads.files import own as own_task


def own_of(seed: int = 0, sequences: int = 40) -> OwnTask:
    """A small task whose readings have gaps."""
    rng = np.random.default_rng(seed)
    ids = np.repeat(np.arange(sequences), 3)
    frame = pd.DataFrame({"id": ids, "x": rng.normal(size=len(ids))})
    frame.loc[frame.index % 3 == 1, "x"] = np.nan
    frame["label"] = frame["id"] % 2
    return own_task(frame.to_csv(index=False))


class Thing:
    """Anything that is held."""


def test_each_thing_is_counted_once_for_as_long_as_it_lives():
    memory, table, task = UploadMemory(100), Thing(), Thing()
    memory.hold(table, 60, "a")
    memory.hold(table, 60, "a")
    memory.hold(task, 30, "a")
    assert memory.used == 90
    del table
    assert memory.used == 30
    memory.hold(again := Thing(), 70, "b")
    assert memory.used == 100
    del task, again
    assert memory.used == 0


def test_who_asks_for_too_much_learns_whether_it_is_the_file_or_the_others():
    memory, table, task = UploadMemory(100), Thing(), Thing()
    memory.hold(table, 60, "a")
    with pytest.raises(InvalidTable, match="no room for yours"):
        memory.hold(Thing(), 50, "b")
    with pytest.raises(InvalidTable, match="MB are possible"):
        memory.hold(Thing(), 101, "b")
    with pytest.raises(InvalidTable, match="MB are possible"):
        memory.hold(task, 50, "a")
    assert memory.used == 60


def test_what_is_remembered_in_a_circle_takes_nobody_s_place():
    memory = UploadMemory(100)
    left = Thing()
    left.itself = left
    memory.hold(left, 80, "a")
    del left
    memory.hold(kept := Thing(), 90, "b")
    assert memory.used == 90 and kept is not None


def test_what_is_computed_of_a_task_goes_with_it():
    own = own_of()
    one = experiment_with(own, Experiment())
    values = weakref.ref(inputs(one).train.values)
    assert inputs(one).train.values is values() and mask_effect(one, "masking_layer")
    assert inputs(experiment_with(own_of(), Experiment())).train.values is not values()
    gone = weakref.ref(own)
    gc.disable()
    try:
        del own, one
        assert gone() is None and values() is None, "without a walk over all objects"
    finally:
        gc.enable()


def test_more_readings_can_go_missing_but_none_comes_back():
    own = own_of()
    sizes = {"train_size": 1, "test_size": 1, "min_length": 1, "max_length": 1}
    data = make_data(own, **sizes, missing_rate=0.6, seed=1)
    for before, after in zip(own.data.train.observed, data.train.observed, strict=True):
        assert after.any() and not (after & ~before).any()
    lost = np.concatenate(data.train.observed).mean() / np.concatenate(own.data.train.observed).mean()
    assert 0.5 < lost < 0.75
