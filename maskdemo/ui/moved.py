"""What the steps that are not there did to one sequence, as the first sentences of the inside page."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from maskdemo.evidence.words import counted, listed, number
from maskdemo.inside.trace import Trace, before
from maskdemo.padding import Batch
from maskdemo.strategies import STRATEGIES, Arrays


def moved(after: NDArray, invalid: NDArray[np.bool_]) -> float:
    """How far the invalid steps (T,) together moved what moved most of the states (T, H) after each."""
    steps = (after - before(after[None])[0])[invalid]
    return float(np.abs(steps.sum(axis=0)).max()) if len(steps) else 0.0


def what_padding_did(
    traced: Mapping[str, Trace], arrays: Mapping[str, Arrays], batch: Batch, *, label: int
) -> str:
    """The first strategy's states and output, and those of the first other one that did otherwise.

    Each trace has one sequence, batch the same one.
    """
    invalid = ~batch.valid[0]
    kinds = ((batch.padded[0], "padded step"), (batch.missing[0], "missing reading"))
    present = [counted(int(cells.sum()), what) for cells, what in kinds if cells.any()]
    if not present:
        return "This sequence has neither padding nor gaps: a mask has nothing to hide."
    far = {name: moved(each.states[0], invalid) for name, each in traced.items()}
    first, *others = far
    shown = [first, *[each for each in others if (far[each] == 0) != (far[first] == 0)][:1]]
    sentences = [
        _did(name, far[name], traced[name].probabilities[0, :, label], arrays[name], batch, label)
        for name in shown
    ]
    return f"What {listed(present)} did here. {' '.join(sentences)}"


def _did(name: str, far: float, said: NDArray, given: Arrays, batch: Batch, label: int) -> str:
    """said: (T,), the probability of the label after every step."""
    state = f"moved the hidden state by up to {number(far, '.2f')}" if far else "the state did not move"
    title = f"**{STRATEGIES[name].title}:**"
    last = int(np.flatnonzero(batch.valid[0])[-1])
    answers = np.flatnonzero(given.weights[0])
    if last == len(said) - 1 or len(answers) > 1:
        return f"{title} {state}."
    there, end = (number(float(said[at]), ".2f") for at in (last, len(said) - 1))
    output = f"the probability of label {label}"
    if answers[0] == last:
        return f"{title} {state}; the answer, {output} of {there}, was read before the padding."
    if far:
        return f"{title} {state}, and {output} from {there} to {end}."
    return f"{title} {state}, and {output} stayed at {end}."
