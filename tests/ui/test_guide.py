"""The guide's page without a browser: the questions, the answer, what is not measured."""

from __future__ import annotations

import pytest

from maskdemo.guide import Setup, cases_of, guidance_for
from maskdemo.results import precomputed
from tests.results.test_precomputed import RUN_MAKE
from tests.ui.app import charts, fine, link_of, links, opened, shown

MEASURED = precomputed.guide()


def test_the_page_answers_what_its_link_asks():
    setup = Setup(side="pre", ratio="4")
    page = opened("guide", setup.to_params())
    answer = guidance_for(setup, MEASURED)
    assert answer is not None, RUN_MAKE
    assert answer.sentence in shown(page)
    assert len(charts(page)) == 1
    # Each case opens in the playground with its own settings, the words beside it.
    there = [params for _, params in links(page)]
    assert all(case.experiment.to_params() in there for case in cases_of(setup))


def test_an_answer_changes_the_page_and_its_link():
    page = opened("guide")
    fine(page.segmented_control(key="guide_side").set_value("pre").run())
    answer = guidance_for(Setup(side="pre"), MEASURED)
    assert answer is not None, RUN_MAKE
    assert answer.sentence in shown(page)
    assert link_of(page)["side"] == "pre"


def test_what_does_not_matter_rests():
    page = opened("guide", {"lengths": "equal", "labels": "step"})
    assert page.segmented_control(key="guide_side").disabled
    assert page.segmented_control(key="guide_ratio").disabled
    assert page.segmented_control(key="guide_read_out").disabled


def test_what_nobody_measured_is_said():
    page = opened("guide", {"labels": "step", "collides": "yes"})
    assert "no task here is like this" in shown(page)
    assert not charts(page)


def test_a_wrong_link_is_told(monkeypatch: pytest.MonkeyPatch):
    page = opened("guide", {"side": "left"})
    assert "Padding must be one of After the end" in shown(page)
    monkeypatch.setattr(precomputed, "guide", dict)
    assert "Not measured with this version" in shown(fine(page.run()))
