"""Drawings: made once for everybody, and told apart by what they show."""

from __future__ import annotations

import json

from maskdemo.charts.replay import Frames
from maskdemo.charts.template import Figure
from maskdemo.experiment import Experiment
from maskdemo.ui.components import Drawing, drawing
from maskdemo.ui.playground_view import batch_drawing


def figure(text: str = "") -> Figure:
    return Figure([], {"height": 300, "title": {"text": text}})


def test_a_drawing_is_the_figure_and_its_version_tells_any_difference():
    plain = drawing(figure())
    assert json.loads(plain.pieces[0])["height"] == plain.height == 300
    assert plain.pieces[1] == "null"
    others = [drawing(figure("other")), drawing(figure(), Frames((1, 2))), plain]
    assert len({each.version for each in others}) == 3
    assert drawing(figure()) == plain
    assert drawing(figure(), Frames(())) == plain


def test_only_what_the_browser_lacks_travels():
    def lines(*heights: int) -> Drawing:
        return drawing(Figure([{"y": [each]} for each in heights], {"height": 300}))

    one, two = lines(1, 2), lines(1, 3)
    assert [json.loads(each) for each in two.missing_from(".".join(one.version)).values()] == [
        {"y": [3]}
    ]
    assert not one.missing_from(".".join(one.version))
    assert set(one.missing_from("").values()) == set(one.pieces)


def test_previews_that_look_the_same_are_drawn_once():
    one = batch_drawing(Experiment(units=8), followed=0, dark=False)
    assert batch_drawing(Experiment(units=16, epochs=2), followed=0, dark=False) is one
    assert batch_drawing(Experiment(units=8), followed=0, dark=True) is not one
    assert batch_drawing(Experiment(pad_value=1.0), followed=0, dark=False) is not one
    assert batch_drawing(Experiment(units=8), followed=1, dark=False) is not one
