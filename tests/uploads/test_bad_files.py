"""Files that cannot be used: each is refused with a sentence that has the place and what to change."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskdemo.errors import InvalidSettings, InvalidTable
from maskdemo.experiment import MAX_PADDED_LENGTH, Experiment
from maskdemo.uploads.limits import MAX_FILE_BYTES, MAX_TEST, MAX_TRAIN
from maskdemo.uploads.reading import read_table
from maskdemo.uploads.roles import Preparation
from tests.uploads.files import archive, own, refusal

HEADER = ["id", "t", "x", "word", "label"]


def rows(sequences: int = 40, length: int = 3) -> list[list]:
    """A good table: two labels in turn, a number and a word at each step."""
    return [
        [number, step, number + step / 10, "up" if step % 2 else "down", number % 2]
        for number in range(sequences)
        for step in range(length)
    ]


def written(table: list[list], *, header: list[str] = HEADER) -> bytes:
    return "".join(",".join(map(str, row)) + "\n" for row in [header, *table]).encode()


def changed(line: int, column: str, value: object) -> bytes:
    """The good table with one field of one line (the header is line 1) changed."""
    table = rows()
    table[line - 2][HEADER.index(column)] = value
    return written(table)


def filled(column: str, value: object) -> bytes:
    table = rows()
    for row in table:
        row[HEADER.index(column)] = value
    return written(table)


def said(content: bytes, name: str = "mine.csv", **meant) -> str:
    """The sentence with which the file is refused."""
    return str(refusal(content, name, **meant))


def test_the_good_table_is_good():
    task = own(written(rows()))
    assert (len(task.data.train), len(task.data.test), task.features) == (24, 16, 3)


ENORMOUS = b"a,b\n" + b"1," * (MAX_FILE_BYTES // 2 - 8)

BAD = {
    "empty": (b" \n", "The file is empty."),
    "header alone": (b"id,x,label\n", "no rows"),
    "one column": (b"id\n1\n", "Line 1 names one column only"),
    "twice": (b"id,x,x\n1,2,3\n", "Line 1 names two columns 'x'"),
    "bytes": (b"id,x\n1,2\n\0\0,3\n", "Line 3 holds bytes that are no text"),
    "too short a row": (written([*rows(), [1, 2]]), "Line 122 has 2 fields, the header 5"),
    "too long a row": (written([*rows(), [1] * 7]), "Line 122 has 7 fields, the header 5"),
    "open quotation": (changed(9, "word", '"up'), "Line 9 has 4 fields, the header 5"),
    "text in numbers": (changed(7, "x", "broken"), "Line 7: 'broken' in 'x' is not a number"),
    "decimal comma": (changed(7, "x", '"1,5"'), "in line 7 '1,5' in 'x' a decimal comma"),
    "infinite": (changed(8, "x", "inf"), "Line 8: 'inf' in 'x' is not a number"),
    "huge": (changed(8, "x", "1e300"), "'x' can be no feature: line 8: '1e300' is infinite"),
    "310 digits": (changed(7, "x", "1" * 310), "Line 7: '" + "1" * 40 + "...' in 'x' is infinite"),
    "310 digits of others": (changed(7, "t", "1" * 310), "Line 7: '" + "1" * 40 + "...' in 't' is inf"),
    "formula": (changed(5, "x", "=A1+B1"), "Line 5: '=A1+B1' in 'x' is not a number"),
    "formula label": (changed(5, "label", "=CMD()"), "Line 5: '=CMD()' in 'label' is a formula"),
    "one class": (filled("label", "yes"), "All labels in 'label' are 'yes'"),
    "one sequence": (filled("id", 7), "All rows belong to one sequence, '7'"),
    "no label": (changed(4, "label", ""), "Line 4 has nothing usable in 'label'"),
    "no id": (changed(4, "id", ""), "Line 4 has nothing usable in 'id'"),
    "no order": (changed(4, "t", ""), "Line 4 has nothing usable in 't'"),
    "same order": (changed(6, "t", 0), "Line 5 and line 6 are the same step, '0', of sequence '1'"),
    "label changes": (
        changed(6, "label", 0),
        "sequence '1' the label changes from '1' to '0' in line 6",
    ),
    "too few": (written(rows(30)), "There are 30 sequences; 16"),
    "a header of nothing": (b'""\n' + written(rows()), "Line 1 has no names"),
    "a measurement": (
        written([[*row[:4], 0.5 * index] for index, row in enumerate(rows())]),
        "'label' holds 120 different labels",
    ),
    "too large": (b"x" * (MAX_FILE_BYTES + 2**19), "The file has more than 20 MB"),
    "one enormous line": (ENORMOUS, "Line 2 has 20,971,"),
    "commas alone": (b"," * MAX_FILE_BYTES, "Line 1 has 20,971,520 characters"),
    "lines of commas": ((b"," * 1000 + b"\n") * 20_000, "Line 1 has no names"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_refused_with_a_sentence(what):
    content, part = BAD[what]
    meant = {"per_step": False} if what == "label changes" else {}
    if "'x' is" in part or "'x' can" in part:
        meant = {"features": ("x",)}
    assert part in said(content, **meant)


def test_all_missing_is_refused():
    assert "'x' can be no feature: it is empty" in said(filled("x", ""), features=("x",))
    table = rows()
    for row in table:
        row[2 if row[1] else 3] = ""  # the number or the word
    sentence = said(written(table), features=("x", "word"))
    assert "No row has a value in all of the features" in sentence


def test_unsorted_rows_are_sorted_and_told():
    table = rows()
    table[1], table[2] = table[2], table[1]
    task, good = own(written(table)), own(written(rows()))
    assert "The rows of 1 of 40 sequences were not in order: they were sorted." in task.notes
    for mine, theirs in zip(task.data.train.values, good.data.train.values, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_split_column_says_train_validation_or_test_of_whole_sequences():
    header = [*HEADER, "part"]
    table = [[*row, "train" if row[0] < 20 else "later"] for row in rows()]
    sentence = said(written(table, header=header), split="part", features=("x",))
    assert "Line 62: 'later' in 'part' is none of train, validation and test" in sentence
    # Short words are languages in a column of this name, unless somebody chooses it.
    table = [[*row, "tr" if row[0] < 20 else "te"] for row in rows()]
    chosen = own(written(table, header=[*HEADER, "lang"]), split="lang", features=("x",))
    assert len(chosen.data.train) == len(chosen.data.test) == 20
    table = [[*row, "train" if row[1] else "test"] for row in rows()]
    sentence = said(written(table, header=header))
    assert "In sequence '0' the part changes from 'test' to 'train' in line 3" in sentence
    table = [[*row, "train" if row[0] < 30 else "test"] for row in rows()]
    assert "The test part has 10 sequences" in said(written(table, header=header))


def test_too_many_sequences_can_be_drawn_from():
    many = written(rows(6500, 2))
    with pytest.raises(InvalidTable, match=r"6,500 sequences .* 6,000 of that size") as refused:
        own(many)
    assert refused.value.offer == "sample"
    drawn = own(many, how=Preparation(sample=True, seed=3))
    assert (len(drawn.data.train), len(drawn.data.test)) == (MAX_TRAIN, MAX_TEST)
    assert "6,000 of 6,500 sequences were drawn with seed 3." in drawn.notes


def test_the_limits_are_those_of_an_experiment():
    limits: Any = {"train_size": MAX_TRAIN, "test_size": MAX_TEST, "padded_length": MAX_PADDED_LENGTH}
    Experiment(task="last_sign", epochs=1, repeats=1, units=1, **limits)
    for setting, limit in limits.items():
        with pytest.raises(InvalidSettings):
            Experiment(task="last_sign", **{setting: limit + 1})


def test_a_parquet_bomb_is_refused_before_it_unpacks():
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), ["x" * 10_000])
    lists = pa.array([[0.0] * 1000] * 1000)
    zeros = {f"x{at}": np.zeros(450_000) for at in range(40)}
    for table, part in (
        (pa.table({"id": np.zeros(600_000, np.int8)}), "The table has 600,000 rows"),
        (pa.table(zeros), "unpacks to more than 137"),
        (pa.table({"id": range(1000), "x": lists}), "The column 'x' holds lists"),
        # pandas has a copy of a repeated text for each row.
        (pa.table({"id": range(20_000), "x": text}), "unpacks to more than"),
    ):
        content = packed(table)
        assert len(content) < 500_000
        assert part in said(content, "mine.parquet")
    assert (
        len(read_table("mine.parquet", packed(pa.table({"id": range(2_000), "x": text[:2_000]}))).frame)
        == 2_000
    )


def test_what_parquet_holds_and_nobody_can_read_is_refused_by_name():
    table = pa.Table.from_pandas(pd.DataFrame(rows(), columns=HEADER), preserve_index=False)
    ids = table["id"].to_pylist()
    halves = pa.array(np.array(ids, np.float16))
    raw = pa.array([b"\xff%d" % each for each in ids])
    for at, name in enumerate(HEADER):
        sentence = said(packed(table.set_column(at, name, raw)), "mine.parquet")
        assert f"The column '{name}' holds bytes that are no text" in sentence
    sentence = said(packed(table.set_column(0, "id", halves)), "mine.parquet")
    assert "The column 'id' holds numbers of half precision" in sentence
    # Bytes that are a text are read as they were.
    named = pa.array([b"s%d" % each for each in ids])
    assert len(own(packed(table.set_column(0, "id", named)), "mine.parquet").data.train) == 24


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (" id", "Two columns are called 'id'."),
        ("\u200b", "Column 3 has no name."),
        ("", "Column 3 has no"),
    ],
)
def test_names_that_are_equal_or_nothing_without_space_are_refused(name, sentence):
    table = pa.table({"id": [1, 2], "x": [1.0, 2.0], name: [3, 4]})
    assert sentence in said(packed(table), "mine.parquet")


def packed(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


@pytest.mark.parametrize("ending", ["parquet", "npz"])
def test_what_only_its_name_makes_a_table_is_refused(ending):
    assert f"This is not a {ending} file" in said(b"id,x\n1,2\n", f"mine.{ending}")
    magic = b"PAR1" if ending == "parquet" else b"PK\x03\x04"
    assert said(magic + b"\x07" * 1000, f"mine.{ending}")


@given(cut=st.floats(0, 1), at=st.floats(0, 1), byte=st.integers(0, 255))
@settings(max_examples=max(25, settings().max_examples // 4))
def test_a_damaged_file_is_read_or_refused_but_never_fails(cut, at, byte):
    frame = pd.DataFrame(rows(), columns=HEADER)
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    whole = archive(values=np.ones((6, 2)), lengths=np.array([2, 4]), labels=np.array([0, 1]))
    for content in (buffer.getvalue(), whole, written(rows())):
        damaged = bytearray(content[: max(8, int(cut * len(content)))])
        damaged[int(at * (len(damaged) - 1))] = byte
        with suppress(InvalidTable):
            own(bytes(damaged))


def test_archives_are_checked_before_they_are_loaded():
    lengths, labels = np.array([2, 4]), np.array([0, 1])
    good = {"values": np.ones((6, 2)), "lengths": lengths, "labels": labels}
    assert len(read_table("x.npz", archive(**good)).frame) == 6
    for changes, part in (
        ({"values": np.ones((7, 2))}, "values has 7 steps, but the lengths add up to 6"),
        ({"values": np.ones((2, 3, 1))}, "has no room for 2 sequences of up to 4 steps"),
        ({"values": np.array([["a", "b"]] * 6)}, "values must be numbers"),
        ({"values": np.array([[None, 1]] * 6)}, "holds Python objects"),
        ({"values": np.zeros((2**22, 3))}, "The archive unpacks to 96 MB"),
        ({"lengths": np.array([2.5, 3.5])}, "Entry 1 of lengths is 2.5"),
        ({"lengths": np.array([6, 0])}, "Entry 2 of lengths is 0"),
        ({"lengths": np.array([np.inf, np.inf])}, "a length is a whole number from 1"),
        ({"labels": np.arange(5)}, "labels must be one a sequence or one a step"),
    ):
        assert part in said(archive(**(good | changes)), "mine.npz")
    assert "no array 'labels'" in said(archive(values=np.ones((6, 2)), lengths=lengths), "mine.npz")


def test_an_array_that_claims_more_than_is_there_takes_no_memory():
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (2**40, 2)}
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("values.npy", header.getvalue())
    assert "The array 'values.npy' is not stored whole" in said(buffer.getvalue(), "mine.npz")
