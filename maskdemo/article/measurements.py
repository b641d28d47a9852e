"""A finished run as the few plain numbers that the article's claims are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maskdemo import evidence
from maskdemo.data.inputs import arrays_of, inputs
from maskdemo.data.padding import Batch
from maskdemo.evidence import BASELINE, Accuracies, Interval, Verdict
from maskdemo.evidence.mask_effect import AS_NAMED, mask_effect
from maskdemo.experiment import Experiment
from maskdemo.inside.gradient import gradient, landing
from maskdemo.training.snapshot import Snapshot


@dataclass(frozen=True)
class Measurements:
    """What the claims are judged by: runs by experiment, and results of `keras_checks` by check."""

    runs: Mapping[Experiment, RunMeasurements] = field(default_factory=dict)
    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __or__(self, other: Measurements) -> Measurements:
        """Return both together; `other` decides where both have a run or a check."""
        return Measurements({**self.runs, **other.runs}, {**self.checks, **other.checks})


@dataclass(frozen=True)
class RunMeasurements:
    """Numbers of a run by strategy; tuples hold a number per repeat.

    leaks: the largest change of an output probability (0 to 1) without the padding. apart: the
    largest difference between an output and that of no mask, at any step of the probes; empty without
    `no_mask`. gradients: the gradient norms of the weights that land on padded and on real steps of
    the probes, after the last epoch. masked: the shares of the padded or missing and of the real
    training steps that equal the mask value in every feature, so that a Masking layer masks them.
    """

    experiment: Experiment
    accuracies: Accuracies
    leaks: Mapping[str, tuple[float, ...]]
    apart: Mapping[str, float]
    gradients: Mapping[str, tuple[float, float]]
    masked: tuple[float, float]

    def verdict(self, strategy: str, over: str = BASELINE) -> Verdict:
        """Return the verdict on a strategy against another, from `accuracies` with its comparisons."""
        effect = mask_effect(self.experiment, strategy) if over == BASELINE else AS_NAMED
        result = evidence.verdict(self.accuracies, strategy, over, effect=effect)
        assert result is not None, "claims compare strategies of finished runs"
        return result

    def above_chance(self, strategy: str) -> Interval:
        """Return accuracy less chance (-1 to 1): mean, and 95 % limits that hold for all strategies."""
        return evidence.above_chance(self.accuracies, strategy)


def measure_run(snapshot: Snapshot) -> RunMeasurements:
    """Return the numbers that claims are judged by, of a finished run."""
    strategies = snapshot.experiment.strategies
    outputs = {name: each[-1] for name, each in snapshot.probes.outputs.items()}
    return RunMeasurements(
        experiment=snapshot.experiment,
        accuracies=evidence.accuracies(snapshot),
        leaks={
            name: tuple(
                curve.leak
                for curve in snapshot.curves
                if curve.strategy == name and curve.leak is not None
            )
            for name in strategies
        },
        apart={
            name: float(np.abs(outputs[name] - outputs[BASELINE]).max())
            for name in strategies
            if BASELINE in strategies
        },
        gradients={name: _gradient_norms(snapshot, name) for name in strategies},
        masked=_masked_shares(snapshot.experiment),
    )


def _gradient_norms(snapshot: Snapshot, strategy: str) -> tuple[float, float]:
    """Return sums of the first repeat's last network's gradient norms at padded and at real steps."""
    probes, experiment = snapshot.probes, snapshot.experiment
    batch = Batch(probes.values, probes.valid, probes.padded, probes.labels)
    arrays = arrays_of(experiment, strategy, batch)
    norms = gradient(snapshot.networks[strategy][-1], arrays).weights
    missing = ~probes.valid & ~probes.padded
    where = landing(norms, padded=probes.padded, missing=missing)
    return float(where.padding.sum()), float(where.real.sum())


def _masked_shares(experiment: Experiment) -> tuple[float, float]:
    """Return the shares (0 to 1) of invalid and of real training steps that equal the mask value.

    The first is 1 where no step is invalid.
    """
    batch = inputs(experiment).train
    equal = (batch.values == np.float32(experiment.mask_value)).all(axis=2)
    invalid = equal[~batch.valid]
    return float(invalid.mean()) if invalid.size else 1.0, float(equal[batch.valid].mean())
