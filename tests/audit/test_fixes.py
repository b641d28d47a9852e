"""The programs that are offered as fixes run as they are shown, and are clean."""

import ast

import keras
import pytest

from maskdemo.audit import audit, cures, fault_sentences
from maskdemo.audit.fault_sentences import CAUSES, program

PROGRAMS = [
    node.name
    for path in fault_sentences._PROGRAMS
    for node in ast.parse(path.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and not node.args.args
]
#: Faults of which no program mends the model itself.
WITHOUT = {"border", "graph_differs", "saved_differs", "rows_mix"}


#: One of each way to mend: `make fuzz` audits the models of the other programs.
AUDITED = {
    "make_a_mask",
    "hand_the_mask_on",
    "mask_both",
    "mask_value",
    "weigh_the_loss",
    "zero_before_convolution",
    "masked_mean",
    "masked_softmax",
    "flip_within_length",
}


def model_of(name: str) -> keras.Model:
    """The model that a program makes, run as it is shown."""
    keras.utils.clear_session(free_memory=False)
    shown: dict = {}
    exec(compile(program(name), name, "exec"), shown)
    return shown["model"]


@pytest.mark.parametrize("name", [each for each in PROGRAMS if each not in AUDITED])
def test_a_fix_that_make_test_does_not_audit_runs_as_it_is_shown(name):
    assert isinstance(model_of(name), keras.Model)


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each in AUDITED else pytest.mark.fuzz) for each in PROGRAMS],
)
def test_the_model_of_a_fix_is_clean(name):
    assert audit(model_of(name), added=(1, 7), saved=False).clean


def test_every_program_is_shown_for_something_and_every_leak_that_code_can_mend_has_one():
    of_causes = {cause.fix for cause in CAUSES.values() if cause.fix}
    of_layers = {name for _, _, name in cures._CURES}
    assert of_causes | of_layers == set(PROGRAMS)
    without = {name for name, cause in CAUSES.items() if cause.severity == "leak" and not cause.fix}
    assert without == WITHOUT


def test_a_program_says_what_it_imports():
    for name in PROGRAMS:
        text = program(name)
        assert ("ops." in text) == ("from keras import layers, ops" in text)


def test_every_cause_has_words_and_a_source():
    for cause in CAUSES.values():
        for text in (cause.title, cause.why):
            assert text.format(layer="lstm", of_class="LSTM")
        assert cause.why.endswith(".") and cause.source.startswith("https://")
