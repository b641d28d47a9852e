"""Every model of the zoo is judged as it should be, and the layer at fault is named."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from maskdemo.audit import UnsupportedModel, audit
from maskdemo.audit.build_from_config import audit_config
from maskdemo.audit.configuration import safe_config
from maskdemo.audit.fault_sentences import CAUSES
from tests.audit import table
from tests.audit.keras_io import PUBLISHED
from tests.audit.zoo import ZOO, Specimen

pytestmark = pytest.mark.slow

DOCS = Path(__file__).resolve().parents[2] / "docs" / "audit-zoo.md"

#: Said of most models that are right; the zoo does not repeat it.
USUAL = {"cudnn"}
#: Causes that no specimen shows yet.
WITHOUT = {"more_at_fault"}
#: One of each kind is audited with everything, as `make bench` does with all of them; for the others
#: two amounts of padding will do, and no saved copy.
WHOLE = {
    "attention_as_a_graph",
    "convolution",
    "custom_layer",
    "factor_that_is_not_saved",
    "fixed_length",
    "half_precision",
    "mask_value_as_a_tensor",
    "masked_plus_unmasked",
    "masking_lstm",
    "own_model_with_attention",
    "times_two",
}
QUICK = {"added": (1, 7), "saved": False}
#: What `make test` audits, with the least padding unless in `WHOLE`: every cause, every way of losing a
#: mask, a model that has states, and models that are right. Of several that show a cause the quickest,
#: which seldom has a recurrent layer.
IN_TEST = {
    "area_under_the_curve_over_padding",
    "bits_masked_with_zero",
    "causal_convolution_a_step",
    "custom_layer_that_passes_none_on",
    "doubled_in_eager_mode_only",
    "factor_that_is_not_saved",
    "initial_state",
    "labels_of_keras_3_16",
    "largest_of_two",
    "last_step",
    "lstm_of_keras_3_16",
    "mask_shifted_by_a_step",
    "masked_after_normalization",
    "masked_plus_unmasked",
    "masked_weights_in_ones_own_code",
    "masking_lstm",
    "mean_over_the_padded_length",
    "mean_without_a_mask",
    "noise_when_it_predicts",
    "own_model_with_an_operation",
    "own_model_with_attention",
    "plain_mean",
    "positions_padded_on_both_sides",
    "sequences_that_mix",
    "shares_of_nothing",
    "stateful_of_many",
    "time_distributed_of_unknown_length",
    "weights_in_ones_own_code",
}


def causes_of(specimen: Specimen) -> set[str]:
    return {specimen.cause, *specimen.also, *(cause for cause, _ in specimen.further)} - {""}


def arguments_of(specimen: Specimen) -> dict[str, Any]:
    """The arguments with which a specimen is audited."""
    if specimen.name in WHOLE:
        return specimen.given
    return specimen.given | QUICK | ({"added": (1,)} if specimen.name in IN_TEST else {})


def judged(specimen: Specimen):
    """The report on a specimen, or the error that says why there is none."""
    keras.utils.clear_session(free_memory=False)
    model = specimen.build()
    keras.config.set_dtype_policy("float32")
    own = [keras.ops.convert_to_numpy(each).copy() for each in model.weights]
    try:
        report = audit(model, **arguments_of(specimen))
    except UnsupportedModel as refused:
        report = refused
    for before, variable in zip(own, model.weights, strict=False):
        assert np.array_equal(before, keras.ops.convert_to_numpy(variable)), "weights were changed"
    return report


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each in IN_TEST else pytest.mark.fuzz) for each in ZOO],
)
def test_judged_as_it_should_be(name):
    specimen = ZOO[name]
    report = judged(specimen)
    if specimen.cannot:
        assert isinstance(report, UnsupportedModel) and specimen.cannot in str(report)
        return
    assert not isinstance(report, UnsupportedModel), report
    leaks = [(each.cause, each.layer) for each in report.leaks]
    expected = [(specimen.cause, specimen.layer)] if specimen.cause else []
    assert leaks == [*expected, *specimen.further]
    if specimen.cures is not None:
        assert specimen.cures in (report.leaks[0].cures or ())
    others = {each.cause for each in report.findings if each.severity != "leak"}
    assert others - USUAL == set(specimen.also)
    at_fault = {each.name for each in report.layers if each.at_fault}
    assert at_fault <= {layer for _, layer in leaks}


def test_every_change_meets_every_cause_and_models_that_are_right():
    specimens = [ZOO[name] for name in IN_TEST]
    assert set().union(*map(causes_of, specimens)) | USUAL | WITHOUT == set(CAUSES)
    assert any(each.cannot for each in specimens)
    assert sum(not each.cause and not each.cannot for each in specimens) >= 5


# `make test` audits configurations in `test_example_models`.
@pytest.mark.fuzz
@pytest.mark.parametrize("name", PUBLISHED)
def test_examples_of_keras_io(name):
    example = PUBLISHED[name]
    keras.utils.clear_session(free_memory=False)
    report = audit_config(safe_config(example.build().to_json()))
    assert [(each.cause, each.layer) for each in report.leaks] == [*example.leaks]


def test_the_table_of_the_docs_is_up_to_date():
    assert DOCS.read_text(encoding="utf-8") == table.page(), "run python -m tests.audit.table"
