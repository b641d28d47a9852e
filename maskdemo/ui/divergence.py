"""What the steps that are not there did to one sequence, as the first sentences of the inside page."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.padding import Batch
from maskdemo.evidence.phrases import counted, listed, number
from maskdemo.inside.activations import Activations, states_before
from maskdemo.strategies import STRATEGIES, Arrays


def moved(after: NDArray, invalid: NDArray[np.bool_]) -> float:
    """How far the invalid steps (T,) together moved what moved most of the states (T, H) after each."""
    steps = (after - states_before(after[None])[0])[invalid]
    return float(np.abs(steps.sum(axis=0)).max()) if len(steps) else 0.0


def what_padding_did(
    looked_into: Iterable[tuple[str, Activations, Arrays]], batch: Batch, *, label: int
) -> str:
    """The first strategy's states and output, and those of the first other one that did otherwise.

    looked_into: strategies with their activations and arrays of the sequence of `batch`; no more are
    taken than are told.
    """
    invalid = ~batch.valid[0]
    kinds = ((batch.padded[0], "padded step"), (batch.missing[0], "missing reading"))
    present = [counted(int(cells.sum()), what) for cells, what in kinds if cells.any()]
    if not present:
        return "This sequence has neither padding nor gaps: a mask has nothing to hide."
    told: dict[bool, str] = {}  # by whether the state moved
    for name, activations, given in looked_into:
        far = moved(activations.states[0], invalid)
        if (far > 0) not in told:
            told[far > 0] = _did(name, far, activations.probabilities[0, :, label], given, batch, label)
        if len(told) == 2:
            break
    return f"What {listed(present)} did here. {' '.join(told.values())}"


def _did(name: str, far: float, said: NDArray, given: Arrays, batch: Batch, label: int) -> str:
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
    return f"**{STRATEGIES[name].title}:** {state}{answer}."
