"""Batches and snapshots to draw: made up, so that nothing has to be trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from maskdemo.data.inputs import Chance
from maskdemo.data.padding import Batch
from maskdemo.experiment import Experiment
from maskdemo.strategies import STRATEGIES
from maskdemo.training.snapshot import Curve, Probes, Snapshot

ALL = tuple(STRATEGIES)
FEW = ("no_mask", "masking_layer", "last_valid_step")
NUMBERS = ("loss", "accuracy", "test_loss", "test_accuracy", "test_valid_accuracy")


def make_batch(
    rows: int = 8, steps: int = 12, features: int = 3, missing: float = 0.2, seed: int = 0
) -> Batch:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, steps, rows)
    padded = np.arange(steps) >= lengths[:, None]
    gone = (rng.random((rows, steps)) < missing) & ~padded
    gone[:, 0] = False
    values = rng.normal(size=(rows, steps, features)).astype(np.float32)
    values[padded | gone] = -9.0
    return Batch(values, ~(padded | gone), padded, np.ones((rows, steps), np.int32))


def make_snapshot(
    strategies: tuple[str, ...] = FEW,
    *,
    epochs: int = 6,
    done: tuple[int, ...] = (6, 6, 6),
    classes: int = 2,
    per_step: bool = False,
    steps: int = 12,
    missing: float = 0.2,
    level: float = 0.6,
) -> Snapshot:
    """A snapshot in which repeat r has done[r] epochs."""
    rng = np.random.default_rng(1)
    batch = make_batch(4, steps, missing=missing)
    curves = []
    for repeat, count in enumerate(done):
        for name in strategies:
            rising = tuple(np.clip(level + rng.normal(0, 0.03, count), 0, 1).tolist())
            curves.append(
                Curve(
                    strategy=name,
                    repeat=repeat,
                    loss=tuple(1 - each for each in rising),
                    accuracy=rising,
                    test_loss=tuple(1.2 - each for each in rising),
                    test_accuracy=rising,
                    test_valid_accuracy=tuple(each / 2 for each in rising) if per_step else rising,
                    epoch_seconds=0.1,
                    scored=200,
                )
            )
    # As in a batch: a label at every step of the sequence, 0 where padded.
    drawn = rng.integers(0, classes, (4, steps if per_step else 1))
    seen = max(done, default=0)
    probes = Probes(
        values=batch.values,
        valid=batch.valid,
        padded=batch.padded,
        labels=np.where(batch.padded, 0, drawn).astype(np.int32),
        outputs={
            name: rng.dirichlet(np.ones(classes), (seen, 4, steps)).astype(np.float32)
            for name in strategies
        },
        read_out={name: _read_out(name, batch.valid) for name in strategies},
        epochs=tuple(range(1, seen + 1)),
    )
    experiment = Experiment(
        task="running_sign" if per_step else "sum_sign",
        strategies=strategies,
        epochs=epochs,
        repeats=3,
        mask_value=-9.0,
    )
    chance = Chance(valid=1 / classes, reported=1 / classes)
    return Snapshot(experiment, tuple(curves), probes, chance, False, 1.0, 0.5)


def _read_out(strategy: str, valid: np.ndarray) -> np.ndarray:
    """The last step of each (P, T) sequence, or the last valid one."""
    rows, steps = valid.shape
    if strategy != "last_valid_step":
        return np.full(rows, steps - 1)
    return steps - 1 - np.argmax(valid[:, ::-1], axis=1)


def until(snapshot: Snapshot, epoch: int) -> Snapshot:
    """The same run after so many epochs of each repeat."""
    curves = tuple(
        replace(each, **{name: getattr(each, name)[:epoch] for name in NUMBERS})
        for each in snapshot.curves
    )
    outputs = {name: each[:epoch] for name, each in snapshot.probes.outputs.items()}
    probes = replace(snapshot.probes, outputs=outputs, epochs=snapshot.probes.epochs[:epoch])
    return replace(snapshot, curves=curves, probes=probes)
