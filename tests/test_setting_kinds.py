"""Settings and their texts: what may be survives its text, what may not is a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskdemo.errors import InvalidSettings
from maskdemo.setting_kinds import Choice, Number, Selection, Setting, Switch, parse_leniently


@dataclass(frozen=True)
class Named:
    title: str


OPTIONS = {name: Named(name.upper()) for name in ("a", "b_c", "d")}
TEXTS = ("Title", "Group", "Help.")
WHOLE = Number(*TEXTS, name="whole", low=-3, high=2**31)
REAL = Number(*TEXTS, name="real", low=-1e6, high=1e6, whole=False)
ONE = Choice(*TEXTS, name="one", options=OPTIONS)
SOME = Selection(*TEXTS, name="some", options=OPTIONS, noun="thing")
SWITCH = Switch(*TEXTS, name="switch")
ALL = {each.name: each for each in (WHOLE, REAL, ONE, SOME, SWITCH)}
VALUES = {
    "whole": st.integers(-3, 2**31),
    "real": st.floats(-1e6, 1e6),
    "one": st.sampled_from(list(OPTIONS)),
    "some": st.lists(st.sampled_from(list(OPTIONS)), min_size=1).map(tuple),
    "switch": st.booleans(),
}


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_what_is_kept_survives_its_text(name, data):
    setting: Setting = ALL[name]
    kept = setting.checked(data.draw(VALUES[name]))
    assert setting.parse(setting.format(kept)) == kept == setting.checked(kept)
    assert type(setting.parse(setting.format(kept))) is type(kept)


@pytest.mark.parametrize("name", ALL)
@given(text=st.text())
def test_any_text_is_a_value_or_a_sentence_about_it(name, text):
    setting: Setting = ALL[name]
    try:
        kept = setting.checked(setting.parse(text))
    except InvalidSettings as error:
        assert error.settings == (name,)
        assert str(error).endswith(".") and len(str(error)) < 200
    else:
        assert setting.checked(kept) == kept


@given(number=st.one_of(st.integers(), st.floats()))
def test_numbers_within_the_limits_and_no_others_are_kept(number):
    within = isfinite(number) and WHOLE.low <= number <= WHOLE.high and number == int(number)
    for given_ in (number, *([np.float64(number)] if isinstance(number, float) else [])):
        if within:
            assert WHOLE.checked(given_) == number and type(WHOLE.checked(given_)) is int
        else:
            with pytest.raises(InvalidSettings, match=rf"^{WHOLE.title} must be"):
                WHOLE.checked(given_)


@pytest.mark.parametrize(
    ("unit", "title", "label"),
    [
        ("", "Seed", "Seed"),
        ("steps", "Padded length", "Padded length, in steps"),
        ("epochs", "Epochs", "Epochs"),
        ("share", "Missing readings", "Missing readings"),
    ],
)
def test_a_label_has_the_unit_once(unit, title, label):
    assert Number(title, "Group", "Help.", unit=unit, low=0, high=1).label == label


def test_a_selection_is_in_the_order_of_the_table():
    assert SOME.parse("d,a") == SOME.parse("d.a") == ("d", "a")
    assert SOME.checked(("d", "a", "d")) == ("a", "d")
    assert SOME.format(("a", "d")) == "a.d"


def test_salvaging_gives_up_what_a_complaint_names_first_and_else_what_came_last():
    def make(params):
        if "bad" in params:
            raise InvalidSettings("Bad.", "absent", "bad", "fine")
        if len(params) > 1:
            raise InvalidSettings("Too many.")
        return params

    def used(made, name):
        return f"{len(made)} instead of {name}."

    assert parse_leniently(make, {"fine": "1", "bad": "2", "more": "3"}, used) == (
        {"fine": "1"},
        ("Bad. 1 instead of bad.", "Too many. 1 instead of more."),
    )
