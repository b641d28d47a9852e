"""The ways to train that are compared, and the table of their times as it fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from maskdemo import child
from maskdemo.experiment import Experiment
from maskdemo.strategies import STRATEGIES
from maskdemo.study import VARIABLES

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
