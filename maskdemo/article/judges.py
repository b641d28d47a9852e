"""What was measured -> what may be said of a claim: one function a claim, by the rules of `rules`.

Each looks at every case, and `finding.conclude` makes the verdict of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from maskdemo.article.finding import Finding, Number, Trial, Tried, conclude
from maskdemo.article.measured import Evidence, Measured
from maskdemo.article.rules import (
    ROUNDING,
    exact,
    is_slower,
    is_small,
    leak,
    moves,
    opposite,
    points,
    rises,
)
from maskdemo.evidence.former import BASELINE, interval

Trials = tuple[Trial, ...]


def needs_no_mask(trials: Trials, evidence: Evidence) -> Finding:
    """Held where a mask adds nothing to the accuracy."""
    tried = _gains(trials, evidence, wanted=False)
    return conclude(
        tried, _tell(tried, "A Masking layer adds nothing to the accuracy", "Added by the mask")
    )


def helps(trials: Trials, evidence: Evidence) -> Finding:
    """Held where a mask adds to the accuracy."""
    tried = _gains(trials, evidence, wanted=True)
    return conclude(
        tried, _tell(tried, "A Masking layer adds to the accuracy", "Added by the mask")
    )


def distorts(trials: Trials, evidence: Evidence) -> Finding:
    """Held where the outputs without a mask move when the padding is taken away."""
    what = "Largest change of an output"
    tried = tuple(
        Tried(trial, moves(run.leak(BASELINE)), (leak(what, run, BASELINE),))
        for trial, run in _runs(trials, evidence)
    )
    return conclude(tried, _tell(tried, "The padding alone moves the outputs", what))


def costs_accuracy(trials: Trials, evidence: Evidence) -> Finding:
    """Held where the mask is more accurate than no mask."""
    what = "Accuracy lost without a mask"
    tried = tuple(
        Tried(trial, rises(lost), (points(what, lost, run),))
        for trial, run in _runs(trials, evidence)
        for lost in (run.gain(trial.strategy),)
    )
    return conclude(tried, _tell(tried, "Reading the padding loses accuracy", what))


def essential(trials: Trials, evidence: Evidence) -> Finding:
    """Held where no mask keeps less than half of what the mask learns above chance."""
    tried = []
    for trial, run in _runs(trials, evidence):
        _, low, high = run.short_of_half(trial.strategy)
        above = [
            points(f"Above chance, {title}", run.above_chance(name), run)
            for name, title in ((BASELINE, "no mask"), (trial.strategy, "mask"))
        ]
        tried.append(Tried(trial, True if low > 0 else False if high <= 0 else None, tuple(above)))
    said = _in(tried, "Without a mask less than half of what can be learned is learned")
    for trial, run in _runs(trials, evidence):
        if "last_valid_step" not in run.accuracies or not rises(run.gain(trial.strategy)):
            continue
        other = run.gain("last_valid_step", over=trial.strategy)
        if is_small(other):
            number = points("accuracy against the mask", other, run)
            said += (
                " A mask is not the only way: answering after the last real step does as well "
                f"({trial.title.lower()}, {number.what} {number.words})."
            )
    return conclude(tried, said)


def zeroes(trials: Trials, evidence: Evidence) -> Finding:
    """Held where Keras's state is zero and zeroing it changes nothing: both must agree."""
    keras = evidence.checks["masked_steps"]
    what = "Accuracy, state set to zero against held"
    tried = []
    for trial, run in _runs(trials, evidence):
        seen = keras[trial.experiment.side]
        gain = run.gain(trial.strategy, over="held_state")
        at_zero = max(seen["input"], seen["state"]) <= ROUNDING
        differs = gain[1] > 0 or gain[2] < 0
        holds = True if at_zero and is_small(gain) else False if differs and not at_zero else None
        numbers = (
            exact("Keras: largest input at masked steps", seen["input"]),
            exact("Keras: largest state at masked steps", seen["state"]),
            exact("Keras: largest change of the state there", seen["moved"]),
            points(what, gain, run),
        )
        tried.append(Tried(trial, holds, numbers))
    sides = [keras[trial.experiment.side] for trial in trials]
    fed = "zeros" if max(each["input"] for each in sides) <= ROUNDING else "other values than zeros"
    kept = "holds" if max(each["moved"] for each in sides) <= ROUNDING else "changes"
    said = f"At masked steps Keras feeds {fed} and {kept} the state."
    return conclude(
        tried, f"{said} {_tell(tried, 'The state that it keeps is zero', what)}"
    )


def no_contribution(trials: Trials, evidence: Evidence) -> Finding:
    """Held where outputs do not move without the masked steps and no gradient lands on them."""
    keras = evidence.checks["masked_steps"]
    tried = []
    for trial, run in _runs(trials, evidence):
        padding, real = run.gradients[trial.strategy]
        share = padding / (padding + real) if padding else 0.0
        numbers = [
            leak("Largest change of an output", run, trial.strategy),
            exact("Share of the gradient on padding", share, "%"),
            exact("Gradient on real steps, summed norms", real),
        ]
        most = max(run.leak(trial.strategy)[2], share)
        if trial.strategy == "held_state":
            # What holds for our recurrence is said of Keras: Keras must agree.
            seen = keras[trial.experiment.side]
            most = max(most, seen["leak"], seen["gradient"])
            numbers += [
                exact("Keras: largest change of an output", seen["leak"]),
                exact("Keras: largest gradient at masked steps", seen["gradient"]),
            ]
        tried.append(Tried(trial, most <= ROUNDING, tuple(numbers)))
    said = _in(tried, "Outputs and gradients are free of the masked steps")
    for each in tried:
        if evidence.runs[each.trial.experiment].gradients[each.trial.strategy] == (0, 0):
            said += (
                f" {each.trial.title}: no gradient reaches the real steps either, because what they "
                "left in the state is erased."
            )
    return conclude(tried, said)


def finds_padding(trials: Trials, evidence: Evidence) -> Finding:
    """Held where every padded step is masked and no real one."""
    what = "Accuracy against a mask from the true lengths"
    tried = []
    for trial, run in _runs(trials, evidence):
        padded, real = run.masked
        numbers = (
            exact("Padded steps masked", padded, "%"),
            exact("Real steps masked", real, "%"),
            points(what, run.gain(trial.strategy, over="held_state"), run),
        )
        tried.append(Tried(trial, padded == 1 and real == 0, numbers))
    return conclude(tried, _tell(tried, "All padded steps are masked and no real one is", what))


def masks_by_hand(trials: Trials, evidence: Evidence) -> Finding:
    """Held where outputs with zeroed inputs do not move with the padding."""
    what = "Accuracy against a held state"
    tried = tuple(
        Tried(
            trial,
            opposite(moves(run.leak(trial.strategy))),
            (
                leak("Largest change of an output", run, trial.strategy),
                exact("Largest difference from an output without mask", run.apart[trial.strategy]),
                points("Accuracy against no mask", run.gain(trial.strategy), run),
                points(what, run.gain(trial.strategy, over="held_state"), run),
            ),
        )
        for trial, run in _runs(trials, evidence)
    )
    said = _tell(tried, "With the inputs zeroed the outputs are free of the padding", what)
    same = [each for each in tried if each.numbers[1].value == 0]
    if same:
        said += f" In {len(same)} every output is exactly that of the network without a mask."
    return conclude(tried, said)


def receives_mask(trials: Trials, evidence: Evidence) -> Finding:
    """Held where a layer received the mask with `supports_masking` and did not without it.

    The trials are a layer alone and one behind a Masking layer.
    """
    layers = evidence.checks["custom_layer"]["layers"]
    answers = {(each["masking"], each["supports"]): each for each in layers}
    tried = []
    for masking, (trial, run) in enumerate(_runs(trials, evidence)):
        with_it, without = answers[bool(masking), True], answers[bool(masking), False]
        numbers = [
            exact(
                f"Mask received with supports_masking = {each['supports']}",
                each["received"],
                "yes or no",
            )
            for each in (with_it, without)
        ]
        if not with_it["received"]:
            gain = run.gain(trial.strategy)
            numbers.append(points("Accuracy that a mask would have added", gain, run))
        held = with_it["received"] and not without["received"]
        tried.append(Tried(trial, held, tuple(numbers)))
    said = _in(tried, "supports_masking decides whether the layer receives a mask")
    if answers[True, True]["passed"] and not answers[True, False]["passed"]:
        said += " What it decides is whether the mask goes on to the next layer."
    return conclude(tried, said)


def slower(trials: Trials, evidence: Evidence) -> Finding:
    """Held where training with a Masking layer takes more processor time."""
    what = "Processor time against that without a mask"
    tried = []
    for trial, rounds in zip(trials, evidence.checks["epoch_seconds"]["ratios"], strict=True):
        # On a logarithmic scale, where twice and half as long are equally far from 1.
        mean, low, high = (math.exp(each) for each in interval(np.log(rounds)))
        number = Number(what, mean, low, high, "times", "95% interval", f"{len(rounds)} rounds")
        tried.append(Tried(trial, is_slower((mean, low, high)), (number,)))
    return conclude(
        tried, _tell(tried, "Training takes more time with a Masking layer", what)
    )


def learns(trials: Trials, evidence: Evidence) -> Finding:
    """Held where unseen sequences are told better than by chance."""
    what = "Accuracy above chance"
    tried = tuple(
        Tried(trial, rises(above), (points(what, above, run),))
        for trial, run in _runs(trials, evidence)
        for above in (run.above_chance(trial.strategy),)
    )
    return conclude(tried, _tell(tried, "Unseen sequences are told better than by chance", what))


def _runs(trials: Trials, evidence: Evidence) -> Iterator[tuple[Trial, Measured]]:
    return ((trial, evidence.runs[trial.experiment]) for trial in trials)


def _gains(trials: Trials, evidence: Evidence, *, wanted: bool) -> tuple[Tried, ...]:
    return tuple(
        Tried(
            trial,
            rises(gain) if wanted else opposite(rises(gain)),
            (points("Added by the mask", gain, run),),
        )
        for trial, run in _runs(trials, evidence)
        for gain in (run.gain(trial.strategy),)
    )


def _tell(tried: Sequence[Tried], statement: str, what: str) -> str:
    """In how many cases the statement is true, and the number `what` where it is largest."""
    most, title = max(
        (
            (number, each.trial.title)
            for each in tried
            for number in each.numbers
            if number.what == what
        ),
        key=lambda found: abs(found[0].value),
    )
    return f"{_in(tried, statement)} {what}: {most.words} in the clearest case ({title})."


def _in(tried: Sequence[Tried], statement: str) -> str:
    held, unknown = (sum(each.holds is answer for each in tried) for answer in (True, None))
    share = f"all {len(tried)}" if held == len(tried) else f"{held or 'none'} of {len(tried)}"
    left = f" {unknown} {'is' if unknown == 1 else 'are'} undecided." if unknown else ""
    return f"{statement} in {share} cases.{left}"
