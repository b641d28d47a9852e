"""Two tables to download, to see how one's own must look: made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from maskdemo.data.sequences import Sequences
from maskdemo.data.tasks import make_data

MACHINES = 96
#: Share of the readings that the second example's sensor did not send.
LOST = 0.03


@dataclass(frozen=True)
class Example:
    """A table to download. table: makes it. summary: what is in it."""

    title: str
    file_name: str
    summary: str
    table: Callable[[], pd.DataFrame]

    def csv(self) -> bytes:
        """Return the table as CSV in UTF-8, with every number exact."""
        return self.table().to_csv(index=False, lineterminator="\n").encode()


def long_table_of(sequences: Sequences, *, features: tuple[str, ...], first: int = 0) -> pd.DataFrame:
    """Return a table: sequence (from `first`), step (from 0), features, label as int; gaps NaN."""
    lengths = [len(each) for each in sequences.values]
    values = np.concatenate(sequences.values)
    observed = np.concatenate(sequences.observed)
    numbers = np.arange(first, first + len(lengths))
    table = pd.DataFrame({"sequence": np.repeat(numbers, lengths)})
    table["step"] = table.groupby("sequence").cumcount()
    table[list(features)] = np.where(observed[:, None], values, np.float32(np.nan))
    return table.assign(label=np.concatenate(sequences.labels))


def japanese_vowels() -> pd.DataFrame:
    """Return the recording, a row a step: utterance, step, 12 coefficients, speaker, train or test."""
    data = make_data("japanese_vowels", train_size=1, test_size=1, min_length=1, max_length=1, seed=0)
    features = tuple(f"coefficient {at}" for at in range(1, 13))
    train = long_table_of(data.train, features=features)
    test = long_table_of(data.test, features=features, first=len(data.train))
    both = pd.concat([train.assign(split="train"), test.assign(split="test")], ignore_index=True)
    return both.rename(columns={"sequence": "utterance", "label": "speaker"})


def machines() -> pd.DataFrame:
    """Return invented runs, the same each time: run, minute, machine, mode, load_kN, heat_C, state."""
    rng = np.random.default_rng(1)
    runs = []
    for run in range(MACHINES):
        length = int(rng.integers(6, 25))
        mode = rng.choice(["boost", "eco", "normal"])
        load = rng.normal(size=length).cumsum() + {"boost": 1.0, "eco": -1.0, "normal": 0.0}[mode]
        heat = 60 + 4 * load + rng.normal(size=length)
        worn = np.maximum.accumulate(load) > 1.5
        table = pd.DataFrame(
            {
                "run": f"run-{run:03}",
                "minute": 5 * np.arange(length),
                "machine": f"M{run % 12:02}",
                "mode": mode,
                "load_kN": (12 + 2 * load).round(2),
                "heat_C": heat.round(1),
                "state": np.where(worn, "worn", "fine"),
            }
        )
        runs.append(table)
    table = pd.concat(runs, ignore_index=True)
    lost = rng.random(len(table)) < LOST
    lost[~table["run"].duplicated()] = False  # every run keeps its first reading
    return table.assign(heat_C=table["heat_C"].mask(lost))


EXAMPLES = (
    Example(
        "Real speech",
        "japanese-vowels.csv",
        "640 utterances in long form: a row for each step, with the utterance, the step, twelve "
        "numbers, the speaker, and whether it is for training or for the test (Kudo et al. 1999, "
        "CC BY 4.0).",
        japanese_vowels,
    ),
    Example(
        "Machines, a label at each step",
        "machines.csv",
        "Made up: 96 runs of 12 machines with a mode in words, readings that got lost, groups that "
        "stay together, and a label at every step.",
        machines,
    ),
)
