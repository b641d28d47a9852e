"""The default study, whole, and what the same trainings would take through `Model.fit`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.bench.peers import Measurement

#: Epochs of each training that is sampled from `Model.fit`, the first one apart.
SAMPLED_EPOCHS = 4


def study_ours() -> dict[str, Measurement]:
    """The default study with an empty store; TensorFlow is there, compiled programs are not.

    study: seconds until every training has ended. first_curve, asked for afterwards: until every
    strategy had one repeat at every dose.
    """
    import maskdemo.training  # noqa: F401
    from maskdemo.study import default_study, run
    from maskdemo.study.store import Store

    study = default_study()
    curve = [
        study.training(cell, strategy, 0)
        for cell in study.cells
        for strategy in study.base.strategies
    ]
    drawn = float("nan")

    def whole() -> float:
        nonlocal drawn
        began = time.perf_counter()
        with TemporaryDirectory() as folder:
            for findings in run(study, store=Store(Path(folder))):
                if np.isnan(drawn) and all(each in findings.outcomes for each in curve):
                    drawn = time.perf_counter() - began
        assert findings.finished and not findings.failures and not findings.reused
        return time.perf_counter() - began

    return {"study": whole, "first_curve": lambda: drawn}


def study_keras_fit() -> dict[str, Measurement]:
    """A sample of the study's trainings through `Model.fit`, scaled to all of them.

    Sampled are every strategy at the shortest, the middle and the longest padded length, one repeat,
    four epochs; in between, times are interpolated. epochs: the fastest epoch times all epochs.
    building, asked for afterwards: what building, compiling and the first epoch take beyond that.
    """
    from maskdemo.study import default_study

    study = default_study()
    lengths = [int(dose) for dose in study.doses]
    sampled = [lengths[0], lengths[len(lengths) // 2], lengths[-1]]
    building = float("nan")

    def whole() -> float:
        nonlocal building
        epochs, building = 0.0, 0.0
        for strategy in study.base.strategies:
            found = [_fit(study.experiment((length,)), strategy) for length in sampled]
            for length in lengths:
                epoch, once = (
                    float(np.interp(length, sampled, each))
                    for each in zip(*((one.epoch, one.once) for one in found), strict=True)
                )
                epochs += study.base.repeats * study.base.epochs * epoch
                building += study.base.repeats * once
        return epochs

    return {"epochs": whole, "building": lambda: building}


@dataclass(frozen=True)
class _Fit:
    """Seconds: of the fastest epoch, and of what comes once a training beyond its epochs."""

    epoch: float
    once: float


def _fit(experiment, strategy: str) -> _Fit:
    import keras

    from maskdemo.export.keras_code import reads_valid, strategy_lines
    from maskdemo.inputs import inputs

    batch = inputs(experiment).train
    given = [batch.values, batch.valid] if reads_valid(experiment, strategy) else batch.values
    labels = batch.labels.max(axis=1)
    names: dict = {"keras": keras}
    ended: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ended.append(time.perf_counter())
    )
    began = time.perf_counter()
    exec(strategy_lines(experiment, strategy), names)
    model = names[strategy]()
    model.compile(
        keras.optimizers.Adam(experiment.learning_rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(
        given,
        labels,
        batch_size=experiment.batch_size,
        epochs=SAMPLED_EPOCHS,
        verbose=0,  # pyright: ignore[reportArgumentType]
        callbacks=[clock],
    )
    epoch = float(np.diff(ended).min())
    return _Fit(epoch, ended[0] - began - epoch)
