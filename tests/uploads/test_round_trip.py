"""Sequences -> a file -> the same sequences, in every format; and what pandas makes of those files."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskdemo.data.sequences import Sequences
from maskdemo.data.tasks import make_data
from maskdemo.uploads.columns import guess
from maskdemo.uploads.example_tables import EXAMPLES
from maskdemo.uploads.reading import read
from maskdemo.uploads.task import Preparation, task_of
from tests.uploads.files import FORMATS, columns_of, long_csv, wide_csv

#: Each example writes and reads files: 12 in `make test`, 125 in `make fuzz`.
FEWER = settings(max_examples=max(12, settings().max_examples // 8))
AS_THEY_ARE = Preparation(standardise=False)


@st.composite
def parts(draw: st.DrawFn, *, per_step: bool = True) -> tuple[Sequences, Sequences]:
    """A training and a test part: one to three features of any size, missing readings, three labels."""
    features, longest = draw(st.integers(1, 3)), draw(st.integers(2, 6))
    lose = draw(st.sampled_from([0.0, 0.4]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))

    def part(size: int) -> Sequences:
        values, observed, labels = [], [], []
        for number in range(size):
            length = 2 if number == 0 else int(rng.integers(1, longest + 1))
            scale = 10.0 ** rng.integers(-6, 6)
            values.append((scale * rng.normal(size=(length, features))).astype(np.float32))
            seen = rng.random(length) >= lose
            seen[rng.integers(length)] = True
            observed.append(seen)
            drawn = rng.integers(3, size=length) if per_step else rng.integers(3)
            labels.append(np.full(length, number if number < 3 else drawn, np.int32))
        return Sequences(tuple(values), tuple(observed), tuple(labels))

    return part(draw(st.integers(16, 20))), part(draw(st.integers(16, 18)))


def check_same(found: Sequences, given: Sequences) -> None:
    assert len(found) == len(given)
    for at in range(len(given)):
        seen = given.observed[at]
        np.testing.assert_array_equal(found.observed[at], seen)
        np.testing.assert_array_equal(found.values[at][seen], given.values[at][seen])
        np.testing.assert_array_equal(found.labels[at], given.labels[at])


@pytest.mark.parametrize("name", FORMATS)
@given(both=parts())
@FEWER
def test_every_format_gives_the_sequences_back(name, both):
    own = task_of(read(name, FORMATS[name](*both)), columns_of(both[0]), AS_THEY_ARE)
    check_same(own.data.train, both[0])
    check_same(own.data.test, both[1])
    assert own.classes == ("0", "1", "2") and own.data.per_step


@given(both=parts(per_step=False))
@FEWER
def test_the_wide_form_gives_the_sequences_back(both):
    columns = columns_of(both[0], id=None, order=None, length="length", per_step=False)
    own = task_of(read("wide.csv", wide_csv(*both)), columns, AS_THEY_ARE)
    check_same(own.data.train, both[0])
    check_same(own.data.test, both[1])


@given(both=parts())
@FEWER
def test_columns_are_guessed(both):
    for name, write in FORMATS.items():
        assert guess(read(name, write(*both)).frame) == columns_of(both[0])


@given(both=parts(per_step=False))
@FEWER
def test_columns_of_the_wide_form_are_guessed(both):
    columns = columns_of(both[0], id=None, order=None, length="length", per_step=False)
    assert guess(read("wide.csv", wide_csv(*both)).frame) == columns


@pytest.mark.parametrize(
    ("written", "reading"),
    [
        ({}, {}),
        ({"sep": ";", "decimal": ","}, {"sep": ";", "decimal": ","}),
        ({"sep": "\t", "na_rep": "NA"}, {"sep": "\t"}),
        ({"bom": True, "lineterminator": "\r\n"}, {"encoding": "utf-8-sig"}),
        ({"quoting": 1}, {}),
    ],
)
@given(both=parts())
@FEWER
def test_a_csv_file_is_read_as_pandas_reads_it(written, reading, both):
    content = long_csv(*both, **written)
    oracle = pd.read_csv(io.BytesIO(content), **reading)
    pd.testing.assert_frame_equal(read("any.csv", content).frame, oracle)


def test_texts_in_quotation_marks_and_empty_lines_are_read_as_pandas_reads_them():
    content = 'id,note,x\n1,"a, ""b""\nc",1.5\n\n   \n2,日本語,\n2,NA,2\n,,\n'.encode()
    table = read("notes.csv", content)
    oracle = pd.read_csv(io.BytesIO(content)).dropna(how="all").reset_index(drop=True)
    pd.testing.assert_frame_equal(table.frame, oracle)
    assert [table.location(row) for row in range(3)] == ["line 2", "line 6", "line 7"]


def test_a_parquet_file_is_read_as_pandas_reads_it():
    frame = pd.DataFrame(
        {
            "id": pd.Categorical(["a", "a", None]),
            "t": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"]),
            "x": pd.array([1, None, 3], dtype="Int64"),
            "yes": [True, False, True],
        }
    )
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    found = read("x.parquet", buffer.getvalue()).frame
    assert found["id"].fillna("none").tolist() == ["a", "a", "none"]
    assert found["x"].fillna(-1.0).tolist() == [1.0, -1.0, 3.0]
    pd.testing.assert_series_equal(found["t"], frame["t"])
    pd.testing.assert_series_equal(found["yes"], frame["yes"])


def test_the_recording_comes_back_bit_for_bit():
    example = EXAMPLES[0]
    table = read(example.file_name, example.csv())
    own = task_of(table, guess(table.frame), AS_THEY_ARE)
    precomputed = make_data(
        "japanese_vowels", train_size=1, test_size=1, min_length=1, max_length=1, seed=0
    )
    for found, wanted in ((own.data.train, precomputed.train), (own.data.test, precomputed.test)):
        for name in ("values", "observed", "labels"):
            for mine, theirs in zip(getattr(found, name), getattr(wanted, name), strict=True):
                assert mine.dtype == theirs.dtype
                np.testing.assert_array_equal(mine, theirs)
