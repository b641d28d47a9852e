"""What strategies cost: what is measured, what is said of it, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from math import log10
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from maskdemo.charts.costs import cost_by_length
from maskdemo.experiment import Experiment
from maskdemo.study import costs
from maskdemo.study.costs import (
    HELD,
    KERAS_MASKING,
    KERAS_NO_MASK,
    MASKING,
    NO_MASK,
    CostTable,
    Way,
    measure,
    measured,
    some_lengths,
    summary,
)
from maskdemo.ui import server
from tests.samples import ALL, small
from tests.server.fakes import Answer, FakeServer
from tests.ui.app import ran

TASKS = ("japanese_vowels", "last_sign", "running_sign")


def table(figures: dict[int, dict[Way, float]], experiment: Experiment | None = None) -> CostTable:
    """Milliseconds by length and way; what is not named takes 7."""
    base = measured(experiment or small())
    seconds = {
        (way, length): found.get(way, 7.0) / 1000
        for length, found in figures.items()
        for way in CostTable(base, (), {}).ways
    }
    return CostTable(base, tuple(figures), MappingProxyType(seconds), done=1.0)


FIGURES = {
    8: {NO_MASK: 2.0, MASKING: 2.0, KERAS_NO_MASK: 80.0, KERAS_MASKING: 88.0, HELD: 2.0},
    32: {
        NO_MASK: 8.0,
        MASKING: 2.0,
        KERAS_NO_MASK: 120.0,
        KERAS_MASKING: 90.0,
        HELD: 2.5,
    },
}


def test_the_sentences_say_the_figures():
    beside, adds = summary(table(FIGURES))
    assert "Padded to 32 steps" in beside
    assert "8.0 ms here and 120 ms in `Model.fit` (15 times as long)" in beside
    assert "2.0 ms here and 90 ms in `Model.fit` (45 times as long)" in beside
    assert "10% longer at 8 steps and 25% shorter at 32 steps" in adds


def test_nothing_is_said_before_a_length_is_complete():
    whole = table(FIGURES)
    for gone in whole.ways:
        seconds = {key: each for key, each in whole.seconds.items() if key[0] != gone}
        assert summary(replace(whole, seconds=MappingProxyType(seconds))) == ()
    only_short = {key: each for key, each in whole.seconds.items() if key[1] == 8}
    partial = replace(whole, seconds=MappingProxyType(only_short))
    assert partial.complete == (8,)
    assert "Padded to 8 steps" in summary(partial)[0] and "32" not in " ".join(summary(partial))


@given(
    strategies=st.sets(st.sampled_from(ALL), min_size=1),
    task=st.sampled_from(TASKS),
    padded=st.integers(30, 200),
    seed=st.integers(0, 9),
)
def test_what_is_measured_depends_only_on_what_matters(strategies, task, padded, seed):
    one = Experiment(task=task, strategies=tuple(strategies), padded_length=padded, seed=seed)
    base = measured(one)
    assert base == measured(replace(one, padded_length=one.max_length, seed=3, repeats=7, epochs=2))
    assert set(one.strategies) <= set(base.strategies)
    ways = costs.empty(one).ways
    assert len(set(ways)) == len(ways)
    assert {NO_MASK, MASKING, HELD, KERAS_NO_MASK, KERAS_MASKING} <= set(ways)
    lengths = some_lengths(base)
    assert lengths == some_lengths(one) and len(set(lengths)) == len(lengths)
    assert lengths[0] == min(lengths) == one.max_length and lengths[1] == max(lengths)


@pytest.mark.slow
def test_a_real_measurement_streams_and_ends():
    """One padded length, every way, times that only fall."""
    experiment = small(strategies=("no_mask",))
    found = list(measure(experiment, [10]))
    last = found[-1]
    assert last.complete == (10,) and last.done == 1.0
    assert all(each > 0 for each in last.seconds.values())
    assert not found[0].seconds and len(summary(last)) == 2
    for one, other in pairwise(found):
        assert one.done <= other.done
        assert all(other.seconds[key] <= each for key, each in one.seconds.items())


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], None]]:
    """Let the worker of the page answer like this, without a process."""
    fakes: list[FakeServer] = []

    def by(worker: Answer) -> None:
        fakes.append(FakeServer(worker))
        monkeypatch.setattr(server, "shared", lambda: fakes[0])

    yield by
    for each in fakes:
        each.close()


def section() -> AppTest:
    def script():
        from maskdemo.ui import costs
        from tests.samples import small

        costs.section(small())

    return AppTest.from_function(script, default_timeout=30).run()


def test_the_section_measures_shows_and_says(answer):
    whole = costs.empty(small())
    lengths = whole.lengths

    def worker(order) -> Iterator[CostTable]:
        assert Experiment.from_json(order["experiment"]) == small()
        seconds: dict[tuple[Way, int], float] = {}
        for length in lengths:
            for way in whole.ways:
                seconds[way, length] = 0.001 * length
                yield replace(whole, seconds=dict(seconds))

    answer(worker)
    app = section()
    assert not app.get("bidi_component") and not app.dataframe
    ran(app, "costs")
    assert not app.exception and not app.error
    said = " ".join(each.value for each in app.markdown)
    assert f"Padded to {max(lengths)} steps" in said
    shown = app.dataframe[0].value
    assert list(shown.columns) == ["An epoch", *(f"{each} steps" for each in sorted(lengths))]
    assert len(shown) == len(whole.ways)
    assert set(shown[f"{lengths[0]} steps"]) == {costs.time_text(0.001 * lengths[0])}
    assert app.get("bidi_component")


def test_the_section_says_why_it_failed(answer):
    def worker(order) -> Iterator[CostTable]:
        raise ValueError("The process stopped early.")
        yield

    answer(worker)
    app = ran(section(), "costs")
    assert not app.exception
    assert [each.value for each in app.error] == ["The process stopped early."]
    assert any(each.label == "Measure here" for each in app.button)


@pytest.mark.parametrize("dark", [False, True])
def test_the_chart_draws_every_figure_and_names_four(dark):
    whole = table(FIGURES)
    figure = cost_by_length(whole, dark=dark)
    drawn = {line.name: dict(zip(line.x, line.y, strict=True)) for line in figure.data}
    assert drawn == {
        way.title: {length: log10(whole.seconds[way, length]) for length in (8, 32)}
        for way in whole.ways
    }
    labels = {each.text: each for each in figure.layout.annotations}
    assert set(labels) == {"Masking, Keras", "No mask, Keras", "Masking, here", "No mask, here"}
    assert labels["No mask, Keras"].y > labels["No mask, here"].y
    assert list(figure.layout.yaxis.ticktext) == ["1 ms", "10 ms", "100 ms", "1 s"]


def test_the_chart_keeps_its_axes_while_it_fills():
    whole = table(FIGURES)
    empty = cost_by_length(replace(whole, seconds=MappingProxyType({})))
    full = cost_by_length(whole)
    assert empty.layout.xaxis == full.layout.xaxis and empty.layout.yaxis == full.layout.yaxis
    assert empty.layout.height == full.layout.height
    slow = cost_by_length(table({8: {KERAS_MASKING: 20_000.0}}))
    assert slow.layout.yaxis.range[1] >= log10(20)
