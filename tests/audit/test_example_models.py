"""Each ready example leaks, or warns and does not; put right, it is clean."""

import warnings

import keras
import pytest

from maskdemo.audit.build_from_config import audit_config
from maskdemo.audit.configuration import safe_config
from maskdemo.audit.example_models import EXAMPLES
from maskdemo.scenarios import SCENARIOS

GUILTY = {
    "convolution": ("dropped_with_warning", "convolution"),
    "operation": ("dropped_silently", "twice"),
    "attention": ("taken_off", "attention_1"),
    "sum": ("mixed", "add"),
    "half_precision": ("mask_never_matches", "masking"),
    "loss": ("loss_counts_padding", "squash"),
    "embedding": ("no_mask", "both"),
}


#: One that leaks, and one that only warns; the causes of the others are in the zoo too.
IN_TEST = ("convolution", "warning")


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(each, id=name, marks=() if name in IN_TEST else pytest.mark.fuzz)
        for name, each in EXAMPLES.items()
    ],
)
def test_an_example_is_what_it_says(example):
    keras.utils.clear_session(free_memory=False)
    assert example.scenario in SCENARIOS
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report = audit_config(safe_config(example.config))
    if not example.fixed:
        assert report.clean and any("destroy the mask" in str(each.message) for each in caught)
        return
    assert [(each.cause, each.layer) for each in report.leaks] == [GUILTY[example.name]]
    assert audit_config(safe_config(example.fixed)).clean
