"""Caches: bounded, and nothing in them outlives an uploaded task."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maskdemo.caching import Cache
from maskdemo.experiment import Experiment
from tests.samples import uploaded


def test_what_was_made_for_one_is_not_made_again_for_another():
    cache, made = Cache[int](4), []
    for _ in range(3):
        cache.get((Experiment(), "key"), lambda: made.append(1) or 7)
    assert len(made) == 1 and cache.find((Experiment(units=8), "key")) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60)), max_size=40))
def test_the_room_is_never_exceeded_and_the_newest_that_fits_is_kept(asked: list[tuple[int, int]]):
    cache = Cache[str](50, len)
    for key in asked:
        cache.get(key, lambda length=key[1]: "x" * length)
        assert cache.used <= 50
        assert cache.find(key) == ("x" * key[1] if key[1] <= 50 else None)


def test_it_goes_with_the_task_and_the_room_is_there_again():
    cache = Cache[str](10, len)
    first, second = uploaded(), uploaded()
    assert first != second, "each uploaded task is itself alone"
    for one in (first, second):
        cache.keep((one, 1), "four")
    del first
    assert (len(cache), cache.used) == (1, 4) and cache.find((second, 1)) == "four"


def test_the_newest_of_each_task_goes_last():
    cache = Cache[str](10, len, newest_last=True)
    first, second = uploaded(), uploaded()
    for one, number in ((first, 0), (second, 0), (second, 1), (first, 1), (first, 2)):
        cache.keep((one, number), "xx")
    cache.keep((second, 2), "x" * 8)
    for one in (first, second):
        assert [number for number in range(3) if cache.find((one, number))] == [2]
