"""Sequences, the notations in which people write them, and what comes of such a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from maskdemo.data.sequences import Sequences
from maskdemo.data.tasks import OWN
from maskdemo.errors import InvalidTable
from maskdemo.experiment import Experiment
from maskdemo.uploads.columns import read_columns
from maskdemo.uploads.example_tables import long_table_of
from maskdemo.uploads.guess_roles import guess_roles
from maskdemo.uploads.limits import nearest_padded_length
from maskdemo.uploads.reading import read_table
from maskdemo.uploads.roles import Guess, Preparation
from maskdemo.uploads.task import OwnTask, task_of

AS_THEY_ARE = Preparation(standardise=False)


def guessed(content: str | bytes, name: str = "mine.csv", **given) -> Guess:
    """The roles that are guessed beside those that are given."""
    table = read_table(name, content if isinstance(content, bytes) else content.encode())
    return guess_roles(table, read_columns(table), given)


def own(
    content: str | bytes, name: str = "mine.csv", *, how: Preparation = AS_THEY_ARE, **given
) -> OwnTask:
    """The task in a file, with these roles given and the others guessed."""
    table = read_table(name, content if isinstance(content, bytes) else content.encode())
    columns = read_columns(table)
    return task_of(table, columns, guess_roles(table, columns, given), how)


def refusal(content: str | bytes, name: str = "mine.csv", **given) -> InvalidTable:
    """The error with which the file is refused: one sentence that is fit for people."""
    with pytest.raises(InvalidTable) as refused:
        own(content, name, **given)
    sentence = str(refused.value)
    assert sentence.endswith(".") and len(sentence) < 400 and "\n" not in sentence, sentence
    return refused.value


def long_table(train: Sequences, test: Sequences, *, shuffle: bool = False) -> pd.DataFrame:
    """Long form; shuffled rows leave the first row of each sequence in its place."""
    names = names_of(train)
    pieces = [
        long_table_of(train, features=names).assign(split="train"),
        long_table_of(test, features=names, first=len(train)).assign(split="Test "),
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


def grouped_csv(train: Sequences, test: Sequences, *, comma: str, point: str, sep: str) -> bytes:
    """Numbers in groups of three digits before the decimal point, as many after it as needed."""
    table = long_table(train, test)
    for name in names_of(train):
        texts = [
            "" if np.isnan(each) else np.format_float_positional(each, unique=True, trim="0")
            for each in table[name].to_numpy(np.float32)
        ]
        table[name] = [_grouped(each, comma, point) for each in texts]
    return table.to_csv(index=False, sep=sep).encode()


def _grouped(text: str, comma: str, point: str) -> str:
    whole, dot, rest = text.partition(".")
    sign, digits = whole[: len(whole) - len(whole.lstrip("-"))], whole.lstrip("-")
    groups = f"{int(digits):,}".replace(",", comma) if digits else digits
    return f"{sign}{groups}{point if dot else ''}{rest}"


def long_parquet(train: Sequences, test: Sequences) -> bytes:
    buffer = io.BytesIO()
    long_table(train, test).to_parquet(buffer)
    return buffer.getvalue()


def flat_archive(train: Sequences, test: Sequences) -> bytes:
    """Steps end to end; a missing reading is NaN."""
    arrays = {}
    for part, name in ((train, "train"), (test, "test")):
        arrays[f"{name}_values"] = np.concatenate(gapped(part))
        arrays[f"{name}_lengths"] = np.array([len(each) for each in part.values])
        arrays[f"{name}_labels"] = np.concatenate(part.labels)
    return archive(**arrays)


def padded_archive(train: Sequences, test: Sequences) -> bytes:
    """Padded with -9 behind the end."""
    arrays = {}
    for part, name in ((train, "train"), (test, "test")):
        lengths = np.array([len(each) for each in part.values])
        labels = np.full((len(part), lengths.max()), -9)
        values = np.full((*labels.shape, part.values[0].shape[1]), -9, np.float32)
        for row, (label, steps) in enumerate(zip(part.labels, gapped(part), strict=True)):
            labels[row, : len(label)], values[row, : len(label)] = label, steps
        arrays |= {f"{name}_values": values, f"{name}_lengths": lengths, f"{name}_labels": labels}
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


#: How a file is called -> how both parts are written into it; each holds labels at every step.
FORMATS: dict[str, Callable[[Sequences, Sequences], bytes]] = {
    "plain.csv": long_csv,
    "german.csv": lambda *both: (
        b"\xef\xbb\xbf"
        + long_csv(*both, sep=";", decimal=",", bom=True, lineterminator="\r\n").replace(
            b"step", b" step ", 1
        )
    ),
    "tabs.tsv": lambda *both: long_csv(*both, sep="\t", lineterminator="\r", na_rep="NA"),
    "quoted.csv": lambda *both: long_csv(*both, decimal=",", quoting=1),
    "single.csv": lambda *both: long_csv(*both, quoting=1, quotechar="'"),
    "shuffled.csv": lambda *both: long_csv(*both, shuffle=True),
    "excel.csv": lambda *both: b"sep=;\r\n" + long_csv(*both, sep=";", decimal=","),
    "english.csv": lambda *both: grouped_csv(*both, comma=",", point=".", sep=","),
    "dots.csv": lambda *both: grouped_csv(*both, comma=".", point=",", sep=";"),
    "swiss.csv": lambda *both: grouped_csv(*both, comma="\u2019", point=".", sep=";"),
    "french.csv": lambda *both: grouped_csv(*both, comma="\u202f", point=",", sep="|"),
    "table.parquet": long_parquet,
    "flat.npz": flat_archive,
    "padded.npz": padded_archive,
}


def experiment_with(task: OwnTask, like: Experiment) -> Experiment:
    """These settings with the uploaded task, padded no longer than there is room for."""
    return replace(
        like, task=OWN, own=task, padded_length=nearest_padded_length(task, like.padded_length)
    )
