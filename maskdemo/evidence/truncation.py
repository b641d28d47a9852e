"""What cutting takes from the sequences of an experiment, in the words of the page and the command."""

from __future__ import annotations

import numpy as np

from maskdemo.data.inputs import whole_sequences
from maskdemo.data.sequences import steps_lost
from maskdemo.evidence.phrases import capital, loss_of_steps
from maskdemo.experiment import Experiment


def truncation_sentence(experiment: Experiment) -> str:
    """Return how many sequences lose how many steps where they are cut to the padded length."""
    data = whole_sequences(experiment)
    lost = [steps_lost(part, experiment.padded_length) for part in (data.train, data.test)]
    return f"{capital(loss_of_steps(np.concatenate(lost)))}."
