"""`check_padding` yields checks by name. The example of the docs runs in `tests/test_package.py`."""

from typing import Any

import pytest

from maskdemo.audit.fault_sentences import CAUSES
from maskdemo.audit.pytest_checks import CAUSES_OF, NothingChecked, PaddingLeaks, check_padding
from tests.audit.zoo import ZOO

QUICK: dict[str, Any] = {"saved": False, "added": (1,)}


def failing(checks) -> set[str]:
    failed = set()
    for check in checks:
        try:
            check()
        except PaddingLeaks:
            failed.add(check.name)
    return failed


def test_a_right_model_passes_every_check_also_those_that_were_expected_to_fail():
    expected = {"loss": "we weigh the steps"}
    checks = check_padding(ZOO["masking_lstm"].build, expected_failures=expected, **QUICK)
    assert failing(checks) == {"loss"}


def test_a_wrong_model_fails_by_name_unless_that_was_expected():
    expected = {"masks": "the convolution is short"}
    checks = check_padding(ZOO["convolution"].build(), expected_failures=expected, **QUICK)
    assert failing(checks) == {"post_padding", "pre_padding"}


@pytest.mark.fuzz
def test_a_loss_over_padding_fails_by_name():
    assert failing(check_padding(ZOO["loss_over_padding"].build, **QUICK)) == {"loss"}


def test_an_expected_failure_that_does_not_exist():
    checks = list(check_padding(ZOO["masking_lstm"].build, expected_failures={"los": "typing"}))
    assert checks[-1].name == "los"
    with pytest.raises(NothingChecked, match="no check los"):
        checks[-1]()


def test_an_unexpected_error_fails_every_check_and_is_told_once_it_runs():
    built = []

    def build():
        built.append(1)
        raise KeyError("weights of March")

    checks = list(check_padding(build, expected_failures={"masks": "a leak, not an error"}))
    for check in checks:
        with pytest.raises(NothingChecked, match=r"unexpected error\. KeyError: 'weights of March'"):
            check()
    assert len(built) == 1


def test_nothing_is_built_before_a_check_runs():
    def build():
        raise AssertionError("built too early")

    assert [check.name for check in check_padding(build)] == list(CAUSES_OF)


def test_every_leak_fails_a_check():
    covered = {cause for causes in CAUSES_OF.values() for cause in causes}
    assert covered == {name for name, cause in CAUSES.items() if cause.severity == "leak"}
