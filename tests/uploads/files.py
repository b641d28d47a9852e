"""The formats that a training part and a test part can be written in, as people would write them."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pandas as pd

from maskdemo.data.sequences import Sequences
from maskdemo.uploads.columns import Columns
from maskdemo.uploads.example_tables import table_of


def columns_of(sequences: Sequences, **more) -> Columns:
    """The meaning of the columns that these formats have."""
    usual = {"id": "sequence", "order": "step", "label": "label", "split": "split", "per_step": True}
    return Columns(features=names_of(sequences), **(usual | more))


def long_table(train: Sequences, test: Sequences, *, shuffle: bool = False) -> pd.DataFrame:
    """Long form; shuffled rows leave the first row of each sequence in its place."""
    names = names_of(train)
    pieces = [
        table_of(train, features=names).assign(split="train"),
        table_of(test, features=names, first=len(train)).assign(split="Test "),
    ]
    table = pd.concat(pieces, ignore_index=True)
    if shuffle:
        again = table["sequence"].duplicated().to_numpy()
        later = np.random.default_rng(0).permutation(np.flatnonzero(again))
        table = table.iloc[[*np.flatnonzero(~again), *later]]
    return table


def long_csv(train: Sequences, test: Sequences, *, bom: bool = False, shuffle: bool = False,
             **written) -> bytes:  # fmt: skip
    text = long_table(train, test, shuffle=shuffle).to_csv(index=False, **written)
    return (b"\xef\xbb\xbf" if bom else b"") + text.encode()


def long_parquet(train: Sequences, test: Sequences) -> bytes:
    buffer = io.BytesIO()
    long_table(train, test).to_parquet(buffer)
    return buffer.getvalue()


def wide_csv(train: Sequences, test: Sequences) -> bytes:
    """A row for each sequence, its columns x1_1, x1_2, ..., x2_1, ...; the label of the first step."""
    longest = max(len(each) for part in (train, test) for each in part.values)
    rows = []
    for part, name in ((train, "train"), (test, "test")):
        for values, labels in zip(padded(part, longest), part.labels, strict=True):
            steps = {
                f"{feature}_{step + 1}": values[step, at]
                for at, feature in enumerate(names_of(part))
                for step in range(longest)
            }
            rows.append({"length": len(labels), "label": labels[0], "split": name, **steps})
    return pd.DataFrame(rows).to_csv(index=False).encode()


def flat_archive(train: Sequences, test: Sequences) -> bytes:
    """Steps end to end; a missing reading is NaN."""
    arrays = {}
    for part, name in ((train, "train"), (test, "test")):
        arrays[f"{name}_values"] = np.concatenate(gapped(part))
        arrays[f"{name}_lengths"] = np.array([len(each) for each in part.values])
        arrays[f"{name}_labels"] = np.concatenate(part.labels)
    return archive(**arrays)


def rectangular_archive(train: Sequences, test: Sequences) -> bytes:
    """Padded with -9 behind the end."""
    arrays = {}
    for part, name in ((train, "train"), (test, "test")):
        lengths = np.array([len(each) for each in part.values])
        labels = np.full((len(part), lengths.max()), -9)
        for row, each in enumerate(part.labels):
            labels[row, : len(each)] = each
        arrays[f"{name}_values"] = padded(part, lengths.max())
        arrays[f"{name}_lengths"], arrays[f"{name}_labels"] = lengths, labels
    return archive(**arrays)


def archive(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def names_of(sequences: Sequences) -> tuple[str, ...]:
    return tuple(f"x{at + 1}" for at in range(sequences.values[0].shape[1]))


def gapped(part: Sequences) -> list[np.ndarray]:
    """The values of each sequence, NaN where a reading is missing."""
    return [
        np.where(seen[:, None], values, np.float32(np.nan))
        for values, seen in zip(part.values, part.observed, strict=True)
    ]


def padded(part: Sequences, longest: int) -> np.ndarray:
    """(N, longest, F) float32, -9 behind the end, NaN where a reading is missing."""
    rectangle = np.full((len(part), longest, part.values[0].shape[1]), -9, np.float32)
    for row, values in enumerate(gapped(part)):
        rectangle[row, : len(values)] = values
    return rectangle


#: How a file is called -> how both parts are written into it; each holds labels at every step.
FORMATS: dict[str, Callable[[Sequences, Sequences], bytes]] = {
    "plain.csv": long_csv,
    "german.csv": lambda *both: long_csv(*both, sep=";", decimal=",", bom=True, lineterminator="\r\n"),
    "tabs.csv": lambda *both: long_csv(*both, sep="\t", lineterminator="\r"),
    "quoted.csv": lambda *both: long_csv(*both, decimal=","),
    "shuffled.csv": lambda *both: long_csv(*both, shuffle=True),
    "table.parquet": long_parquet,
    "flat.npz": flat_archive,
    "rectangle.npz": rectangular_archive,
}
