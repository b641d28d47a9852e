"""A journey through the article page: its third example, and a case of a claim."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from maskdemo.article.claims import CLAIMS
from maskdemo.article.examples import EXAMPLES
from maskdemo.experiment import Experiment
from maskdemo.export.script_and_notebook import script
from maskdemo.scenarios import SCENARIOS
from tests.browser.accessibility import expect_no_findings, open_all
from tests.browser.test_playground import params_of
from tests.browser.viewer import DESKTOP, Viewer

NUMBER = re.compile(r"line (\d+) with an? (\w+)")


def open_example(viewer: Viewer, number: int) -> None:
    """Open the box of one example, with all that is in it."""
    box = viewer.page.locator(f".st-key-box_{number}")
    viewer.unfold(box.get_by_text("The program, mended"), box.get_by_role("button", name="Program"))


def test_an_example_and_a_case_of_a_claim(viewer: Viewer, tmp_path: Path):
    page, claim = viewer.open("/article"), list(CLAIMS.values())[3]
    assert page.get_by_test_id("stMain").evaluate("each => each.scrollHeight") <= 3 * DESKTOP[1]
    open_all(page, "How a case is decided")
    opened(viewer, claim.name, claim.cases[0].title)
    open_example(viewer, 3)
    expect_no_findings(page)
    expect_a_case_of_a_claim_to_lead_to_the_playground(viewer, tmp_path)
    expect_the_third_example_as_written_and_mended(viewer, tmp_path)


def expect_the_third_example_as_written_and_mended(viewer: Viewer, tmp_path: Path) -> None:
    example, page = EXAMPLES[2], viewer.page
    box = page.locator(".st-key-box_3")
    stopped = box.get_by_test_id("stAlert").get_by_text(NUMBER)
    expect(stopped).to_be_visible()
    found = NUMBER.search(stopped.inner_text())
    assert found is not None
    line = example.programs[0].text.splitlines()[int(found[1]) - 1].strip()
    expect(box.locator("code", has_text=re.compile("^" + re.escape(line)))).to_be_visible()
    expect(box.locator("code", has_text=re.compile(f"^{found[2]}: "))).to_be_visible()
    viewer.settle()

    box.get_by_text("Held state: mended").click()
    viewer.settle()
    expect(stopped).to_have_count(0)
    expect(box.locator("code", has_text="+++ example_3_state_held.py").first).to_be_visible()
    expect(box.get_by_text("Ran to its end")).to_be_visible()
    expect(box.get_by_text("exactly the same outputs")).to_be_visible()
    viewer.settle()
    box.get_by_text("What it printed").click()
    expect(box.get_by_text("Total params")).to_be_visible()

    file = viewer.download(box.get_by_role("button", name="Program"), tmp_path)
    assert file.name == "example_3_state_held.py"
    assert file.read_text() == example.programs[-1].text

    file = viewer.download(box.get_by_role("button", name="Keras script"), tmp_path)
    assert file.read_text() == script(SCENARIOS[example.scenario].experiment)

    link = box.get_by_role("link", name="Train it in the playground").get_attribute("href") or ""
    assert Experiment.from_params(params_of(link)) == SCENARIOS[example.scenario].experiment


def opened(viewer: Viewer, claim: str, case: str) -> Locator:
    """The row of a claim, opened, with the links to its cases."""
    row = viewer.page.locator(f".st-key-claim_{claim}")
    viewer.unfold(row.locator("summary"), row.get_by_role("link", name=case))
    return row


def expect_a_case_of_a_claim_to_lead_to_the_playground(viewer: Viewer, tmp_path: Path) -> None:
    claim = CLAIMS["supports_masking"]
    case = claim.cases[0]
    row = opened(viewer, claim.name, case.title)
    expect(row).to_contain_text(re.compile("in (all|none|1) (of )?2 cases"))
    expect(row).to_contain_text(re.compile(r"95% interval [+−]\d+\.\d to [+−]\d+\.\d, \d repeats"))
    table = viewer.page.locator(".st-key-claims_table").get_by_role("button")
    assert claim.text in viewer.download(table, tmp_path).read_text()

    to_playground = row.get_by_role("link", name=case.title).get_attribute("href") or ""
    assert Experiment.from_params(params_of(to_playground)) == case.experiment


@pytest.mark.fuzz
def test_a_case_of_a_claim_opens_in_the_playground(viewer: Viewer):
    claim, page = CLAIMS["supports_masking"], viewer.open("/article")
    case = claim.cases[0]
    opened(viewer, claim.name, case.title).get_by_role("link", name=case.title).click()
    expect(page.get_by_role("heading", name="Is masking required for LSTMs?")).to_be_visible()
    viewer.settle()
    assert Experiment.from_params(params_of(page.url)) == case.experiment
    slider = page.get_by_role("slider", name="Padded length")
    expect(slider).to_have_value(str(case.experiment.padded_length))
    expect(page.get_by_role("button", name="Train")).to_be_enabled()
