"""`check_padding`: the audit as named checks for pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from maskdemo.audit.exception_sentences import failure_sentence
from maskdemo.audit.report import Report
from maskdemo.audit.run_audit import audit


class PaddingLeaks(AssertionError):
    """A check failed: the message says what leaks, where and why."""


class NothingChecked(AssertionError):
    """The audit came to no answer: the message says why."""


class Check:
    """A check to be called without arguments.

    report: a function that returns the report, or raises NothingChecked. reason: why the check is
    expected to fail; "" where it is to pass.
    """

    def __init__(self, name: str, report: Callable[[], Report], reason: str = "") -> None:
        self.name = self.__name__ = name
        self._report, self._reason = report, reason

    def __call__(self) -> None:
        """Raise PaddingLeaks where the check fails, or passes unexpectedly.

        Raises NothingChecked where there is no report, or no check of this name.
        """
        __tracebackhide__ = True  # pytest shows the sentence, not these lines
        if self.name not in CAUSES_OF:
            raise NothingChecked(f"There is no check {self.name}. There are {', '.join(CAUSES_OF)}.")
        complaint = _failure_message(self.name, self._report())
        if complaint and not self._reason:
            raise PaddingLeaks(complaint)
        if self._reason and not complaint:
            raise PaddingLeaks(f"{self.name} was expected to fail ({self._reason}), and it passed.")

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
        yield Check(name, report, expected.pop(name, ""))
    for name in expected:
        yield Check(name, report)


def _failure_message(name: str, report: Report) -> str:
    """Return why the check of this name fails; "" where it passes.

    "post_padding" and "pre_padding" fail where outputs move, unless `report.clean`; "finite" where
    sequences were left out; others for findings, leaks alone, of their CAUSES_OF.
    """
    if name in ("post_padding", "pre_padding"):
        side = name.removesuffix("_padding")
        leaking = [each for each in report.measures if each.side == side and each.leaks]
        if not leaking or report.clean:
            return ""
        worst = max(leaking, key=lambda each: each.largest)
        return (
            f"With {worst.added} steps of padding ({side}) outputs move by up to {worst.largest:.2g}."
        )
    if name == "finite":
        return " ".join(report.tried.why_left_out)
    leaks = [each for each in report.leaks if each.cause in CAUSES_OF[name]]
    return " ".join(f"{each.title}. {each.seen} {each.why} {each.source}" for each in leaks)
