"""The child that measures: see `maskdemo.costs.measure`."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from math import inf

from maskdemo import child
from maskdemo.costs.table import Way, ways
from maskdemo.costs.turns import ROUNDS, keras_turn, our_turn
from maskdemo.experiment import Experiment


def _measure() -> None:
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
            epochs[way] = (keras_turn if way.engine == "Keras" else our_turn)(experiment, way)
        best = dict.fromkeys(epochs, inf)
        for number in range(ROUNDS):
            doing = f"Padded to {length} steps, round {number + 1} of {ROUNDS}."
            child.say({"doing": doing, "done": (at * (ROUNDS + 1) + number + 1) / stages})
            for way, epoch in epochs.items():
                best[way] = min(best[way], epoch())
                child.say({"seconds": [[*way, length, best[way]]]})
        epochs.clear()
        gc.collect()


if __name__ == "__main__":
    _measure()
