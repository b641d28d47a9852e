"""At which steps the output flips, and which unit makes it flip.

The output flips at a step after which the followed label begins or ceases to lead: with two labels
where its probability crosses one half, with more where it becomes or ceases to be the likeliest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskdemo.inside.activations import Activations, states_before
from maskdemo.training.snapshot import Network


def flips(probabilities: NDArray, label: int) -> NDArray[np.bool_]:
    """Return (..., T): whether the label begins or ceases to be the likeliest; False at the first step.

    probabilities: (..., T, classes), after each step. label: the followed label, from 0.
    """
    leads = probabilities.argmax(axis=-1) == label
    return np.diff(leads, axis=-1, prepend=leads[..., :1])


@dataclass(frozen=True)
class LeadChange:
    """The change that a step makes to a label's lead: its logit less that of its strongest rival.

    The rival is the other label that is ahead: before the step where the label begins to lead, else
    after it.

    change: of the lead, in logits. unit: the unit (from 0) whose part is largest in its direction.
    of_unit: that part.
    """

    change: float
    unit: int
    of_unit: float


def lead_change(network: Network, activations: Activations, *, step: int, label: int) -> LeadChange:
    """Return how a step (from 0) changes a label's logit less its best rival's, in sequence 0."""
    before, after = states_before(activations.read)[0, step], activations.read[0, step]
    if network.readout.shape[1] == 1:
        # Two labels have one logit, that of the second.
        weights = network.readout[:, 0] * (1 if label else -1)
    else:
        logits = np.stack([before, after]) @ network.readout + network.readout_bias
        led, leads = logits.argmax(axis=1) == label
        logits[:, label] = -np.inf
        rival = logits[0 if leads and not led else 1].argmax()
        weights = network.readout[:, label] - network.readout[:, rival]
    parts = (after - before) * weights
    change = float(parts.sum())
    unit = int((parts * (1 if change >= 0 else -1)).argmax())
    return LeadChange(change, unit, float(parts[unit]))
