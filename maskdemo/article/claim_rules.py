"""The rules of the claims: whether a claim held in one case, and the numbers that say so.

Each rule takes a case and all measurements and returns (held, numbers); held is None where undecided.

Accuracies are judged by `maskdemo.evidence`, in the words of the case's own run.
"""

from __future__ import annotations

import math

import numpy as np

from maskdemo.article.judgement import Case, MeasuredNumber
from maskdemo.article.measurements import Measurements, RunMeasurements
from maskdemo.article.program_run import ROUNDING
from maskdemo.evidence import BASELINE, MARGIN, METHOD, Interval, interval
from maskdemo.evidence.phrases import counted, number
from maskdemo.evidence.verdict import MARGIN_POINTS
from maskdemo.experiment import Experiment

#: A change of a probability (0 to 1) that nobody would see.
TRACE = 0.01
#: A ratio of computing times that nobody would act on.
SLIGHT = 1.05

RULES = f"""
Each claim is tried in several cases, and held in some of them or in all. What the article says is so
*usually* held if it did in more than half of the cases, and not if it could not even if all undecided
ones held. No condition is read into so few cases. In each case networks are trained in some repeats. A
point is a hundredth: of accuracy, or of a probability.

- Accuracies are judged by the words that the case's run has in the playground: a mask adds to the
  accuracy where it *helps* or is *required*, and does not where it *hurts* or is *the same*, within
  {MARGIN_POINTS} points. {METHOD}
- An output moves if it does by more than {number(100 * TRACE)} point of probability in every repeat,
  and does not if in none.
- Training is slower where the whole interval of the ratio of times is above 1, and is not where it
  ends below {number(SLIGHT)}.
- What lies between is undecided.
"""

#: (whether the claim held, None if undecided; what was measured).
Answer = tuple[bool | None, tuple[MeasuredNumber, ...]]


def adds_nothing(case: Case, measurements: Measurements) -> Answer:
    """The claim holds if the mask hurts or is the same as no mask, and does not if it adds."""
    held, numbers = adds(case, measurements)
    return _negated(held), numbers


def adds(case: Case, measurements: Measurements) -> Answer:
    """The claim holds if the mask helps or is required, and does not if it hurts or is the same."""
    verdict = measurements.runs[case.experiment].verdict(case.strategy)
    held = None if verdict.word == "undecided" else verdict.word in ("helps", "required")
    return held, (_points_number("Added by the mask", verdict.difference),)


def moves(case: Case, measurements: Measurements) -> Answer:
    """The claim holds if outputs move without the padding in every repeat (`_moves`)."""
    run = measurements.runs[case.experiment]
    return _moves(run, case.strategy), (_leak_number(run, case.strategy),)


def is_required(case: Case, measurements: Measurements) -> Answer:
    """The claim holds if the verdict on the mask is "required".

    It does not if it is `Verdict.surely_not_required`.
    """
    run = measurements.runs[case.experiment]
    verdict = run.verdict(case.strategy)
    numbers = [
        _points_number("Above chance, no mask", run.above_chance(BASELINE)),
        _points_number("Above chance, mask", run.above_chance(case.strategy)),
    ]
    if "last_valid_step" in case.experiment.strategies:
        other = run.verdict("last_valid_step", over=case.strategy)
        numbers.append(
            _points_number("Answering after the last real step, against it", other.difference)
        )
    if verdict.word == "required":
        return True, tuple(numbers)
    return False if verdict.surely_not_required else None, tuple(numbers)


def state_is_zero(case: Case, measurements: Measurements) -> Answer:
    """The claim holds if Keras's inputs and states are 0 at masked steps, and does not if they are not.

    Undecided unless the verdict on the case's strategy, a state set to zero, over a held state agrees:
    "the same" if they are 0; if not, any other word but "undecided".
    """
    keras_result = measurements.checks["masked_steps"][case.experiment.side]
    verdict = measurements.runs[case.experiment].verdict(case.strategy, over="held_state")
    at_zero = max(keras_result["input"], keras_result["state"]) <= ROUNDING
    agree = verdict.word != "undecided" and at_zero == (verdict.word == "the same")
    return at_zero if agree else None, (
        _exact_number("Keras: largest input at masked steps", keras_result["input"]),
        _exact_number("Keras: largest state at masked steps", keras_result["state"]),
        _exact_number("Keras: largest change of the state there", keras_result["moved"]),
        _points_number("Accuracy, state set to zero against held", verdict.difference),
    )


def has_no_part(case: Case, measurements: Measurements) -> Answer:
    """The claim holds if outputs do not move without the masked steps and no gradient lands on them.

    Neither by more than `ROUNDING`; of `held_state` Keras's numbers count too. It is never undecided.
    """
    run = measurements.runs[case.experiment]
    padding, real = run.gradients[case.strategy]
    share = padding / (padding + real) if padding else 0.0
    numbers = [
        _leak_number(run, case.strategy),
        _exact_number("Share of the gradient on padding", share, "%"),
        _exact_number("Gradient on real steps, summed norms", real),
    ]
    largest = max(*run.leaks[case.strategy], share)
    if case.strategy == "held_state":
        # What holds for our recurrence is said of Keras: Keras must agree.
        keras_result = measurements.checks["masked_steps"][case.experiment.side]
        largest = max(largest, keras_result["leak"], keras_result["gradient"])
        numbers += [
            _exact_number("Keras: largest change of an output", keras_result["leak"]),
            _exact_number("Keras: largest gradient at masked steps", keras_result["gradient"]),
        ]
    return largest <= ROUNDING, tuple(numbers)


def mask_matches_padding(case: Case, measurements: Measurements) -> Answer:
    """The claim holds if every padded or missing step is masked and no real step is.

    The accuracy against a mask from the true lengths is measured too, and takes no part in the answer.
    """
    run = measurements.runs[case.experiment]
    padded, real = run.masked
    against = run.verdict(case.strategy, over="held_state").difference
    return padded == 1 and real == 0, (
        _exact_number("Padded steps masked", padded, "%"),
        _exact_number("Real steps masked", real, "%"),
        _points_number("Accuracy against a mask from the true lengths", against),
    )


def masks_by_hand(case: Case, measurements: Measurements) -> Answer:
    """The claim holds if outputs do not move without the padding, see `_moves`."""
    run = measurements.runs[case.experiment]
    held_state = run.verdict(case.strategy, over="held_state").difference
    return _negated(_moves(run, case.strategy)), (
        _leak_number(run, case.strategy),
        _exact_number("Largest difference from an output without mask", run.apart[case.strategy]),
        _points_number("Accuracy against no mask", run.verdict(case.strategy).difference),
        _points_number("Accuracy against a held state", held_state),
    )


def receives_mask(case: Case, measurements: Measurements) -> Answer:
    """The claim holds if a layer received the mask with `supports_masking` and did not without it.

    `case.keras` says whether there is a Masking layer before it, 1, or none, 0.
    """
    layers = measurements.checks["custom_layer"]["layers"]
    by_kind = {(layer["masking"], layer["supports"]): layer for layer in layers}
    with_it, without = by_kind[bool(case.keras), True], by_kind[bool(case.keras), False]
    numbers = [
        _exact_number(f"Mask {name}, supports_masking = {layer['supports']}", layer[key], "yes or no")
        for name, key in (("received", "received"), ("passed on", "passed"))
        for layer in (with_it, without)
    ]
    if not with_it["received"]:
        gain = measurements.runs[case.experiment].verdict(case.strategy).difference
        numbers.append(_points_number("Accuracy that a mask would have added", gain))
    return with_it["received"] and not without["received"], tuple(numbers)


def is_slower(case: Case, measurements: Measurements) -> Answer:
    """The claim holds if the whole 95% interval of the ratio of processor times is above 1.

    The ratio is that of the case's experiment with a Masking layer to without. Not held if the interval
    begins at or below 1 and ends below `SLIGHT`; anything else, and an untimed case, is undecided.
    """
    # On a logarithmic scale, where twice and half as long are equally far from 1.
    timed = measurements.checks["epoch_seconds"]["ratios"]
    ratios = {Experiment.from_json(text): each for text, each in timed}.get(case.experiment)
    if ratios is None:
        return None, ()
    limits = interval(np.log(ratios))
    mean, low, high = (math.exp(each) for each in (limits.mean, limits.low, limits.high))
    rounds = counted(limits.count, "round")
    name = "Processor time against that without a mask"
    measured = MeasuredNumber(name, mean, low, high, "times", "95% interval", rounds)
    return True if low > 1 else False if high < SLIGHT else None, (measured,)


def beats_chance(case: Case, measurements: Measurements) -> Answer:
    """The claim holds if the whole interval of the accuracy is above chance.

    Else it does not hold if the interval ends less than `MARGIN` above chance.
    """
    above = measurements.runs[case.experiment].above_chance(case.strategy)
    held = True if above.low > 0 else False if above.high < MARGIN else None
    return held, (_points_number("Accuracy above chance", above),)


def _moves(run: RunMeasurements, strategy: str) -> bool | None:
    """Whether outputs move by more than `TRACE` without the padding; None if in some repeats only."""
    leaks = run.leaks[strategy]
    return True if min(leaks) > TRACE else False if max(leaks) <= TRACE else None


def _negated(held: bool | None) -> bool | None:
    """Return the opposite answer; None, which is undecided, stays None."""
    return None if held is None else not held


def _points_number(name: str, interval: Interval) -> MeasuredNumber:
    """Return a difference of shares (-1 to 1), with its 95 % interval, as a number of unit "points"."""
    repeats = counted(interval.count, "repeat")
    return MeasuredNumber(
        name, interval.mean, interval.low, interval.high, "points", "95% interval", repeats
    )


def _leak_number(run: RunMeasurements, strategy: str) -> MeasuredNumber:
    """Return a strategy's mean leak (0 to 1), with its range over the repeats."""
    leaks = run.leaks[strategy]
    mean, repeats = sum(leaks) / len(leaks), counted(len(leaks), "repeat")
    name = "Largest change of an output"
    return MeasuredNumber(name, mean, min(leaks), max(leaks), "probability", "range", repeats)


def _exact_number(name: str, value: float, unit: str = "") -> MeasuredNumber:
    """Return a measured number without a spread."""
    return MeasuredNumber(name, value, value, value, unit)
