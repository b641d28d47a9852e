"""The unseen sequences that are shown: the probes of a run, known before it is trained."""

from __future__ import annotations

from statistics import median

import numpy as np

from maskdemo.data.inputs import inputs, pad_for, select_sequences, whole_sequences
from maskdemo.data.padding import Batch
from maskdemo.data.sequences import evenly_spread
from maskdemo.experiment import Experiment
from maskdemo.training.probes import PROBES
from maskdemo.training.snapshot import Probes


def unseen_batch(experiment: Experiment) -> Batch:
    """The probes of the experiment's run, padded.

    Where batches have a length of their own, their neighbours decide it, so all data is padded first.
    """
    test = whole_sequences(experiment).test
    rows = evenly_spread(PROBES, len(test))
    if experiment.batches != "fixed":
        return inputs(experiment).test.rows(rows)
    return pad_for(experiment, select_sequences(test, rows))


def typical(batch: Batch | Probes, *, per_step: bool) -> int:
    """The row (from 0) whose length is nearest the median.

    per_step: with a label at each step, the share of labels that are not 0 counts as much: padding has
    label 0, so a sequence of nothing else would flatter whoever learned the padding.
    """
    lengths = (~batch.padded).sum(axis=1)
    # Not NumPy's median, which takes longer for these few than all else here.
    apart = np.abs(lengths - median(lengths.tolist())) / max(1, np.ptp(lengths))
    if per_step:
        steps = np.maximum(1, batch.valid.sum(axis=1))
        shares = (batch.valid & (batch.labels > 0)).sum(axis=1) / steps
        apart = apart + np.abs(shares - shares.mean())
    return int(apart.argmin())
