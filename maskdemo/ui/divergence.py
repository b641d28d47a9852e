"""What padding, and what one step, did to one sequence: the first sentences of the inside page."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.padding import Batch
from maskdemo.evidence.phrases import counted, listed, number, percent
from maskdemo.inside.activations import Activations, states_before
from maskdemo.inside.flips import flips, turn
from maskdemo.strategies import STRATEGIES, Arrays
from maskdemo.training.snapshot import Network


def moved(after: NDArray, invalid: NDArray[np.bool_]) -> float:
    """How far the invalid steps (T,) together moved what moved most of the states (T, H) after each."""
    steps = (after - states_before(after[None])[0])[invalid]
    return float(np.abs(steps.sum(axis=0)).max()) if len(steps) else 0.0


def what_padding_did(
    looked_into: Iterable[tuple[str, Activations, Arrays]], batch: Batch, *, label: int, name: str
) -> str:
    """The first strategy's states and output, and those of the first other one that did otherwise.

    looked_into: strategies with their activations and arrays of the sequence of `batch`; no more are
    taken than are told. name: what the label is called, in Markdown.
    """
    invalid = ~batch.valid[0]
    kinds = ((batch.padding_there[0], "padded step"), (batch.missing[0], "missing reading"))
    present = [counted(int(cells.sum()), what) for cells, what in kinds if cells.any()]
    if not present:
        return "This sequence has neither padding nor gaps: a mask has nothing to hide."
    told: dict[bool, str] = {}  # by whether the state moved
    for strategy, activations, given in looked_into:
        far = moved(activations.states[0], invalid)
        if (far > 0) not in told:
            said = activations.probabilities[0, :, label]
            told[far > 0] = _did(strategy, far, said, given, batch, name)
        if len(told) == 2:
            break
    return f"What {listed(present)} did here. {' '.join(told.values())}"


def share_in_mean(given: Arrays, *, step: int) -> str:
    """How much a step (from 1) of the first sequence counts in the mean that is read."""
    if given.pool is None:
        return ""
    read = counted(int(np.count_nonzero(given.pool[0])), "step")
    share = float(given.pool[0, step - 1])
    here = f"this step is {percent(share)} of it" if share else "this step is not one of them"
    return f"The answer is read from the mean of the states after {read}: {here}."


def _did(strategy: str, far: float, said: NDArray, given: Arrays, batch: Batch, label: str) -> str:
    """said: (T,), the probability of the label after every step."""
    state = f"moved the hidden state by up to {number(far, '.2f')}" if far else "the state did not move"
    last = int(batch.last_valid[0])
    there, end = (number(float(said[at]), ".2f") for at in (last, len(said) - 1))
    output = f"the probability of label {label}"
    if last == len(said) - 1 or given.counts[0].sum() > 1:
        answer = ""
    elif given.read_out[0] == last:
        answer = f"; the answer, {output} of {there}, was read before the padding"
    elif far:
        answer = f", and {output} from {there} to {end}"
    else:
        answer = f", and {output} stayed at {end}"
    return f"**{STRATEGIES[strategy].title}:** {state}{answer}."


def what_turned_output(
    network: Network, activations: Activations, given: Arrays, batch: Batch, *, step: int, label: int,
    name: str,
) -> str:  # fmt: skip
    """What one step (from 1) did to the output, and the unit with the largest part in it: a clause.

    name: what the label is called, in Markdown.
    """
    at = step - 1
    says = activations.probabilities[0]
    if not given.advance[0, at] and given.keep[0, at]:
        held = number(float(says[at, label]), ".2f")
        return f"the probability of label {name} stays {held}."
    if at == 0:
        return "it is the first, and every unit starts from zero."
    turned = turn(network, activations, step=at, label=label)
    before, after = (number(float(says[each, label]), ".2f") for each in (at - 1, at))
    verb = "it moves the output"
    if flips(says, label)[at]:
        verb = f"it turns the output {'to' if says[at].argmax() == label else 'away from'} label {name}"
    unit = turned.unit
    (c_before, c), (h_before, h) = (
        (number(float(each[0, at - 1, unit]), ".2f"), number(float(each[0, at, unit]), ".2f"))
        for each in (activations.cells, activations.states)
    )
    cause = "the step resets both to zero"
    if given.advance[0, at]:
        keeps = float(activations.forget_gate[0, at, unit])
        adds = float(activations.input_gate[0, at, unit] * activations.candidate[0, at, unit])
        cause = f"the step keeps {percent(keeps, 0)} of *c* and adds {number(adds, '+.2f')}"
    return (
        f"{verb}: the probability of label {name} goes from {before} to "
        f"{after}. Unit {unit + 1} has the largest part in it, {number(turned.of_unit, '+.2f')} of "
        f"{number(turned.change, '+.2f')} in the label's lead: its *h* goes from {h_before} to {h} and "
        f"its memory *c* from {c_before} to {c}, because {cause}."
    )
