"""What each strategy costs: seconds an epoch on this machine, in our engine and in `Model.fit`.

One training runs alone at a time, all of them in one child process that has the same threads for
both engines. Ours trains several strategies at once elsewhere; that is not counted here. At each
padded length everybody trains in turn, three epochs a turn, for three rounds, so that all meet the
same conditions, and the fastest epoch counts. Building, compiling and a first epoch come before.
`Model.fit` is as it comes: default arguments, stock layers, Adam. Nobody evaluates on a test set.

`python -m maskdemo.costs` is the child.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from maskdemo import child
from maskdemo.experiment import Experiment
from maskdemo.strategies import STRATEGIES
from maskdemo.study import VARIABLES
from maskdemo.tasks import TASKS

ROUNDS = 3
EPOCHS_A_TURN = 3
#: An epoch of more sequences takes longer in proportion, and shows nothing else.
MOST_SEQUENCES = 512
LENGTHS = 4


class Way(NamedTuple):
    """One way to train: in this app's engine ("Here") or with `Model.fit`.

    trimmed: without the steps at which every sequence only holds its state.
    """

    engine: Literal["Here", "Keras"]
    strategy: str
    trimmed: bool = True

    @property
    def title(self) -> str:
        """For people."""
        computed = "" if self.trimmed else ", all steps"
        return f"{self.engine}: {STRATEGIES[self.strategy].title.lower()}{computed}"


NO_MASK, MASKING = Way("Here", "no_mask"), Way("Here", "masking_layer")
HELD, HELD_ON_ALL = Way("Here", "held_state"), Way("Here", "held_state", trimmed=False)
KERAS_NO_MASK, KERAS_MASKING = Way("Keras", "no_mask"), Way("Keras", "masking_layer")


@dataclass(frozen=True)
class CostTable:
    """What is known so far. seconds: (way, padded length) -> seconds an epoch.

    experiment: as it was measured (`measured`), its padded length aside. done: 0 to 1. doing: for
    people. disturbed: whether other trainings ran on this server meanwhile.
    """

    experiment: Experiment
    lengths: tuple[int, ...]
    seconds: Mapping[tuple[Way, int], float]
    done: float = 0.0
    doing: str = "Starting a process and loading Keras."
    disturbed: bool = False

    @property
    def ways(self) -> tuple[Way, ...]:
        """Every way to train, ours first."""
        return ways(self.experiment)

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
    compared = {way.strategy for way in (NO_MASK, MASKING, HELD)}
    return replace(
        experiment,
        train_size=min(experiment.train_size, MOST_SEQUENCES),
        strategies=(*experiment.strategies, *compared),
        padded_length=experiment.max_length,
        epochs=1,
        repeats=1,
        seed=0,
    )


def ways(experiment: Experiment) -> tuple[Way, ...]:
    """Every way to train that is measured for a `measured` experiment."""
    ours = (Way("Here", name) for name in experiment.strategies)
    return (*ours, HELD_ON_ALL, KERAS_NO_MASK, KERAS_MASKING)


def some_lengths(experiment: Experiment) -> tuple[int, ...]:
    """A few padded lengths from no padding to a lot of it, ends first."""
    doses = [int(each) for each in VARIABLES["padded_length"].doses(experiment)]
    picked = [doses[at] for at in np.linspace(0, len(doses) - 1, LENGTHS).round().astype(int)]
    return tuple(dict.fromkeys([picked[0], picked[-1], *picked]))


def measure(experiment: Experiment, lengths: Sequence[int] | None = None) -> Iterator[CostTable]:
    """Measure at some padded lengths (default `some_lengths`), streamed as results come.

    A length's figures can still fall from round to round. Raises `maskdemo.child.ChildFailed`.
    """
    experiment = measured(experiment)
    lengths = tuple(lengths or some_lengths(experiment))
    table = CostTable(experiment, lengths, MappingProxyType({}))
    asked = {"experiment": experiment.to_json(), "lengths": lengths}
    yield table
    for message in child.stream("maskdemo.costs", asked):
        if "doing" in message:
            table = replace(table, doing=message["doing"], done=message["done"])
        for *way, length, seconds in message.get("seconds", ()):
            found = {**table.seconds, (Way(*way), length): seconds}
            table = replace(table, seconds=MappingProxyType(found))
        yield table
    yield replace(table, done=1.0, doing="Measured.")


def summary(table: CostTable) -> tuple[str, ...]:
    """What the figures say; nothing until one padded length is complete."""
    if not table.complete:
        return ()
    few, many = table.complete[0], table.complete[-1]
    seconds = table.seconds

    def beside(keras: Way, ours: Way) -> str:
        return (
            f"{time_text(seconds[ours, many])} here and {time_text(seconds[keras, many])} in "
            f"`Model.fit` ({times_text(table.ratio(keras, ours, many))})"
        )

    adds = {length: table.ratio(KERAS_MASKING, KERAS_NO_MASK, length) for length in (few, many)}
    changes = " and ".join(f"{_change(by)} at {length} steps" for length, by in adds.items())
    return (
        f"Padded to {many} steps, an epoch takes {beside(KERAS_NO_MASK, NO_MASK)}; with a Masking "
        f"layer, {beside(KERAS_MASKING, MASKING)}.",
        f"In Keras, a Masking layer makes an epoch {changes}.",
        "Steps at which every sequence only holds its state can be left out without changing a "
        f"result. Padded to {many} steps, a held state takes {time_text(seconds[HELD, many])} "
        f"without them and {time_text(seconds[HELD_ON_ALL, many])} with them "
        f"({times_text(table.ratio(HELD_ON_ALL, HELD, many))}).",
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


def _measure_for_parent() -> None:
    asked = child.request()
    base = Experiment.from_json(asked["experiment"])
    lengths = asked["lengths"]
    stages = len(lengths) * (ROUNDS + 1)
    for at, length in enumerate(lengths):
        experiment = replace(base, padded_length=length)
        epochs: dict[Way, Callable[[], float]] = {}
        for way in ways(experiment):
            doing = f"Padded to {length} steps, preparing. {way.title}."
            child.say({"doing": doing, "done": at * (ROUNDS + 1) / stages})
            epochs[way] = (keras_turn if way.engine == "Keras" else _ours)(experiment, way)
        best = dict.fromkeys(epochs, inf)
        for number in range(ROUNDS):
            doing = f"Padded to {length} steps, round {number + 1} of {ROUNDS}."
            child.say({"doing": doing, "done": (at * (ROUNDS + 1) + number + 1) / stages})
            for way, epoch in epochs.items():
                best[way] = min(best[way], epoch())
                child.say({"seconds": [[*way, length, best[way]]]})
        epochs.clear()
        gc.collect()


def _ours(experiment: Experiment, way: Way) -> Callable[[], float]:
    """Prepares; the call trains a turn and returns the seconds of its fastest epoch."""
    from maskdemo.engine import Shape, batch_order, new_network, tensors, train_epoch
    from maskdemo.strategies import arrays, trim

    batch = experiment.padded(experiment.data(0).train)
    given = arrays(
        way.strategy,
        batch,
        mask_value=experiment.mask_value,
        per_step=experiment.per_step,
        count_invalid=experiment.count_invalid,
    )
    if way.trimmed:
        given, _ = trim(given, at_least=experiment.max_length)
    sizes = {"units": experiment.units, "outputs": _outputs(experiment)}
    shape = Shape.for_arrays(given, batch_size=experiment.batch_size, **sizes)
    data = tensors(given, shape)
    network = new_network(features=TASKS[experiment.task].features, seed=0, **sizes)
    rng = np.random.default_rng(0)

    def epoch() -> float:
        nonlocal network
        began = time.perf_counter()
        order = batch_order(experiment.train_size, experiment.batch_size, rng)
        network, _, _ = train_epoch(shape, network, data, order, experiment.learning_rate)
        return time.perf_counter() - began

    epoch()
    return lambda: min(epoch() for _ in range(EPOCHS_A_TURN))


def keras_turn(experiment: Experiment, way: Way) -> Callable[[], float]:
    """The same with Keras: prepares; the call trains a turn, of which only whole epochs count."""
    import keras

    class Clock(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seconds: list[float] = []

        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.began)

    batch = experiment.padded(experiment.data(0).train)
    labels = batch.labels[..., None] if experiment.per_step else batch.labels.max(axis=1)
    outputs, layers = _outputs(experiment), keras.layers
    masking = [layers.Masking(experiment.mask_value)] if way.strategy == "masking_layer" else []
    model = keras.Sequential(
        [
            layers.Input(batch.values.shape[1:]),
            *masking,
            layers.LSTM(experiment.units, return_sequences=experiment.per_step),
            layers.Dense(outputs, activation="sigmoid" if outputs == 1 else "softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(experiment.learning_rate),
        "binary_crossentropy" if outputs == 1 else "sparse_categorical_crossentropy",
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


def _outputs(experiment: Experiment) -> int:
    return 1 if experiment.classes == 2 else experiment.classes


if __name__ == "__main__":
    _measure_for_parent()
