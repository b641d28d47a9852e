"""What a task's sequences tell before any training: facts, their lengths, what padding would waste.

>>> found = lengths_of([2, 3, 3, 4, 8])
>>> found.longest, [f"{way.title}: {way.padding:.0%}" for way in found.ways][:1]
(8, ['to the longest, 8 steps: 50%'])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.sequences import Data, Sequences
from maskdemo.errors import quoted

#: Fewer training sequences than this of a class are few.
FEW = 10
#: Training sequences that a guess from the length looks at, at least.
NEIGHBOURS = 15
#: The length that so many of a hundred sequences do not exceed.
PERCENTILE = 95
BUCKETS = 4


@dataclass(frozen=True)
class Fact:
    """A fact on a data set. value: the number that the sentence tells. alarming: worth a warning."""

    name: str
    sentence: str
    value: float
    alarming: bool = False


def data_facts(
    data: Data, *, classes: Sequence[str], padded_length: int, mask_value: float
) -> tuple[Fact, ...]:
    """Return six facts: on padding, missing steps, steps like the mask, and the three below.

    The first three, two shares and a count, are of both parts; alarming is more than half missing, or
    an observed step that is the mask value in all features. classes: the names of labels, by number.
    """
    sequences = [*data.train.values, *data.test.values]
    values = np.concatenate(sequences)
    observed = np.concatenate([*data.train.observed, *data.test.observed])
    padding = 1 - len(values) / (len(sequences) * padded_length)
    lost = int((~observed).sum())
    masked = int(((values == np.float32(mask_value)).all(axis=1) & observed).sum())
    padded = f"Padded to {padded_length} steps, {padding:.0%} of all steps are padding."
    missing = f"At {lost:,} of {len(observed):,} steps a value is missing"
    missing += ": the whole step is treated as a missing reading." if lost else "."
    equal = f"{masked:,} of {int(observed.sum()):,} real steps equal the mask value {mask_value:g} in "
    skipped = ": a Masking layer would skip them. Choose another mask value." if masked else "."
    return (
        Fact("padding", padded, padding),
        Fact("missing", missing, lost / len(observed), lost > len(observed) / 2),
        Fact("like_the_mask", f"{equal}every feature{skipped}", float(masked), masked > 0),
        label_from_length(data),
        rare_classes(data, classes),
        duplicates(data),
    )


def label_from_length(data: Data) -> Fact:
    """Return as a fact how accurately the length alone tells the labels of the test part.

    The guess is the commonest label among the training sequences of the most similar lengths; alarming
    if it beats always giving the test part's commonest label by two standard errors for as many
    trials as test sequences. With a label at each step its position stands for the length.
    """
    (train_clues, labels), (test_clues, truth) = (
        _lengths_and_labels(part, data.per_step) for part in (data.train, data.test)
    )
    guesses = _commonest_nearby(train_clues, labels, data.classes)
    accuracy = float((guesses[np.minimum(test_clues, len(guesses) - 1)] == truth).mean())
    always = float(np.bincount(truth, minlength=data.classes).max() / len(truth))
    # Steps of one sequence are no independent trials: the sequences are counted.
    error = np.sqrt(always * (1 - always) / len(data.test))
    clue, what = ("position", "steps") if data.per_step else ("length", "sequences")
    alarming = bool(accuracy > always + 2 * error)
    end = f" The {clue} gives something away: padding tells it too." if alarming else ""
    return Fact(
        "told_by_length",
        f"From the {clue} alone the label of {accuracy:.0%} of the test {what} can be guessed; always "
        f"giving the commonest is right for {always:.0%}.{end}",
        accuracy,
        alarming,
    )


def rare_classes(data: Data, classes: Sequence[str]) -> Fact:
    """Return as a fact how many classes have under `FEW` training sequences; alarming if any has."""
    held = [np.unique(each) for each in data.train.labels]
    counts = np.bincount(np.concatenate(held), minlength=data.classes)
    rare = np.flatnonzero(counts < FEW)
    if not len(rare):
        least = f"Each of the {data.classes} classes has {counts.min():,} training sequences or more."
        return Fact("few", least, 0.0)
    few = f"{len(rare)} of {data.classes} classes have fewer than {FEW} training sequences: "
    few += ", ".join(f"{quoted(classes[at])} ({counts[at]})" for at in rare[:5])
    more = f" and {len(rare) - 5} more" if len(rare) > 5 else ""
    return Fact("few", f"{few}{more}.", float(len(rare)), alarming=True)


def duplicates(data: Data) -> Fact:
    """Return as a fact how many test sequences also stand in the training part; alarming if any."""
    train, test = (map(_as_bytes, part.values, part.observed) for part in (data.train, data.test))
    train = set(train)
    count = sum(key in train for key in test)
    again = f"{count:,} of {len(data.test):,} test sequences also stand in the training part"
    again += ": the accuracy on unseen sequences is too high by them." if count else "."
    return Fact("duplicates", again, float(count), alarming=count > 0)


def _as_bytes(values: NDArray[np.float32], observed: NDArray[np.bool_]) -> tuple[bytes, bytes]:
    """Return a sequence, (T, F) and (T,), as bytes that are equal for equal sequences."""
    # Adding 0 makes -0.0 and 0.0 the same bytes.
    return (values + np.float32(0)).tobytes(), observed.tobytes()


def _lengths_and_labels(part: Sequences, per_step: bool) -> tuple[NDArray, NDArray]:
    """Return (lengths, labels), (N,) each; per_step: (positions from 0, labels), all steps."""
    lengths = [len(each) for each in part.labels]
    if per_step:
        return np.concatenate([np.arange(length) for length in lengths]), np.concatenate(part.labels)
    return np.array(lengths), np.array([each[0] for each in part.labels])


def _commonest_nearby(clues: NDArray, labels: NDArray, classes: int) -> NDArray[np.intp]:
    """Return the commonest label near each length from 0 to the largest, (largest + 1,).

    Near are the closest lengths that `NEIGHBOURS` together have, or all. clues, labels: (n,), lengths
    or positions and their labels.
    """
    table = np.zeros((clues.max() + 1, classes), int)
    np.add.at(table, (clues, labels), 1)
    enough, guesses = min(NEIGHBOURS, len(clues)), []
    for apart in np.abs(np.subtract.outer(np.arange(len(table)), np.arange(len(table)))):
        reach = (np.bincount(apart, table.sum(axis=1)).cumsum() >= enough).argmax()
        guesses.append(table[apart <= reach].sum(axis=0).argmax())
    return np.array(guesses)


@dataclass(frozen=True)
class PaddingWay:
    """A way to pad sequences of many lengths. padding: the share of all steps, 0 to 1, that is padding.

    cut: share of all real steps that is cut off, 0 to 1. short: the title where there is little room.
    """

    title: str
    short: str
    padding: float
    cut: float = 0.0

    @property
    def sentence(self) -> str:
        """The share of padding, and of steps cut off, as a sentence."""
        lost = f", and {self.cut:.1%} of the real steps are cut off" if self.cut else ""
        return f"Padded {self.title}: {self.padding:.0%} of the steps are padding{lost}."


@dataclass(frozen=True)
class Lengths:
    """A histogram of lengths, and ways to pad. counts: (longest + 1,), of sequences by their length."""

    counts: NDArray[np.intp]
    ways: tuple[PaddingWay, ...]

    @property
    def longest(self) -> int:
        """The steps of the longest sequence."""
        return len(self.counts) - 1


def lengths_of(lengths: Sequence[int] | NDArray[np.integer]) -> Lengths:
    """Return the histogram of lengths (N,), each at least 1, and two or three ways to pad them.

    To the longest, to the 95th percentile if it is less, and in four buckets of as many sequences.
    """
    steps = np.sort(lengths)
    longest, most = int(steps[-1]), int(np.percentile(steps, PERCENTILE, method="higher"))
    kept = np.minimum(steps, most)
    cut, buckets = float(1 - kept.sum() / steps.sum()), np.array_split(steps, min(BUCKETS, len(steps)))
    rectangles = sum(len(each) * int(each[-1]) for each in buckets)
    enough = f"to {most} steps, which {PERCENTILE}% of the sequences do not exceed"
    alike = f"in {len(buckets)} buckets of similar length"
    ways = (
        PaddingWay(
            f"to the longest, {longest} steps", f"to {longest} steps", float(1 - steps.mean() / longest)
        ),
        PaddingWay(
            enough, f"to {most} steps, enough for {PERCENTILE}%", float(1 - kept.mean() / most), cut
        ),
        PaddingWay(f"{alike}, each to its own longest", alike, float(1 - steps.sum() / rectangles)),
    )
    return Lengths(np.bincount(steps), ways if most < longest else (ways[0], ways[2]))
