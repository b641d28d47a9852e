"""A journey through the article's claims: test one, see what came out, open its experiment."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, expect

from maskdemo.article.claims import CLAIMS
from maskdemo.experiment import Experiment
from tests.browser.test_back import walk
from tests.browser.viewer import NUMBERS, Viewer


def opened(viewer: Viewer, name: str) -> Locator:
    """The row of a claim that was not measured in this session, with all that is in it."""
    row = viewer.page.locator(f".st-key-claim_{name}")
    viewer.unfold(row.locator("summary"), row.get_by_role("button", name="Test it"))
    return row


def in_playground(viewer: Viewer) -> None:
    heading = viewer.page.get_by_role("heading", name="Is masking required for LSTMs?")
    expect(heading).to_be_visible()
    viewer.settle()


def opened_experiment(viewer: Viewer) -> Experiment:
    params = parse_qs(urlsplit(viewer.page.url).query)
    return Experiment.from_params({key: texts[0] for key, texts in params.items()})


def test_a_claim_is_tested_and_its_experiments_open(viewer: Viewer):
    """The claim needs both trained networks and real Keras in a process of its own."""
    claim = CLAIMS["supports_masking"]
    page = viewer.open("/article")
    card = opened(viewer, claim.name)
    button = card.get_by_role("button", name="Test it")
    expect(button).to_be_enabled()
    button.click()
    expect(card).to_contain_text(re.compile("Being measured|in (all|none|1) (of )?2 cases"))
    expect(card).to_contain_text(re.compile("in (all|none|1) (of )?2 cases"))
    expect(card).to_contain_text(re.compile(r"95% interval [+−]\d+\.\d to [+−]\d+\.\d, \d repeats"))
    expect(card.get_by_role("button", name="Test it")).to_have_count(0)
    expect(page.get_by_role("button", name="Test the others")).to_be_enabled()
    viewer.settle()
    with page.expect_download() as waiting:
        page.locator(".st-key-claims_table").get_by_role("button").click()
    assert claim.text in waiting.value.path().read_text()

    case = claim.cases[0]
    card.get_by_role("link", name=case.title).click()
    in_playground(viewer)
    assert opened_experiment(viewer) == case.experiment
    slider = page.get_by_role("slider", name="Padded length")
    expect(slider).to_have_value(str(case.experiment.padded_length))
    # The test has trained it already: its results are there without training again.
    expect(page.locator(NUMBERS)).to_have_count(len(case.experiment.strategies))

    # Another claim's experiment, although the session has been in the playground with this one.
    walk(viewer, "The article, checked")
    other = CLAIMS["finds_padding"].cases[1]
    opened(viewer, "finds_padding").get_by_role("link", name=other.title).click()
    in_playground(viewer)
    assert opened_experiment(viewer) == other.experiment
