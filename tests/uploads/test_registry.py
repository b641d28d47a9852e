"""Whose data the server holds, and for how long; and how it travels to the process that trains."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from maskdemo.data.registry import MAX_REMEMBERED, is_registered, pack_task, unpack_task
from maskdemo.data.tasks import REGISTERED, find_task, make_data
from maskdemo.errors import InvalidTable
from maskdemo.uploads.registry import Registry
from maskdemo.uploads.task import OwnTask
from tests.uploads import files


def own_of(seed: int = 0, sequences: int = 40) -> OwnTask:
    """A small task whose readings have gaps."""
    rng = np.random.default_rng(seed)
    ids = np.repeat(np.arange(sequences), 3)
    frame = pd.DataFrame({"id": ids, "x": rng.normal(size=len(ids))})
    frame.loc[frame.index % 3 == 1, "x"] = np.nan
    frame["label"] = frame["id"] % 2
    return files.own(frame.to_csv(index=False), salt=b"salt")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def forgotten() -> list[str]:
    return []


@pytest.fixture
def registry(clock, forgotten):
    held = Registry(forgotten.append, grace=60, clock=clock, max_bytes=3 * own_of().nbytes)
    yield held
    for viewer in "abcd":
        held.unregister(viewer)
    assert not any(map(is_registered, REGISTERED))


def test_each_viewer_has_their_own(registry):
    first, second = own_of(1), own_of(2)
    registry.put("a", first)
    registry.put("b", second)
    assert registry.find("a") is first and registry.find("b") is second
    assert registry.find("c") is None
    assert find_task(first.task.name) is first.task
    assert registry.total_bytes == first.nbytes + second.nbytes


def test_what_is_brought_takes_the_place_of_the_last(registry, forgotten):
    first, second = own_of(1), own_of(2)
    registry.put("a", first)
    registry.put("a", second)
    assert forgotten == [first.task.name]
    assert is_registered(second.task.name) and not is_registered(first.task.name)


def test_it_is_gone_when_the_viewer_is_gone(registry, clock, forgotten):
    own = own_of()
    registry.put("a", own)
    registry.viewer_left("a")
    clock.now = 59
    registry.viewer_returned("a")
    clock.now = 1000
    assert registry.find("a") is own
    registry.viewer_left("a")
    clock.now = 1060
    registry.remove_expired()
    assert registry.find("a") is None and forgotten == [own.task.name]
    assert not is_registered(own.task.name)
    assert find_task(own.task.name).features == 1, "who still speaks of it learns its sizes alone"


def test_what_is_remembered_of_those_who_left_is_bounded(registry):
    names = []
    for seed in range(MAX_REMEMBERED + 2):
        own = own_of(seed)
        names.append(own.task.name)
        registry.put("a", own)
    assert [name in REGISTERED for name in names[:3]] == [False, True, True]


def test_there_is_room_for_so_many_bytes_and_the_answer_is_a_sentence(registry):
    for viewer, seed in (("a", 1), ("b", 2), ("c", 3)):
        registry.put(viewer, own_of(seed))
    with pytest.raises(InvalidTable, match="no room for yours"):
        registry.put("d", own_of(4))
    registry.put("a", own_of(5))
    registry.unregister("b")
    registry.put("d", own_of(4))


def test_a_file_that_is_looked_at_counts_too(registry):
    own = own_of(1)
    registry.count_draft("a", 2 * own.nbytes)
    registry.put("a", own)
    assert registry.total_bytes == 3 * own.nbytes
    with pytest.raises(InvalidTable, match="no room for yours"):
        registry.count_draft("b", 1)
    with pytest.raises(InvalidTable, match="MB are possible"):
        registry.count_draft("b", 4 * own.nbytes)
    registry.count_draft("a", 0)
    registry.count_draft("b", own.nbytes)
    assert registry.total_bytes == 2 * own.nbytes and registry.find("b") is None


def test_who_left_is_forgotten_though_nobody_else_comes(forgotten):
    soon: list = []
    registry = Registry(forgotten.append, grace=0, later=lambda seconds, call: soon.append(call))
    registry.put("a", own_of())
    registry.viewer_left("a")
    soon.pop()()
    assert registry.total_bytes == 0 and len(forgotten) == 1


def test_a_task_travels_as_json():
    own = own_of()
    again = unpack_task(json.loads(json.dumps(pack_task(own.task))))
    assert (again.name, again.fixed, again.classes) == (own.task.name, own.task.fixed, 2)
    assert own.task.recorded is not None and again.recorded is not None
    for mine, theirs in zip(again.recorded(), own.task.recorded(), strict=True):
        for name in ("values", "observed", "labels"):
            for one, other in zip(getattr(mine, name), getattr(theirs, name), strict=True):
                assert one.dtype == other.dtype
                np.testing.assert_array_equal(one, other)


def test_more_readings_can_go_missing_but_none_comes_back(registry):
    own = own_of()
    registry.put("a", own)
    sizes = {"train_size": 1, "test_size": 1, "min_length": 1, "max_length": 1}
    data = make_data(own.task.name, **sizes, missing_rate=0.6, seed=1)
    for before, after in zip(own.data.train.observed, data.train.observed, strict=True):
        assert after.any() and not (after & ~before).any()
    lost = np.concatenate(data.train.observed).mean() / np.concatenate(own.data.train.observed).mean()
    assert 0.5 < lost < 0.75
