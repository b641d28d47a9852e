"""The programs that are offered as fixes run, and are clean."""

import runpy
from pathlib import Path

import keras
import pytest

import maskdemo.audit
from maskdemo.audit import audit
from maskdemo.audit.causes import CAUSES

PROGRAMS = sorted((Path(maskdemo.audit.__file__).parent / "fixes").glob("*.py"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_fix_runs_and_is_clean(path):
    keras.utils.clear_session(free_memory=False)
    model = runpy.run_path(str(path))["model"]
    assert audit(model, saved=False).clean


def test_every_program_belongs_to_a_cause_and_every_leak_that_code_can_mend_has_one():
    used = {cause.fix for cause in CAUSES.values() if cause.fix}
    assert used == {path.stem for path in PROGRAMS}
    without = {name for name, cause in CAUSES.items() if cause.severity == "leak" and not cause.fix}
    assert without == {"graph_differs", "saved_differs", "rows_mix"}


def test_every_cause_has_words_and_a_source():
    for cause in CAUSES.values():
        for text in (cause.title, cause.why):
            assert text.format(layer="lstm", of_class="LSTM")
        assert cause.why.endswith(".") and cause.source.startswith("https://")
