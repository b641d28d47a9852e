"""Every model of the zoo is judged as it should be, and the layer at fault is named."""

import keras
import numpy as np
import pytest

from maskdemo.audit import audit
from tests.audit.zoo import ZOO, Specimen

#: Said of most models that are right; the zoo does not repeat it.
USUAL = {"cudnn"}


def judged(specimen: Specimen):
    keras.utils.clear_session()
    model = specimen.build()
    keras.config.set_dtype_policy("float32")
    own = [keras.ops.convert_to_numpy(each).copy() for each in model.weights]
    report = audit(model, **specimen.given)
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
