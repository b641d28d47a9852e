"""Drawings: made once for everybody, bounded, and told apart by what they show."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from maskdemo.charts.replay import Frames
from maskdemo.charts.template import Figure
from maskdemo.experiment import Experiment
from maskdemo.ui.chart import Drawing, Drawings, drawing, padded_batch


def figure(text: str = "") -> Figure:
    return Figure([], {"height": 300, "title": {"text": text}})


def test_a_drawing_is_the_figure_and_its_version_tells_any_difference():
    plain = drawing(figure())
    assert json.loads(plain.figure)["layout"]["height"] == plain.height == 300
    assert plain.frames is None
    others = [drawing(figure("other")), drawing(figure(), Frames((1, 2))), plain]
    assert len({each.version for each in others}) == 3
    assert drawing(figure()) == plain
    assert drawing(figure(), Frames(())).frames is None


def test_what_was_drawn_for_one_is_not_drawn_again_for_another():
    kept, drawn = Drawings(), []
    for _ in range(3):
        kept.get("key", lambda: drawn.append(1) or drawing(figure()))
    assert len(drawn) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60)), max_size=40))
def test_the_room_is_never_exceeded_and_the_newest_that_fits_is_kept(asked: list[tuple[int, int]]):
    kept = Drawings(room=100)
    for key, size in asked:
        made = Drawing("x" * size, None, 1, "")
        kept.get((key, size), lambda made=made: made)
        assert kept.used <= 100
        # Whoever asks again at once does not make it draw again.
        assert kept.get((key, size), lambda: Drawing("y", None, 1, "")) is not None
        assert kept.get((key, size), lambda: Drawing("y", None, 1, "")).figure == "x" * size


def test_previews_that_look_the_same_are_drawn_once():
    one = padded_batch(Experiment(units=8), followed=0, dark=False)
    assert padded_batch(Experiment(units=16, epochs=2), followed=0, dark=False) is one
    assert padded_batch(Experiment(units=8), followed=0, dark=True) is not one
    assert padded_batch(Experiment(pad_value=1.0), followed=0, dark=False) is not one
    assert padded_batch(Experiment(units=8), followed=1, dark=False) is not one
