"""A journey with one's own sequences: from the file to the exported script, and whose they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from maskdemo.ui.upload_middleware import SENTENCES
from tests.browser.test_back import walk
from tests.browser.viewer import NUMBERS, PHONE, Viewer
from tests.ui.test_own import readings as both_labels

LINK = "/?" + urlencode(
    {"task": "own", "padded_length": 12, "epochs": 3, "units": 8, "batch_size": 16, "repeats": 1,
     "strategies": "no_mask.held_state", "learning_rate": 0.03}
)  # fmt: skip
NEEDS_FILE = re.compile("in no link: it needs their file")


def readings(sequences: int = 48) -> pd.DataFrame:
    """With `kind` called the label, and `sign` another one."""
    return both_labels(sequences).rename(columns={"kind": "label"})


@pytest.fixture
def file(tmp_path: Path) -> Callable[[pd.DataFrame, str], Path]:
    def written(table: pd.DataFrame, name: str) -> Path:
        table.to_csv(path := tmp_path / name, index=False)
        return path

    return written


def upload(viewer: Viewer, path: Path) -> Page:
    """Open the dialog, if it is not, and give it the file; the facts are told, and nothing refused."""
    page = viewer.page
    dialog = page.get_by_role("dialog")
    if not dialog.is_visible():
        page.get_by_role("button", name="Your own sequences").click()
    dialog.locator("input[type=file]").set_input_files(path)
    expect(dialog.get_by_text("What they tell before any training")).to_be_visible()
    expect(dialog.get_by_text(SENTENCES[503])).to_have_count(0)
    return page


def use(viewer: Viewer) -> None:
    viewer.settle()
    viewer.page.get_by_role("button", name="Use these sequences").click()
    expect(viewer.page.get_by_role("dialog")).to_have_count(0)
    viewer.settle()


def test_a_file_is_given_its_label_chosen_and_its_sequences_used(viewer: Viewer, file):
    page = viewer.open(LINK)
    expect(page.get_by_text(NEEDS_FILE)).to_be_visible()
    upload(viewer, file(readings(), "48.csv"))
    expect(page.get_by_role("dialog").get_by_text("48 sequences of")).to_be_visible()
    choose_the_label(viewer)
    use(viewer)
    expect(page.get_by_text("48 sequences of 2 to 8 steps")).to_be_visible()
    expect(page.get_by_text(NEEDS_FILE)).to_have_count(0)


@pytest.mark.fuzz
def test_two_with_files_one_of_them_on_a_phone(new_viewer, file, tmp_path):
    """The second is offered nothing of the first, and a file is refused there by the server."""
    first, second = new_viewer(), new_viewer(size=PHONE)
    page = first.open(LINK)
    upload(first, file(readings(), "48.csv"))
    expect(page.get_by_role("dialog").get_by_text("48 sequences of")).to_be_visible()
    choose_the_label(first)
    use(first)
    expect(page.get_by_text("48 sequences of 2 to 8 steps")).to_be_visible()
    page = second.open(LINK)
    expect(page.get_by_text(NEEDS_FILE)).to_be_visible()
    page.get_by_test_id("stExpandSidebarButton").click()
    expect_none_and_a_refusal(second, file)
    upload(second, file(readings(60), "60.csv"))
    room = page.evaluate("""() => {
        const dialog = document.querySelector('[role=dialog]');
        return [document.documentElement.scrollWidth <= innerWidth,
                dialog.scrollWidth <= dialog.clientWidth];
    }""")
    assert room == [True, True]
    expect(page.get_by_role("dialog").get_by_text("60 sequences of")).to_be_visible()
    expect_a_script_that_names_its_columns(first, tmp_path)


def choose_the_label(viewer: Viewer) -> None:
    """Another column than the one that was taken for the label."""
    page = viewer.page
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("one of 3")).to_be_visible()
    viewer.settle()
    dialog.get_by_role("combobox", name="Label").click()
    page.get_by_role("option", name="sign", exact=True).click()
    expect(dialog.get_by_text("one of 2")).to_be_visible()


def expect_a_script_that_names_its_columns(viewer: Viewer, tmp_path: Path) -> None:
    """After training, and the sequences are there on another page too."""
    page = viewer.page
    expect(page.get_by_text(NEEDS_FILE)).to_have_count(0)
    assert "own-" not in page.url and "padded_length=12" in page.url
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text("none, exactly 0")).to_be_visible()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    viewer.settle()
    expect(page.locator(NUMBERS)).to_have_count(2)
    viewer.open_take_away()
    expect(page.get_by_text("who opens it needs the file")).to_be_visible()
    file = viewer.download(page.get_by_role("button", name="Keras script", exact=True), tmp_path)
    page.keyboard.press("Escape")
    walk(viewer, "When does it matter?")
    expect(page.get_by_text(NEEDS_FILE)).to_have_count(0)
    page.get_by_role("combobox", name="Task").click()
    expect(page.get_by_role("option", name="Your own sequences")).to_be_visible()
    # That it prints the accuracies of the app is proven in tests/uploads/test_export.
    text = file.read_text()
    names = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    assert "sign" in names and "maskdemo" not in text and "own-" not in text


def expect_none_and_a_refusal(viewer: Viewer, file) -> None:
    """Nobody is offered the sequences of others; a refusal by the server is a sentence on the page."""
    page = viewer.page
    # A page that is still being drawn closes an open list.
    viewer.settle()
    page.get_by_role("combobox", name="Task").click()
    expect(page.get_by_role("option", name="Real speech")).to_be_visible()
    expect(page.get_by_role("option", name="Your own sequences")).to_have_count(0)
    # In the same dialog the next file is taken.
    at_upload, full = re.compile("/_stcore/upload_file/"), SENTENCES[503]
    page.keyboard.press("Escape")
    page.route(at_upload, lambda route: route.fulfill(status=503, body=full))
    page.get_by_role("button", name="Your own sequences").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(file(readings(), "mine.csv"))
    expect(dialog.get_by_text(full)).to_be_visible()
    page.unroute(at_upload)
    # The browser and Streamlit have said so on the console.
    viewer.errors = [each for each in viewer.errors if "503" not in each]
