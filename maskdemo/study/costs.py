"""What each strategy costs: seconds an epoch on this machine, in our engine and in `Model.fit`.

One training runs alone at a time, all of them in one process that has the same threads for both
engines. Ours trains several strategies at once elsewhere; that is not counted here. At each padded
length everybody trains in turn, three epochs a turn, for three rounds, so that all meet the same
conditions, and the fastest epoch counts. Building, compiling and a first epoch come before.
`Model.fit` is as it comes: default arguments, stock layers, Adam. Nobody evaluates on a test set.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

import numpy as np

from maskdemo.experiment import Experiment
from maskdemo.inputs import inputs
from maskdemo.loading import load_tensorflow
from maskdemo.strategies import STRATEGIES
from maskdemo.study.variables import VARIABLES

#: An epoch of more sequences takes longer in proportion, and shows nothing else.
MOST_SEQUENCES = 512
LENGTHS = 4
ROUNDS = 3
EPOCHS_A_TURN = 3

#: Trains a turn; returns the seconds of its fastest epoch.
Turn = Callable[[], float]


@dataclass(frozen=True)
class Way:
    """One way to train: in this app's engine ("Here") or with `Model.fit`."""

    engine: Literal["Here", "Keras"]
    strategy: str

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.engine}: {STRATEGIES[self.strategy].title.lower()}"


NO_MASK, MASKING, HELD = (Way("Here", each) for each in ("no_mask", "masking_layer", "held_state"))
KERAS_NO_MASK, KERAS_MASKING = Way("Keras", "no_mask"), Way("Keras", "masking_layer")


@dataclass(frozen=True)
class CostTable:
    """What is known so far. seconds: (way, padded length) -> seconds an epoch.

    experiment: as it was measured (`measured`), its padded length aside. done: 0 to 1. doing: for
    people.
    """

    experiment: Experiment
    lengths: tuple[int, ...]
    seconds: Mapping[tuple[Way, int], float]
    done: float = 0.0
    doing: str = "Starting a process and loading Keras."

    @property
    def ways(self) -> tuple[Way, ...]:
        """Every way to train, ours first."""
        ours = (Way("Here", name) for name in self.experiment.strategies)
        return (*ours, KERAS_NO_MASK, KERAS_MASKING)

    @property
    def complete(self) -> tuple[int, ...]:
        """The padded lengths, in order, at which every way was measured."""
        return tuple(
            length
            for length in sorted(self.lengths)
            if all((way, length) in self.seconds for way in self.ways)
        )

    def ratio(self, one: Way, other: Way, length: int) -> float:
        """How many times as long as the other the one takes. Raises KeyError if not measured."""
        return self.seconds[one, length] / self.seconds[other, length]


def measured(experiment: Experiment) -> Experiment:
    """The experiment as it is measured: what changes no epoch is the same for all."""
    return replace(
        experiment,
        train_size=min(experiment.train_size, MOST_SEQUENCES),
        strategies=(*experiment.strategies, *(way.strategy for way in (NO_MASK, MASKING, HELD))),
        padded_length=experiment.max_length,
        epochs=1,
        repeats=1,
        seed=0,
    )


def some_lengths(experiment: Experiment) -> tuple[int, ...]:
    """A few padded lengths from no padding to a lot of it, ends first."""
    doses = [int(each) for each in VARIABLES["padded_length"].doses(experiment)]
    picked = [doses[at] for at in np.linspace(0, len(doses) - 1, LENGTHS).round().astype(int)]
    return tuple(dict.fromkeys([picked[0], picked[-1], *picked]))


def empty(experiment: Experiment, lengths: Sequence[int] | None = None) -> CostTable:
    """The table before anything is measured; lengths: by default `some_lengths`."""
    base = measured(experiment)
    return CostTable(base, tuple(lengths or some_lengths(base)), {})


def measure(experiment: Experiment, lengths: Sequence[int] | None = None) -> Iterator[CostTable]:
    """Measure in this process, which should be doing nothing else; streamed as results come.

    A length's figures can still fall from round to round.
    """
    table = empty(experiment, lengths)
    stages, stage = len(table.lengths) * (ROUNDS + 1), 0

    def at(doing: str) -> CostTable:
        return replace(table, doing=doing, done=stage / stages)

    yield table
    for length in table.lengths:
        padded = replace(table.experiment, padded_length=length)
        turns: dict[Way, Turn] = {}
        for way in table.ways:
            yield (table := at(f"Padded to {length} steps, preparing. {way.title}."))
            turns[way] = (keras_turn if way.engine == "Keras" else our_turn)(padded, way.strategy)
        stage += 1
        for number in range(ROUNDS):
            yield (table := at(f"Padded to {length} steps, round {number + 1} of {ROUNDS}."))
            for way, turn in turns.items():
                best = min(table.seconds.get((way, length), inf), turn())
                yield (table := replace(table, seconds={**table.seconds, (way, length): best}))
            stage += 1
        turns.clear()
        gc.collect()
    yield at("Measured.")


def our_turn(experiment: Experiment, strategy: str) -> Turn:
    """Prepare our engine, which compiles."""
    load_tensorflow()
    from maskdemo.training import train

    one = replace(experiment, strategies=(strategy,), epochs=1 + ROUNDS * EPOCHS_A_TURN, repeats=1)
    run = train(one, threads=1)

    def epoch() -> float:
        nonlocal trained
        before, trained = trained, next(run).curves[0].seconds
        return trained - before

    trained = 0.0
    epoch()
    return lambda: min(epoch() for _ in range(EPOCHS_A_TURN))


def keras_turn(experiment: Experiment, strategy: str) -> Turn:
    """Prepare Keras: `no_mask` or `masking_layer`."""
    import keras

    class Clock(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seconds: list[float] = []

        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.began)

    batch, layers = inputs(experiment).train, keras.layers
    labels = batch.labels[..., None] if experiment.per_step else batch.labels.max(axis=1)
    masking = [layers.Masking(experiment.mask_value)] if strategy == "masking_layer" else []
    binary = experiment.classes == 2
    model = keras.Sequential(
        [
            layers.Input(batch.values.shape[1:]),
            *masking,
            layers.LSTM(experiment.units, return_sequences=experiment.per_step),
            layers.Dense(1 if binary else experiment.classes, "sigmoid" if binary else "softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(experiment.learning_rate),
        "binary_crossentropy" if binary else "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    clock = Clock()

    def turn(epochs: int = EPOCHS_A_TURN) -> float:
        model.fit(
            batch.values,
            labels,
            batch_size=experiment.batch_size,
            epochs=epochs,
            verbose=0,  # pyright: ignore[reportArgumentType]
            callbacks=[clock],
        )
        return min(clock.seconds)

    turn(epochs=1)
    return turn


def summary(table: CostTable) -> tuple[str, ...]:
    """What the figures say; nothing until one padded length is complete."""
    if not table.complete:
        return ()
    few, many = table.complete[0], table.complete[-1]

    def beside(keras: Way, ours: Way) -> str:
        return (
            f"{time_text(table.seconds[ours, many])} here and "
            f"{time_text(table.seconds[keras, many])} in `Model.fit` "
            f"({times_text(table.ratio(keras, ours, many))})"
        )

    adds = {length: table.ratio(KERAS_MASKING, KERAS_NO_MASK, length) for length in (few, many)}
    changes = " and ".join(f"{_change(by)} at {length} steps" for length, by in adds.items())
    return (
        f"Padded to {many} steps, an epoch takes {beside(KERAS_NO_MASK, NO_MASK)}; with a Masking "
        f"layer, {beside(KERAS_MASKING, MASKING)}.",
        f"In Keras, a Masking layer makes an epoch {changes}. Here, steps at which every sequence "
        "only holds its state are left out, which changes no result.",
    )


def time_text(seconds: float) -> str:
    """A duration for people.

    >>> time_text(0.00342), time_text(0.128), time_text(2.04)
    ('3.4 ms', '128 ms', '2.0 s')
    """
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{1000 * seconds:.{1 if seconds < 0.01 else 0}f} ms"


def times_text(ratio: float) -> str:
    """How many times as long.

    >>> times_text(2.345), times_text(37.2), times_text(1.01)
    ('2.3 times as long', '37 times as long', 'about as long')
    """
    if 0.95 <= ratio < 1.05:
        return "about as long"
    return f"{ratio:.{0 if ratio >= 10 else 1}f} times as long"


def _change(ratio: float) -> str:
    percent = round(100 * abs(ratio - 1))
    return f"{percent}% {'longer' if ratio >= 1 else 'shorter'}"
