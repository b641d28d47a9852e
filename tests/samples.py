"""Small things that several tests use: few shapes, because each new one compiles for seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from maskdemo.data.inputs import arrays_of, chance, inputs
from maskdemo.data.padding import Batch, pad
from maskdemo.data.sequences import Sequences
from maskdemo.data.tasks import OWN, TASKS, Task
from maskdemo.experiment import Experiment
from maskdemo.export.script_and_notebook import exported_program
from maskdemo.strategies import STRATEGIES
from maskdemo.training.probes import probes_of
from maskdemo.training.snapshot import Curve, Network, Probes, Snapshot

ALL = tuple(STRATEGIES)

#: Trains in well under a second once it is compiled; every test changes as little of it as it can.
SMALL: dict[str, Any] = {
    "task": "sum_sign",
    "train_size": 40,
    "test_size": 24,
    "min_length": 2,
    "max_length": 8,
    "padded_length": 16,
    "units": 4,
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 0.03,
    "repeats": 1,
    "strategies": ("no_mask", "held_state"),
    "seed": 7,
}


def small(**changes: Any) -> Experiment:
    return Experiment(**{**SMALL, **changes})


def uploaded(*, per_step: bool = False) -> Experiment:
    """With an uploaded task that nobody else has."""
    recording = TASKS["japanese_vowels"]
    fixed, recorded = recording.fixed, recording.recorded
    task = Task(OWN, "", "", 12, 9, per_step=per_step, fixed=fixed, recorded=recorded)
    return small(task=OWN, own=task, padded_length=30)


def network(experiment: Experiment, *, kind: type = np.float32, seed: Any = 0) -> Network:
    """A network of random weights, called that of epoch 1."""
    rng = np.random.default_rng(seed)
    channels, units = experiment.spec.features + 1, experiment.units
    outputs = experiment.spec.outputs
    sizes = ((channels, 4 * units), (units, 4 * units), (4 * units,), (units, outputs), (outputs,))
    return Network(1, *(rng.normal(0, 0.6, size).astype(kind) for size in sizes))


def made_up(experiment: Experiment, *, done: Sequence[int] | None = None) -> Snapshot:
    """A run of these settings for which nothing was trained: what it reached is drawn.

    The same settings give the same run. For tests of what shows, writes or keeps runs. done: how many
    epochs are over of each repeat that has begun; by itself all.
    """
    settings, names = crc32(experiment.to_json().encode()), experiment.strategies
    done = (experiment.epochs,) * experiment.repeats if done is None else done
    epochs = tuple(range(1, max(done, default=0) + 1))

    def curve(repeat: int, at: int) -> Curve:
        rng, over = np.random.default_rng((settings, repeat, at)), done[repeat]
        *numbers, reported, real = rng.uniform(0.4, 0.9, (5, experiment.epochs)).tolist()
        numbers += [reported, real if experiment.per_step else reported]
        leak = 0.0 if names[at] == "held_state" else rng.uniform(0.1, 0.9)
        return Curve(
            *(names[at], repeat),
            *(tuple(each[:over]) for each in numbers),
            leak=leak if over == experiment.epochs else None,
            epoch_seconds=0.1,
            scored=experiment.test_size,
        )

    batch = probes_of(inputs(experiment).test)

    def outputs(at: int) -> np.ndarray:
        drawn = np.random.default_rng((settings, at)).dirichlet(
            np.ones(experiment.classes), (experiment.epochs, *batch.valid.shape)
        )
        return drawn[: len(epochs)].astype(np.float32)

    share = sum(done) / (experiment.epochs * experiment.repeats)
    return Snapshot(
        experiment,
        tuple(curve(repeat, at) for repeat in range(len(done)) for at in range(len(names))),
        Probes(
            *(batch.values, batch.valid, batch.padded, batch.labels),
            outputs={name: outputs(at) for at, name in enumerate(names)},
            read_out={name: arrays_of(experiment, name, batch).read_out for name in names},
            epochs=epochs,
            there=batch.there,
        ),
        chance(experiment),
        finished=share == 1,
        seconds=1.0,
        done=share,
        networks={
            name: tuple(
                replace(network(experiment, seed=(settings, at, each)), epoch=each) for each in epochs
            )
            for at, name in enumerate(names)
        },
    )


def exported_code(experiment: Experiment, *titles: str) -> str:
    """The code of these parts of the exported program."""
    exported = exported_program(experiment)
    parts = filter(None, (*exported.parts, exported.recording))
    return "\n".join(each.code for each in parts if each.title in titles)


@st.composite
def sequences(
    draw: st.DrawFn, *, features: int | None = None, longest: int = 7, per_step: bool = False
) -> Sequences:
    """Sequences of every length from 1, with missing readings, and few distinct values.

    Few values, because what matters is when a reading equals a pad or mask value.
    """
    width = features or draw(st.integers(1, 3))
    value = st.sampled_from([-9.0, -1.0, 0.0, 0.1, 0.5, 1.0, 2.0])
    values, observed, labels = [], [], []
    for length in draw(st.lists(st.integers(1, longest), min_size=1, max_size=5)):
        flat = draw(st.lists(value, min_size=length * width, max_size=length * width))
        values.append(np.array(flat, np.float32).reshape(length, width))
        seen = np.array(draw(st.lists(st.booleans(), min_size=length, max_size=length)))
        seen[draw(st.integers(0, length - 1))] = True
        observed.append(seen)
        said = draw(st.lists(st.integers(0, 1), min_size=length, max_size=length))
        labels.append(np.array(said if per_step else [said[0]] * length, np.int32))
    return Sequences(tuple(values), tuple(observed), tuple(labels))


PAD_VALUES = st.sampled_from([0.0, 1.0, -9.0, 0.1])
SIDES = st.sampled_from(["post", "pre"])


@st.composite
def batches(draw: st.DrawFn, *, most_steps: int = 10, **kind: Any) -> Batch:
    given = draw(sequences(**kind))
    longest = max(len(each) for each in given.values)
    return pad(
        given,
        padded_length=draw(st.integers(longest, most_steps)),
        side=draw(SIDES),
        pad_value=draw(PAD_VALUES),
    )


def forward_filled(batch: Batch) -> np.ndarray:
    """The readings as pandas fills them; before the first valid one they stay what they are."""
    values = np.where(batch.valid[..., None], batch.values, np.nan)
    filled = [pd.DataFrame(each).ffill().to_numpy() for each in values]
    return np.where(np.isnan(filled), batch.values, filled).astype(np.float32)
