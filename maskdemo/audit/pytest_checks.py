"""`check_padding`: the audit as named checks for pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from maskdemo.audit.error_sentences import failure_sentence
from maskdemo.audit.report import Report
from maskdemo.audit.run_audit import audit


class PaddingLeaks(AssertionError):
    """A check failed: the message says what leaks, where and why."""


class NothingChecked(AssertionError):
    """The audit came to no answer: the message says why."""


class Check:
    """A call without arguments that raises PaddingLeaks where the check named `name` fails."""

    def __init__(self, name: str, check: Callable[[], None]) -> None:
        self.name = self.__name__ = name
        self._check = check

    def __call__(self) -> None:
        """Run the check."""
        __tracebackhide__ = True  # pytest shows the sentence, not these lines
        self._check()

    def __repr__(self) -> str:
        return self.name


#: Causes that make each check fail, by the name of the check.
CAUSES_OF = {
    "post_padding": (),
    "pre_padding": (),
    "masks": (
        "no_mask", "dropped_with_warning", "dropped_silently", "dropped_by_layer", "unrecorded",
        "ignored", "mixed", "taken_off", "initial_state", "recurrent_passes_none", "mask_never_matches",
        "border", "own_code", "wrong_mask", "other_steps",
    ),
    "alone_as_in_a_batch": ("rows_mix",),
    "predict_as_call": ("steps_lost", "graph_differs"),
    "saved_as_built": ("saved_differs",),
    "loss": ("loss_counts_padding", "loss_not_finite"),
    "metrics": ("metric_counts_padding",),
    "real_steps": ("real_rows_masked",),
    "finite": (),
}  # fmt: skip


def check_padding(
    model: Any,
    sequences: Any = None,
    *,
    expected_failures: Mapping[str, str] | None = None,
    **settings: Any,
) -> Iterator[Check]:
    """Yield the checks by name, as scikit-learn's `check_estimator` does, for pytest to run.

    model: a built Keras model, or a function without arguments that builds one: it is called once, when
    the first check runs. expected_failures: name of a check -> why it fails; such a check passes only
    if it fails. settings: further arguments of `audit`.

    Whatever goes wrong is a failing check, so that nothing is raised while pytest collects: an audit
    that comes to no answer fails all checks, an expected failure of a check that does not exist is one.
    """
    expected = dict(expected_failures or {})

    @cache
    def outcome() -> Report | Exception:
        try:
            built = model if hasattr(model, "_flatten_layers") else model()
            return audit(built, sequences, **settings)
        except Exception as failure:  # whatever a model, or building it, can raise
            return failure

    def report() -> Report:
        __tracebackhide__ = True
        result = outcome()
        if isinstance(result, Report):
            return result
        raise NothingChecked(failure_sentence(result)) from result

    for name in CAUSES_OF:
        yield Check(name, _check_with_expectation(name, report, expected.pop(name, "")))
    for name in expected:
        yield Check(name, _check_without_name(name))


def _check_without_name(name: str) -> Callable[[], None]:
    """Return a check that raises NothingChecked, as CAUSES_OF has none of this name."""

    def check() -> None:
        __tracebackhide__ = True
        raise NothingChecked(f"There is no check {name}. There are {', '.join(CAUSES_OF)}.")

    return check


def _check_with_expectation(name: str, report: Callable[[], Report], reason: str) -> Callable[[], None]:
    """Return a check that raises PaddingLeaks if it fails, or, with a reason to fail, if it passes.

    report: a function that returns the report, or raises NothingChecked.
    """

    def check() -> None:
        __tracebackhide__ = True
        complaint = _failure_message(name, report())
        if complaint and not reason:
            raise PaddingLeaks(complaint)
        if reason and not complaint:
            raise PaddingLeaks(f"{name} was expected to fail ({reason}), and it passed.")

    return check


def _failure_message(name: str, report: Report) -> str:
    """Return why the check of this name fails; "" where it passes."""
    if name in ("post_padding", "pre_padding"):
        side = name.removesuffix("_padding")
        leaking = [each for each in report.measures if each.side == side and each.leaks]
        if not leaking or report.clean:
            return ""  # what no mask can help is no failure
        worst = max(leaking, key=lambda each: each.largest)
        return (
            f"With {worst.added} steps of padding ({side}) outputs move by up to {worst.largest:.2g}."
        )
    if name == "finite":
        return " ".join(report.tried.why_left_out)
    leaks = [each for each in report.leaks if each.cause in CAUSES_OF[name]]
    return " ".join(f"{each.title}. {each.seen} {each.why} {each.source}" for each in leaks)
