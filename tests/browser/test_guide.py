"""A journey through the guide: an answer, another answer, its address, and the link to a case."""

from __future__ import annotations

from playwright.sync_api import expect

from maskdemo.experiment import Experiment
from maskdemo.guide import Setup, cases_of, guidance_for
from maskdemo.results import precomputed
from tests.browser.accessibility import expect_no_findings
from tests.browser.test_playground import params_of
from tests.browser.viewer import Viewer


def test_an_answer_is_changed_and_restored_and_leads_to_its_cases(viewer: Viewer):
    first, second = (guidance_for(each, precomputed.guide()) for each in (Setup(), Setup(side="pre")))
    assert first is not None and second is not None
    page = viewer.open("/guide")
    expect(page.get_by_role("heading", name=first.sentence)).to_be_visible()
    page.get_by_role("radio", name="In front").click()
    expect(page.get_by_role("heading", name=second.sentence)).to_be_visible()
    viewer.settle()
    expect_no_findings(page)

    page.reload()
    viewer.settle()
    expect(page.get_by_role("heading", name=second.sentence)).to_be_visible()
    case = cases_of(Setup(side="pre"))[0]
    to_playground = page.get_by_role("link", name=case.title).get_attribute("href") or ""
    assert Experiment.from_params(params_of(to_playground)) == case.experiment
