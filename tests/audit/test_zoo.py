"""Every model of the zoo is judged as it should be, and the layer at fault is named."""

from pathlib import Path

import keras
import numpy as np
import pytest

from maskdemo.audit import audit
from maskdemo.audit.rebuild import audit_config
from tests.audit import table
from tests.audit.keras_io import PUBLISHED
from tests.audit.zoo import ZOO, Specimen

pytestmark = pytest.mark.slow

DOCS = Path(__file__).resolve().parents[2] / "docs" / "audit-zoo.md"

#: Said of most models that are right; the zoo does not repeat it.
USUAL = {"cudnn"}
#: One of each kind is audited with everything, as `make bench` does with all of them; for the others
#: two amounts of padding will do, and no saved copy.
WHOLE = {
    "attention_as_a_graph",
    "convolution",
    "custom_layer",
    "fixed_length",
    "half_precision",
    "mask_value_as_a_tensor",
    "masked_plus_unmasked",
    "masking_lstm",
    "own_model_with_attention",
    "times_two",
}
QUICK = {"added": (1, 7), "saved": False}


def judged(specimen: Specimen):
    keras.utils.clear_session(free_memory=False)
    model = specimen.build()
    keras.config.set_dtype_policy("float32")
    own = [keras.ops.convert_to_numpy(each).copy() for each in model.weights]
    report = audit(model, **specimen.given | ({} if specimen.name in WHOLE else QUICK))
    for before, variable in zip(own, model.weights, strict=False):
        assert np.array_equal(before, keras.ops.convert_to_numpy(variable)), "weights were changed"
    return report


@pytest.mark.parametrize("specimen", ZOO.values(), ids=list(ZOO))
def test_judged_as_it_should_be(specimen):
    report = judged(specimen)
    leaks = [(each.cause, each.layer) for each in report.leaks]
    expected = [(specimen.cause, specimen.layer)] if specimen.cause else []
    assert leaks == [*expected, *specimen.further]
    others = {each.cause for each in report.findings if each.severity != "leak"}
    assert others - USUAL == set(specimen.also)
    at_fault = {each.name for each in report.layers if each.at_fault}
    assert at_fault <= {layer for _, layer in leaks}


def test_large_enough_and_balanced():
    wrong = [each for each in ZOO.values() if each.cause]
    assert len(ZOO) >= 100
    assert len(wrong) >= 50 and len(ZOO) - len(wrong) >= 50


@pytest.mark.parametrize("example", PUBLISHED.values(), ids=list(PUBLISHED))
def test_examples_of_keras_io(example):
    keras.utils.clear_session(free_memory=False)
    report = audit_config(example.build().to_json())
    expected = [(example.cause, example.layer)] if example.cause else []
    assert [(each.cause, each.layer) for each in report.leaks] == expected


def test_the_table_of_the_docs_is_up_to_date():
    assert DOCS.read_text(encoding="utf-8") == table.page(), "run python -m tests.audit.table"
