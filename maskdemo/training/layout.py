"""An experiment's sequences laid out for the engine, and the shapes of the programs they take.

Nothing here needs TensorFlow.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from maskdemo.data.inputs import Inputs, arrays_of, inputs
from maskdemo.experiment import Experiment
from maskdemo.strategies import Arrays
from maskdemo.training.buckets import (
    InferenceLayout,
    Shape,
    TrainingLayout,
    inference_layout,
    training_layout,
)
from maskdemo.training.probes import probes_of

#: A compiled program: its shape, and whether it trains.
Program = tuple[Shape, bool]


def training_layout_of(experiment: Experiment, strategy: str, given: Inputs) -> TrainingLayout:
    """The training sequences as this strategy sees them, laid out for the engine."""
    return training_layout(
        arrays_of(experiment, strategy, given.train),
        units=experiment.units,
        outputs=experiment.spec.outputs,
        batch_size=experiment.batch_size,
        every_step=experiment.per_step,
        at_least=experiment.max_length,
    )


def inference_layout_of(experiment: Experiment, arrays: Arrays, *, every_step: bool) -> InferenceLayout:
    """Sequences in a strategy's arrays, laid out to read their answers or the outputs at every step."""
    if every_step:
        arrays = replace(arrays, weights=np.ones_like(arrays.weights))
    return inference_layout(
        arrays,
        units=experiment.units,
        outputs=experiment.spec.outputs,
        every_step=every_step or experiment.per_step,
    )


def programs_of_training(experiment: Experiment, strategy: str) -> tuple[Program, ...]:
    """The programs that train one strategy and read its answers."""
    given = inputs(experiment)
    answers = arrays_of(experiment, strategy, given.test)
    return (
        (training_layout_of(experiment, strategy, given).shape, True),
        (inference_layout_of(experiment, answers, every_step=False).shape, False),
    )


def programs_of_run(experiment: Experiment) -> tuple[Program, ...]:
    """The programs of a whole run, probes included, each once and in order of use."""
    probes = probes_of(inputs(experiment).test)
    found: list[Program] = []
    for strategy in experiment.strategies:
        found += programs_of_training(experiment, strategy)
        looked_into = arrays_of(experiment, strategy, probes)
        found.append((inference_layout_of(experiment, looked_into, every_step=True).shape, False))
    return tuple(dict.fromkeys(found))
