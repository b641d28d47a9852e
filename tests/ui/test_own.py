"""One's own sequences on the pages: from the file to the task, and whose they are."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from maskdemo.experiment import Experiment
from maskdemo.export.script_and_notebook import script
from maskdemo.study import VARIABLES
from maskdemo.ui import live_job
from maskdemo.uploads.limits import UPLOADS
from tests.samples import small
from tests.ui import app
from tests.ui.app import fine, keys, link_of, ran, set_link, shown, table

pytestmark = pytest.mark.usefixtures("own_server")

LINK = {"task": "own", "padded_length": "12", "epochs": "2", "units": "4", "repeats": "1",
        "strategies": "no_mask.held_state"}  # fmt: skip
FEATURES = ["x", "weight", "heat", "pulse"]
NEEDS_FILE = "which are in no link: it needs their file"


def readings(sequences: int = 48, *, seed: int = 0) -> pd.DataFrame:
    """Sequences of 2 to 8 steps, each with two labels: `sign` of the sum of x, and `kind`.

    As many features as the tasks have with which most tests train: another number compiles for seconds.
    """
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 9, size=sequences)
    frame = pd.DataFrame(
        {
            "case": np.repeat([f"case {at}" for at in range(sequences)], lengths),
            "step": np.concatenate([np.arange(length) for length in lengths]),
            "x": rng.normal(size=lengths.sum()),
            **{name: rng.normal(70, 9, size=lengths.sum()) for name in FEATURES[1:]},
        }
    )
    sums = frame.groupby("case", sort=False)["x"].transform("sum").to_numpy(float)
    frame["sign"] = np.where(sums > 0, "up", "down")
    frame["kind"] = np.repeat(rng.permutation(sequences) % 3, lengths)
    return frame


def labelled(sequences: int = 48, *, seed: int = 0) -> pd.DataFrame:
    """The same with one label, called so."""
    return readings(sequences, seed=seed).drop(columns="sign").rename(columns={"kind": "label"})


def upload(page: AppTest, content: bytes | pd.DataFrame, name: str = "mine.csv") -> AppTest:
    """Open the dialog and give it a file."""
    if "own_use" not in keys(page, "button"):
        button = next(each for each in page.button if each.label == "Your own sequences")
        fine(button.click().run())
    if isinstance(content, pd.DataFrame):
        content = content.to_csv(index=False).encode()
    uploader: Any = page.get("file_uploader")[0]
    uploader.upload(name, content, "text/csv")
    return fine(page.run())


def used(page: AppTest, content: bytes | pd.DataFrame) -> AppTest:
    """The page with these sequences as its task."""
    return fine(upload(page, content).button(key="own_use").click().run())


def column(page: AppTest, role: str):
    widgets = [*page.selectbox, *page.multiselect, *page.toggle]
    return next(each for each in widgets if str(each.key).startswith(f"own_{role}_"))


def task_of(page: AppTest, key: str = "task") -> str:
    return str(page.selectbox(key=key).value)


def test_a_file_is_told_changed_used_trained_and_taken_away():
    page = upload(app.opened(params=small().to_params()), readings())
    roles = {role: column(page, role).value for role in ("id", "order", "label", "group", "split")}
    assert roles == {"id": ["case"], "order": ["step"], "label": None, "group": None, "split": None}
    assert "No column's name says that it is the label" in shown(page).replace("\\", "")
    fine(column(page, "label").set_value("kind").run())
    told = shown(page)
    assert "48 sequences of 2 to 8 steps with 6 features" in told and "one of 3" in told
    assert "Padded to 16 steps" in told and "drawn with seed 0" in told
    fine(column(page, "label").set_value("sign").run())
    assert "sign" not in column(page, "features").value, "what is the label now is no feature"
    fine(column(page, "features").set_value(FEATURES).run())
    assert "with 4 features" in shown(page)
    used_as = page.dataframe[1].value.set_index("Column")["Used as"]
    assert used_as["sign"] == "label" and used_as["kind"] == "not used: it was not chosen"
    fine(page.button(key="own_use").click().run())
    assert not page.get("file_uploader"), "the dialog is closed"
    assert task_of(page) == "own" == link_of(page)["task"]
    assert "from your file" in shown(page) and not page.error and not page.warning
    ran(page)
    assert len(table(page)) == 2
    page.session_state["take_away"] = True
    assert "who opens it needs the file" in shown(fine(page.run()))
    newest: Any = live_job.server().status(page.session_state["viewer"], "run").newest
    experiment: Experiment = newest.experiment
    assert experiment.own is page.session_state["own_task"]
    assert "def sequences_of(path)" in script(experiment)
    for name in ("inside", "study"):
        page.switch_page(f"pages/{name}.py")
        set_link(page, LINK)
        fine(page.run())
        assert not page.warning and not page.error, name
    assert task_of(page, "study_task") == experiment.task
    assert set(VARIABLES) - set(page.selectbox(key="study_vary").options) >= {"spread"}


def test_what_cannot_be_used_is_said_and_the_session_goes_on():
    page = app.opened()
    upload(page, "naïve;x\n1;2\n".encode("utf-16"))
    assert "UTF-16" in shown(page) and "own_use" not in keys(page, "button")
    assert page.code and "utf-16" in page.code[0].value
    upload(page, readings().assign(label=1))
    assert "nothing to tell apart" in shown(page)
    assert page.button(key="own_use").disabled
    fine(column(page, "label").set_value("x").run())
    assert page.button(key="own_use").disabled and len(page.error) == 1
    upload(page, labelled())
    assert not page.error and not page.button(key="own_use").disabled
    upload(page, b"\x93NUMPY", "x.npy")
    assert (
        len(page.error) == 1 and "NumPy array" in shown(page) and "own_use" not in keys(page, "button")
    )


def test_too_many_sequences_are_drawn_and_too_long_ones_thinned_when_asked():
    rng = np.random.default_rng(0)
    many = pd.DataFrame({"id": np.repeat(np.arange(6100), 2), "x": rng.normal(size=12200)})
    page = upload(app.opened(), many.assign(label=lambda rows: rows["id"] % 2))
    assert "6,000 of that size are possible" in shown(page) and page.button(key="own_use").disabled
    draw = next(each for each in page.toggle if str(each.key).startswith("own_sample_"))
    fine(draw.set_value(True).run())
    assert "6,000 of 6,100 sequences were drawn with seed 0" in shown(page) and not page.error
    rows = np.arange(33 * 401)
    long = pd.DataFrame({"id": rows // 401, "step": rows % 401, "x": rng.normal(size=len(rows))})
    upload(page, long.assign(label=lambda rows: rows["id"] % 2))
    assert "one step in 3" in shown(page) and page.button(key="own_use").disabled
    fine(column(page, "steps").set_value("One step in 3").run())
    assert "One step in 3 was kept" in shown(page) and not page.button(key="own_use").disabled
    fine(page.button(key="own_use").click().run())
    assert page.slider(key="padded_length").value == 200
    # The next file brings a padded length of its own: twice its longest sequence.
    used(page, labelled())
    assert page.slider(key="padded_length").value == 16


def test_a_wide_table_is_named_and_a_doubtful_order_is_asked_for():
    wide = pd.DataFrame(np.zeros((40, 6)), columns=[f"x{at}" for at in range(1, 7)])
    page = upload(app.opened(), wide.assign(label=np.arange(40) % 2))
    assert "the table is wide" in shown(page) and "wide_to_long" in page.code[0].value
    upload(page, labelled().assign(step=lambda rows: "step " + rows["step"].astype(str)))
    assert "Steps cannot be sorted by 'step'" in shown(page).replace("\\", "")
    assert page.button(key="own_use").disabled
    in_order = next(each for each in page.button if str(each.key).startswith("own_in_order_"))
    fine(in_order.click().run())
    assert not page.error and not page.button(key="own_use").disabled


def test_a_link_without_the_file_says_so_and_waits_for_it():
    page = app.opened(params=LINK)
    assert NEEDS_FILE in shown(page) and task_of(page) == "japanese_vowels"
    used(page, labelled())
    assert NEEDS_FILE not in shown(page) and link_of(page) == LINK
    assert page.slider(key="padded_length").value == 12
    assert page.pills(key="strategies").value == ["no_mask", "held_state"]


def test_two_viewers_with_files_and_one_without():
    first, second, third = (app.opened() for _ in range(3))
    used(first, labelled())
    used(second, labelled(60, seed=1))
    assert "48 sequences" in shown(fine(first.run())) and "60 sequences" in shown(second)
    mine, theirs = (page.session_state["own_task"] for page in (first, second))
    assert task_of(first) == task_of(second) == "own" and mine is not theirs
    for page in (second, third):
        set_link(page, LINK)
        fine(page.run())
        assert "48 sequences" not in shown(page)
        assert ("Your own sequences" in page.selectbox(key="task").options) == (page is second)
    assert NEEDS_FILE in shown(third)
    assert "own_task" not in third.session_state
    # The same file of another viewer is another task, so nobody finds anybody's results by it.
    used(third, labelled())
    assert third.session_state["own_task"] != mine


def test_a_file_that_is_forgotten_leaves_nothing():
    gc.collect()
    others = UPLOADS.used
    page = used(app.opened(), labelled())
    task = weakref.ref(page.session_state["own_task"])
    assert UPLOADS.used > others
    fine(page.button(key="own").click().run())
    fine(page.button(key="own_forget").click().run())
    assert task_of(page) == "japanese_vowels" and link_of(page)["task"] == "japanese_vowels"
    assert "Your own sequences" not in page.selectbox(key="task").options
    assert not any(each in page.session_state for each in ("own_draft", "own_task"))
    gc.collect()
    assert task() is None and UPLOADS.used <= others


def test_after_a_refused_file_the_one_in_use_can_be_forgotten():
    page = upload(used(app.opened(), labelled()), b"\x93NUMPY", "x.npy")
    assert (
        "The sequences of your earlier file are still in use" in shown(page) and task_of(page) == "own"
    )
    fine(page.button(key="own_forget").click().run())
    assert task_of(page) == "japanese_vowels" and "own_task" not in page.session_state
