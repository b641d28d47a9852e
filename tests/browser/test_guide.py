"""A journey through the guide: an answer, another one, its address, and a case in the playground."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from maskdemo.experiment import Experiment
from maskdemo.guide import Setup, cases_of, guidance_for
from maskdemo.results import precomputed
from tests.browser.accessibility import expect_no_findings
from tests.browser.viewer import Viewer


def test_an_answer_is_changed_restored_and_opened(viewer: Viewer):
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
    page.get_by_role("link", name=case.title).click()
    expect(page.get_by_role("heading", name="Is masking required for LSTMs?")).to_be_visible()
    viewer.settle()
    params = {name: each[0] for name, each in parse_qs(urlsplit(page.url).query).items()}
    assert Experiment.from_params(params) == case.experiment
