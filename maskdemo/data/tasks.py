"""The tasks: how sequences of many lengths are drawn, each with its labels.

A task is a function of an explicit seed. It draws the training and the test sequences from separate
random streams, so neither changes when the size of the other does, and it draws missing readings
from two others, so that switching them on changes no value and no label:

>>> data = make_data("last_sign", train_size=2, test_size=1, min_length=3, max_length=5, seed=0)
>>> [v.shape for v in data.train.values]
[(5, 4), (5, 4)]
>>> data.classes, data.per_step
(2, False)

Labels always come from the complete sequence: a reading that goes missing leaves the truth as it was.
To add a task, write its two functions, its entry in `TASKS` and its words in `maskdemo.titles`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.sequences import Data, Sequences, lose_readings
from maskdemo.titles import TASK_TEXTS

#: Characters of a name from a file, where it is told.
MAX_NAME = 24
VOWELS_FILE = Path(__file__).with_name("japanese_vowels.npz")


@dataclass(frozen=True)
class Fixed:
    """Sizes that a recorded data set dictates."""

    train_size: int
    test_size: int
    min_length: int
    max_length: int

    @staticmethod
    def of(train: Sequences, test: Sequences) -> Fixed:
        """Return the sizes of both parts, and the lengths of the shortest and the longest sequence."""
        lengths = [len(each) for part in (train, test) for each in part.values]
        return Fixed(len(train), len(test), min(lengths), max(lengths))


@dataclass(frozen=True, eq=False, repr=False)
class Task:
    """How to draw one sequence and its labels, and what people read about it (`TaskText`).

    Each task equals itself alone, so that two uploaded files are never taken for one.

    draw: (rng, length) -> values (length, features). label: (values, rng) -> labels, () or (length,).
    Both are plain functions with a name that use nothing but `np`: an exported script contains their
    source. Both are None for recorded data, whose sizes are `fixed` and whose training and
    test sequences `recorded` gives; `source` says whose they are. discrete: whether readings have few
    values, so that a real step can equal a mask value. feature_names, label_names: those of the file,
    of uploaded data.
    """

    name: str
    title: str
    summary: str
    features: int
    classes: int = 2
    per_step: bool = False
    draw: Callable[[np.random.Generator, int], NDArray] | None = None
    label: Callable[[NDArray, np.random.Generator], NDArray | int] | None = None
    fixed: Fixed | None = None
    recorded: Callable[[], tuple[Sequences, Sequences]] | None = None
    source: str = ""
    discrete: bool = False
    feature_names: tuple[str, ...] = ()
    label_names: tuple[str, ...] = ()

    @property
    def outputs(self) -> int:
        """How many logits the read-out has: 1 for two classes, else one per class."""
        return 1 if self.classes == 2 else self.classes

    def label_name(self, label: int) -> str:
        """Return the name of a label (from 0): `_short` of that in the file, or its number as text."""
        return _short(self.label_names[label]) if self.label_names else str(label)

    @property
    def dictated(self) -> Mapping[str, int]:
        """Name -> value of the sizes and lengths that recorded data fixes; empty for drawn data."""
        return asdict(self.fixed) if self.fixed else {}


def _short(name: str) -> str:
    """Return the name, cut to `MAX_NAME` characters, of which the last is then "…"."""
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def four_normal_features(rng: np.random.Generator, length: int) -> np.ndarray:
    """Return (length, 4) independent normal values, with mean 0 and standard deviation 1."""
    return rng.normal(size=(length, 4))


def five_even_features(rng: np.random.Generator, length: int) -> np.ndarray:
    """Return (length, 5) independent values, evenly distributed from 0 to 1."""
    return rng.random((length, 5))


def random_bits(rng: np.random.Generator, length: int) -> np.ndarray:
    """Return (length, 1) zeros and ones, equally likely."""
    return rng.integers(0, 2, size=(length, 1))


def random_bits_without_a_tie(rng: np.random.Generator, length: int) -> np.ndarray:
    """Return (length, 1) zeros and ones; where both are equally many, a random bit is flipped."""
    bits = rng.integers(0, 2, size=(length, 1))
    if 2 * bits.sum() == length:
        bits[rng.integers(length)] ^= 1
    return bits


def sign_of_first(values: np.ndarray, rng: np.random.Generator) -> int:
    """Return 1 if the first value of the first feature is positive, else 0."""
    return int(values[0, 0] > 0)


def sign_of_last(values: np.ndarray, rng: np.random.Generator) -> int:
    """Return 1 if the last value of the first feature is positive, else 0."""
    return int(values[-1, 0] > 0)


def sign_of_sum(values: np.ndarray, rng: np.random.Generator) -> int:
    """Return 1 if the sum of the first feature over all steps is positive, else 0."""
    return int(values[:, 0].sum() > 0)


def sign_of_running_sum(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return (length,): 1 if the sum of the first feature up to this step is positive, else 0."""
    return (values[:, 0].cumsum() > 0).astype(int)


def majority_of_bits(values: np.ndarray, rng: np.random.Generator) -> int:
    """Return 1 if there are more ones than zeros, else 0."""
    return int(2 * values[:, 0].sum() > len(values))


def random_label(values: np.ndarray, rng: np.random.Generator) -> int:
    """Return 0 or 1 at random, whatever the values are."""
    return int(rng.integers(2))


def _task(name: str, **numbers: Any) -> Task:
    """Return a task with the texts of `maskdemo.titles.TASK_TEXTS`; numbers: its other fields."""
    return Task(name, **TASK_TEXTS[name]._asdict(), **numbers)


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        _task(
            "japanese_vowels",
            features=12,
            classes=9,
            fixed=Fixed(train_size=270, test_size=370, min_length=7, max_length=29),
            recorded=lambda: (_utterances("train"), _utterances("test")),
        ),
        _task("first_sign", features=4, draw=four_normal_features, label=sign_of_first),
        _task("last_sign", features=4, draw=four_normal_features, label=sign_of_last),
        _task("sum_sign", features=4, draw=four_normal_features, label=sign_of_sum),
        _task("last_bit", features=1, draw=random_bits, label=sign_of_last, discrete=True),
        _task(
            "majority_bit",
            features=1,
            draw=random_bits_without_a_tie,
            label=majority_of_bits,
            discrete=True,
        ),
        _task(
            "running_sign",
            features=4,
            per_step=True,
            draw=four_normal_features,
            label=sign_of_running_sum,
        ),
        _task("random_labels", features=5, draw=five_even_features, label=random_label),
    )
}


#: The name of every uploaded task: nothing is found by it.
OWN = "own"


def make_data(
    task: str | Task,
    *,
    train_size: int,
    test_size: int,
    min_length: int,
    max_length: int,
    missing_rate: float = 0.0,
    seed: int,
) -> Data:
    """Return training and test sequences of a task, or of the task of that name in `TASKS`.

    Lengths are drawn evenly from min_length to max_length, both included. A reading goes missing with
    probability `missing_rate` (0 to below 1). Both parts, and what goes missing from each, have random
    streams of their own. Recorded data ignores sizes and lengths, and uses only the latter streams.
    """
    spec = TASKS[task] if isinstance(task, str) else task
    streams = np.random.default_rng(seed).spawn(4)
    if spec.recorded:
        train, test = spec.recorded()
    else:
        train = _draw_sequences(spec, streams[0], train_size, min_length, max_length)
        test = _draw_sequences(spec, streams[1], test_size, min_length, max_length)
    return Data(
        train=lose_readings(train, missing_rate, streams[2]),
        test=lose_readings(test, missing_rate, streams[3]),
        classes=spec.classes,
        per_step=spec.per_step,
    )


def _draw_sequences(
    spec: Task, rng: np.random.Generator, size: int, min_length: int, max_length: int
) -> Sequences:
    """Return `size` newly drawn sequences of evenly random lengths, limits included, all observed."""
    assert spec.draw is not None and spec.label is not None
    values, labels = [], []
    for length in rng.integers(min_length, max_length + 1, size=size):
        sequence = spec.draw(rng, int(length))
        values.append(sequence.astype(np.float32))
        label = np.asarray(spec.label(sequence, rng), np.int32)
        labels.append(np.broadcast_to(label, (length,)))
    return Sequences(tuple(values), tuple(np.ones(len(v), bool) for v in values), tuple(labels))


@lru_cache(maxsize=2)
def _utterances(split: str) -> Sequences:
    """Return the utterances of `VOWELS_FILE`, all observed; split: "train" or "test"."""
    with np.load(VOWELS_FILE) as stored:
        lengths = stored[f"{split}_lengths"].astype(int)
        values = tuple(np.split(stored[f"{split}_values"], lengths.cumsum()[:-1]))
        speakers = stored[f"{split}_labels"]
    labels = tuple(
        np.full(length, speaker, np.int32) for length, speaker in zip(lengths, speakers, strict=True)
    )
    return Sequences(values, tuple(np.ones(length, bool) for length in lengths), labels)
