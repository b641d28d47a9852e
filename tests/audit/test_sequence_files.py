"""Sequences for the command: whatever a table holds, it is read or refused by a sentence."""

import numpy as np
import pytest

from maskdemo.cli.audit_files import read_sequences, sequences_in
from maskdemo.errors import UnsupportedModel


def read(text: str) -> list[list[list[float]]]:
    return [array.tolist() for array in sequences_in(text.splitlines(keepends=True))]


def test_rows_of_a_name_are_a_sequence():
    assert read("name,x,y\na,1,2\na,3,4\nb,5,6\n") == [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]]


@pytest.mark.parametrize("blank", ["\n", "   \n", ",,\n", " , ,\n", "\r\n"])
@pytest.mark.parametrize("at", range(4))
def test_an_empty_row_is_skipped_wherever_it_stands(blank, at):
    lines = ["name,x,y\n", "a,1,2\n", "b,3,4\n"]
    lines.insert(at, blank)
    assert read("".join(lines)) == [[[1.0, 2.0]], [[3.0, 4.0]]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,1,2\na,1\n", "lines 1 and 2 differ in columns: 3 and 2"),
        ("name,x\n\na,1\nb,2,3\n", "lines 1 and 4 differ in columns: 2 and 3"),
        ("a,1\nb\n", "lines 1 and 2 differ in columns: 2 and 1"),
        ("a;1;2\nb;1;2\n", "line 1 has no comma"),
        ("a,1\nb,x\n", "line 2, column 2: 'x' is no number"),
        ("a,1\nb,\n", "line 2, column 2: '' is no number"),
        ("name,x,y\na,1,2\nname,x,y\n", "line 3, column 2: 'x' is no number"),
        ("a,1\nb,1_000\n", "'1_000' is no number"),
        ('a,1\nb,"1\nc,2\nd,3\n', "line 4, column 2"),
        ("a,1\nb," + "x" * 1000, "xxx...'"),
    ],
)
def test_a_mangled_line_is_named(text, words):
    with pytest.raises(UnsupportedModel) as raised:
        read(text)
    assert words in str(raised.value) and len(str(raised.value)) < 120


@pytest.mark.parametrize("ending", [".csv", ".CSV"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no sequences."),
        (b"name,x\n", "holds no sequences."),
        (b"a,1\n\xff,2\n", "no text in UTF-8"),
        (b"a,1\nb," + b"1" * 200_000, "field larger than field limit"),
    ],
)
def test_what_is_no_table_comes_to_a_sentence(ending, content, words, tmp_path):
    path = tmp_path / f"mine{ending}"
    path.write_bytes(content)
    with pytest.raises(UnsupportedModel, match=words):
        read_sequences(path)


def test_a_mark_of_the_byte_order_is_no_part_of_a_name(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(b"\xef\xbb\xbfa,1\r\na,2\r\n")
    assert [each.tolist() for each in read_sequences(path)] == [[[1.0], [2.0]]]


def test_numbers_too_large_for_single_precision_are_left_to_the_audit():
    assert read("a,1e300\n") == [[[float("inf")]]]


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "array", "object"])
def test_a_damaged_archive_comes_to_a_sentence(damage, tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, first=np.ones((3, 2)))
    if damage == "object":
        np.savez(path, first=np.array([[None]]))
    whole = path.read_bytes()
    if damage == "array":
        with path.open("wb") as file:
            np.save(file, np.ones(3))
    elif damage != "object":
        path.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "text": b"x"}[damage])
    with pytest.raises(UnsupportedModel, match=r"mine\.npz holds no sequences"):
        read_sequences(path)
