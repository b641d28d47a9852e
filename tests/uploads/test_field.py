"""Files in shapes that people have: each is read right, asked about, or refused for what it is.

32 to 40 sequences with invented names and values.
"""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from maskdemo.uploads.columns import read_columns
from maskdemo.uploads.npz import apparent_padding
from maskdemo.uploads.reading import read_table
from maskdemo.uploads.roles import Preparation
from maskdemo.uploads.task import OwnTask
from tests.uploads.files import archive, guessed, own, refusal

SEQUENCES, STEPS = 40, 3


def lines(header: str, row, *, sequences: int = SEQUENCES, steps: int = STEPS) -> str:
    """A CSV file: `row(sequence, step)` is one line."""
    return "\n".join([header, *(row(s, t) for s in range(sequences) for t in range(steps)), ""])


def steps_of(task: OwnTask, at: int = 0) -> list[list[list[float]]]:
    """The values of every sequence as plain numbers, in the order of training and test."""
    return [each.tolist() for part in (task.data.train, task.data.test) for each in part.values]


# Read without a word before: read right, asked, or refused with the cell.


@pytest.mark.parametrize(
    ("first", "second", "right"),
    [
        ("1,088", "805", None),  # alone it can be both
        ("1,088", "1,204,805", [1088, 1204805]),
        ("1,088.5", "805", [1088.5, 805]),
        ("1'204", "805", [1204, 805]),
        ("1 204,5", "805,25", [1204.5, 805.25]),
        ("1.204,5", "5.640", [1204.5, 5640]),
        ("\u22123.5", "2", [-3.5, 2]),
        ("0,132", "1,088", [0.132, 1.088]),
        ("1.088", "805", None),
        ("1.088", "2.5", [1.088, 2.5]),
    ],
)
def test_a_number_has_one_meaning_or_its_cell_is_named(first, second, right):
    def row(s, t):
        return f'S{s},{t},"{second if t else first}",{"ab"[s % 2]}'

    content = lines("shop,week,visitors,label", row, steps=2)
    if right is None:
        assert f"Line 2: '{first}' in 'visitors' can be a thousand or a fraction" in str(
            refusal(content)
        )
    else:
        task = own(content)
        assert all(each == np.float32(right).reshape(2, 1).tolist() for each in steps_of(task))


@pytest.mark.parametrize(
    ("name", "cell", "role", "said"),
    [
        ("Datum", "0{t}.02.2026", "order", "'03.02.2026' in 'Datum' is read as 2026-02-03"),
        ("a", "{t}.{s}0", "features", "'1.100' in 'a' is read as a fraction"),
        ("a", "0{s}", "features", "'a' is read as numbers, '010' too"),
        ("a", "0x{t}F", "features", "'0x1F' in 'a' is read as a word"),
        ("a", "{t}0-{t}9", "features", "'10-19' in 'a' is read as a word"),
        ("a", "{t}/2", "features", "'1/2' in 'a' is read as a word"),
        ("Tag", "2026010{t}", "order", ""),
        ("stamp", "2026010{t}235959", "order", ""),
        ("a", "M{t}", "features", ""),
        ("date,time", "2026-01-15,1{t}:00", "order", ""),
        (
            "d",
            "0{t}.02.2026 00:30+02:00",
            "order",
            "'03.02.2026 00:30+02:00' in 'd' is read as 2026-02-03",
        ),
    ],
)
def test_what_can_be_meant_in_two_ways_is_said(name, cell, role, said):
    def row(s, t):
        at = 3 - t if role == "order" else t + 1  # the last step first, so that something is sorted
        return f"r{s},{cell.format(s=10 + s, t=at)},{s},{'ab'[s % 2]}"

    task = own(lines(f"run,{name},x,label", row))
    name = name.rpartition(",")[2]
    assert name in (getattr(task.roles, role) or ())
    found = [each for each in task.notes if f"'{name}'" in each]
    assert len(found) == bool(said) and all(each.startswith(said) for each in found), found


def test_ids_are_text():
    def row(s, t):
        name = {0: "001", 1: "1", 2: "1.0"}.get(s, f"{s:03}")
        return f"{name},2024-01-{t + 1:02},{s + t / 10},{'ab'[s % 2]}"

    task = own(lines("record_id,date,score,label", row))
    assert task.roles.id == ("record_id",)
    assert (task.roles.order, task.roles.features) == (("date",), ("score",))
    assert len(steps_of(task)) == SEQUENCES and task.fixed.max_length == STEPS
    assert any(each.startswith("'001', '1' and '1.0' are different ids") for each in task.notes)


def test_an_empty_row_makes_no_id_a_float():
    content = lines("record,x,label", lambda s, t: f"12345678901234500{s:02},{t / 10},{'ab'[s % 2]}")
    task = own(content.replace("\n", "\n,,\n", 2) + ",,\n")
    assert task.roles.id == ("record",) and len(steps_of(task)) == SEQUENCES
    assert not any("different ids" in each for each in task.notes)


def test_a_measurement_is_no_order():
    rng = np.random.default_rng(0)
    values = rng.normal(11, 1, (SEQUENCES, STEPS)).round(6)
    content = lines("station,T,RH,label", lambda s, t: f"s{s},{values[s, t]},57.5,{'ab'[s % 2]}")
    found = guessed(content)
    assert found.roles.order == () and "T" in found.roles.features
    first = sorted(each[0][0] for each in steps_of(own(content)))
    assert first == sorted(np.float32(values[:, 0]).tolist())


def test_an_id_of_two_columns_is_asked_for_and_taken():
    def row(s, t):
        return f"P{s // 8},{s % 8},{s + t / 10},{'ab'[s % 2]}"

    content = lines("participant,trial,x,condition", row)
    found = guessed(content, label="condition")
    assert found.roles.id == () and "'participant' and 'trial' together" in found.doubts["id"]
    assert "Choose the column, or the two columns together" in str(refusal(content, label="condition"))
    task = own(content, label="condition", id=("participant", "trial"))
    assert len(steps_of(task)) == SEQUENCES and not task.roles.per_step
    assert task.roles.group == "participant", "one person's trials stay together"
    # Without several rows a trial, the trials are the steps of a person.
    alone = lines("participant,trial,x,label", lambda s, t: f"P{s},{t},{s + t / 10},{'ab'[s % 2]}")
    assert (guessed(alone).roles.id, guessed(alone).roles.order) == (("participant",), ("trial",))


def test_rows_of_a_named_id_that_stand_apart_are_asked_about():
    content = lines("x,trial,label", lambda s, t: f"{s + t / 10},{t},{'ab'[s % 2]}", steps=4)
    assert "stand apart" in guessed(content).doubts["id"]


def test_events_of_many_cases_interleave_by_their_time():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    content = lines(
        "case:concept:name,time:timestamp,cost,label",
        lambda s, t: f"c{s},{start + timedelta(minutes=37 * t + s)},{s + t / 10},{'ab'[s % 2]}",
    )
    names, *rows = content.splitlines()
    rows.sort(key=lambda row: row.split(",")[1])
    task = own("\n".join([names, *rows]))
    assert (task.roles.id, task.roles.order) == (("case:concept:name",), ("time:timestamp",))
    wanted = sorted([[float(np.float32(s + t / 10))] for t in range(3)] for s in range(40))
    assert sorted(steps_of(task)) == wanted


@pytest.mark.parametrize(
    ("when", "later"),
    [("01/11/2023", "01/10/2023"), ("step 3", "step 2"), ("Monday", "Sunday"),
     ("28-12-25", "29-12-25"), ("Nov-23", "Okt-23"), ("02/26", "01/26"),
     ("3 Okt 2026", "2 Okt 2026"), ("5:20", "1:01:10"), ("1 days 00:10", "0 days 00:10")],
)  # fmt: skip
def test_what_cannot_be_sorted_by_is_said_and_asked(when, later):
    content = lines(
        "series,Date,close,label",
        lambda s, t: f"q{s},{later if t else when},{s + t / 10},{'ab'[s % 2]}",
        steps=2,
    )
    found = guessed(content)
    assert found.roles.order is None and found.roles.features == ("close",)
    assert "Steps cannot be sorted by 'Date'" in str(refusal(content))
    # Whoever knows that the rows are in order says so, and the dates stay out of the features.
    assert own(content, order=()).roles.features == ("close",)


@pytest.mark.parametrize(
    "times",
    [
        ["2026-01-02", "2026-01-10", "2026-02-01"],
        ["2.1.2026", "13.1.2026", "1.2.2026"],
        ["1/2/2026", "1/13/26", "2/1/2026"],
        ["9:59 AM", "10:00 a.m.", "12:30 PM"],
        ["12:05 AM", "1:00 AM", "11:00"],
        ["2024-10-27T02:50:00+02:00", "2024-10-27T02:10:00+01:00", "2024-10-27 01:50:00Z"],
        ["2026/1/2 9:05", "2026/1/2 10:00:00.25", "2026/1/2 10:00:00.5"],
        ["30.12.99", "31.12.99", "01.01.00"],
        ["99-12-30", "99-12-31", "00-01-01"],
        ["2025-W52", "2026W01", "2026-W01-4"],
        ["2025-12", "2026-01", "2026-10"],
        ["2025-Q4", "2026Q1", "2026 Q3"],
        ["2026-W8", "2026-W9", "2026-W10"],
        ["Dec 2025", "January 2026", "Oct 2026"],
        ["12/2025", "01/2026", "10/2026"],
        ["2025/12", "2026/1", "2026/10"],
        ["Q4 2025", "Q1 2026", "Q3/2026"],
        ["20260101T100000Z", "20260101T100001Z", "20260102T090000Z"],
        ["20260101 0959", "20260101 1000", "20260102 0800"],
        ["31 Dec 2025", "03 Jan 2026", "1 February 2026"],
        ["Dec 31, 2025", "Jan 3, 2026", "Feb. 1, 2026"],
        ["31-Dec-25", "03-Jan-26", "01-Feb-26"],
        ["December 31st, 2025", "January 2nd, 2026", "January 13th, 2026"],
        [
            "Fri, 02 Jan 2026 23:00:00 GMT",
            "Sat, 03 Jan 2026 00:30:00 +0100",
            "Sun, 04 Jan 2026 00:00:00 GMT",
        ],
        ["0:07", "25:19", "40:05"],
        ["0:07", "25:19", "130:05"],
        ["2026-01-01 23:00", "2026-01-01 24:00", "2026-01-02 01:00"],
        ["05/Dec/2025:10:00:00 +0000", "02/Jan/2026:10:00:00 +0000", "02/Jan/2026:10:00:01 +0000"],
    ],
)
def test_times_are_sorted_as_they_passed(times):
    shown = [times[2], times[0], times[1]]
    content = lines(
        "series,when,x,label", lambda s, t: f'q{s},"{shown[t]}",{(t + 2) % 3},{"ab"[s % 2]}'
    )
    task = own(content)
    assert task.roles.order == ("when",)
    assert all(each == [[0], [1], [2]] for each in steps_of(task))


@pytest.mark.parametrize(
    ("cell", "said"), [("", "has nothing usable in 'date'"), ("2026-02-30", "are. Correct it, or")]
)
def test_one_bad_date_takes_the_order_from_nobody(cell, said):
    content = lines("run,date,x,label", lambda s, t: f"r{s},2026-01-{t + 1:02},{s + t},{'ab'[s % 2]}")
    broken = content.replace("r1,2026-01-02", f"r1,{cell}")
    assert guessed(broken).roles.order == ("date",) and guessed(broken).roles.features == ("x",)
    assert "Line 6" in str(refusal(broken)) and said in str(refusal(broken))


def test_columns_that_are_not_used_are_named_with_the_reason():
    def row(s, t):
        below = "below limit" if s == 7 else s / 2
        return f'r{s},{t},{below},{s}%,{t}.2 C,"[{s}, 2]",n{s},,{s + t},{"ab"[s % 2]}'

    content = lines("run,step,a,b,c,d,e,f,x,label", row)
    task = own(content)
    assert task.roles.features == ("x",)
    why = dict(task.unused)
    assert set(why) == set("abcdef")
    assert "line 23: 'below limit' is not a number" in why["a"]
    assert "'0%' is a number with more beside it" in why["b"] and "'0.2 C'" in why["c"]
    assert "lists" in why["d"] and "40 different texts" in why["e"] and "empty" in why["f"]
    assert "Line 23: 'below limit' in 'a'" in str(refusal(content, features=("a",)))


def test_a_treatment_is_no_group_and_a_part_without_a_class_is_refused():
    content = lines(
        "run,step,group,x,label", lambda s, t: f"r{s},{t},{'cd'[s % 2]},{s + t},{'ab'[s % 2]}"
    )
    assert guessed(content).roles.group is None
    found = str(refusal(content, group="group"))
    assert "part has no sequence of class '" in found and "Look at 'group'" in found


def test_a_column_of_train_val_and_test_is_the_split():
    parts = ["train"] * 16 + ["val"] * 6 + ["test"] * 18
    task = own(
        lines("run,step,x,fold,label", lambda s, t: f"r{s},{t},{s + t / 4},{parts[s]},{'ab'[s % 2]}")
    )
    assert task.roles.split == "fold" and task.roles.features == ("x",)
    assert (len(task.data.train), len(task.data.test)) == (22, 18)
    assert any("Validation sequences are used for training" in each for each in task.notes)
    wrong = lines(
        "run,step,x,fold,label", lambda s, t: f"r{s},{t},{s + t},{parts[s]},{'a' if s < 22 else 'b'}"
    )
    assert "The training part has no sequence of class 'b'. Look at 'fold'" in str(refusal(wrong))


def test_padding_in_front_is_refused():
    lengths = np.arange(SEQUENCES) % 4 + 2
    values = np.zeros((SEQUENCES, 6, 2))
    for at, length in enumerate(lengths):
        values[at, 6 - length :] = np.random.default_rng(at).normal(size=(length, 2))
    front = {"values": values, "lengths": lengths, "labels": np.arange(SEQUENCES) % 2}
    error = refusal(archive(**front), "mine.npz")
    assert "padding seems to be in front" in str(error)
    repaired: dict = {"np": np, **front}
    exec(error.code, repaired)
    task = own(archive(**{name: repaired[name] for name in front}), "mine.npz")
    wanted = sorted(np.float32(values[at, 6 - n :]).tolist() for at, n in enumerate(lengths))
    assert sorted(steps_of(task)) == wanted


def test_x_y_and_z_are_features_also_where_no_label_is_found():
    content = lines(
        "user,time,x,y,z,activity",
        lambda s, t: f"u{s},{t},{s},{t % 2},{t},{'sit' if s % 2 else 'walk'}",
    )
    found = guessed(content)
    assert (found.roles.label, found.roles.features) == ("activity", ("x", "y", "z"))
    content = content.replace("activity", "what")
    assert guessed(content).roles.label is None
    assert "Choose the column that holds the label" in str(refusal(content))


def test_two_columns_of_time_are_asked_about_and_taken_together():
    content = lines(
        "run,day,minute,x,label", lambda s, t: f"r{s},{t // 2},{t % 2},{t},{'ab'[s % 2]}", steps=4
    )
    assert guessed(content).roles.order is None
    assert "'day' and 'minute' can be the order" in str(refusal(content))
    task = own(content, order=("day", "minute"))
    assert all(each == [[0], [1], [2], [3]] for each in steps_of(task))


def test_none_and_na_are_words_among_words_and_missing_among_numbers():
    missing = ["None", "NA", "1.#QNAN", "\\N"]
    content = lines(
        "run,step,mode,x,label",
        lambda s, t: (
            f"r{s},{t},{['None', 'NA', 'eco'][t]},{missing[s % 4] if t == 1 else s},{missing[s % 2]}"
        ),
    )
    task = own(content)
    assert task.feature_names == ("mode = NA", "mode = None", "mode = eco", "x")
    assert task.label_names == ("NA", "None")
    assert task.data.train.observed[0].tolist() == [True, False, True]
    named = own(GOOD.replace("r3,", "nan,").replace(",b\n", ",NA\n"))
    assert named.label_names == ("NA", "a") and len(steps_of(named)) == SEQUENCES


def test_many_blanks_are_told_with_the_emptiest_column():
    def row(s, t):
        return f"r{s},{t},{'' if t else s},{'' if s == 3 else t},{'ab'[s % 2]}"

    notes = " ".join(own(lines("run,step,a,b,label", row)).notes)
    # Of r3 nothing is left; of the 117 steps of the others two thirds are missing.
    assert "At 78 of 117 steps a feature is blank" in notes
    assert "Most blanks are in 'a': 80 of 120" in notes
    assert "1 of 40 sequences have no step" in notes and "39 are left" in notes


# What crashed, and what led astray.


def test_a_line_of_quotation_marks_alone_is_nothing():
    content = lines("run,step,x,label", lambda s, t: f"r{s},{t},{s + t},{'ab'[s % 2]}")
    broken = content.replace("\n", '\n""\n', 3) + '""\n'
    assert steps_of(own(broken)) == steps_of(own(content))
    assert "Line 5" in str(refusal(broken.replace("r0,1,1", "r0,1,1,9")))


def test_labels_of_numbers_and_of_words_go_together():
    arrays = {"train_labels": np.arange(20) % 2, "test_labels": np.array(["0", "1"] * 10)}
    for part in ("train", "test"):
        arrays[f"{part}_values"] = np.random.default_rng(0).normal(size=(40, 2))
        arrays[f"{part}_lengths"] = np.full(20, 2)
    assert own(archive(**arrays), "mine.npz").label_names == ("0", "1")


GOOD = lines("run,step,x,label", lambda s, t: f"r{s},{t},{s + t},{'ab'[s % 2]}")
FRAME = pd.read_csv(io.StringIO(GOOD))


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((3, 4)))
    return buffer.getvalue()


def of(header: str, *cells: str, steps: int = STEPS) -> str:
    """A file whose cells are written with {s}, {t}, {x} (a number) and {l} (a or b)."""
    noise = np.random.default_rng(1).normal(size=(SEQUENCES, steps)).round(4)
    row = ",".join(cells)
    return lines(
        header,
        lambda s, t: row.format(
            s=s,
            t=t,
            x=noise[s, t],
            l="ab"[s % 2],
            half=s // 2 % 2,
            tens=s // 8,
            ones=s % 8,
            slow=t // 2,
            anew=t % 3,
            clock=["23:50", "23:55", "00:05"][t % 3],
            noon=["11:58", "12:30", "01:01"][t % 3],
            month=["Jan", "Feb", "Mar"][t % 3],
            gap="?" if (s + t) % 5 == 0 else t,
        ),
        steps=steps,
    )


#: Arguments of `assert_refused`.
REFUSED: dict[str, tuple] = {
    "names after three lines": (
        "Logger,AX-7,,\nby,A. B.,,\nSite,North,,\n" + GOOD, "Above the values one line may stand",
    ),
    "no header": (GOOD.partition("\n")[2], "holds values such as '0'"),
    "two lines above": ("Exported\nby hand\n" + GOOD, "whatever stands above the line that names"),
    "a line of units": (
        GOOD.replace("\n", "\n-,s,kPa,-\n", 1), "Line 2 holds 's' and 'kPa' where numbers follow",
    ),
    "lists": (
        lines("run,x,label", lambda s, t: f'r{s},"[{t}, 2, 3]",{"ab"[s % 2]}'), "'x': it holds lists",
    ),
    "npy": (npy(), "a NumPy array (.npy)", 'np.load("x.npy")', "x.npy"),
    "pickle": (pickle.dumps({"a": 1}), "a Python pickle", 'pd.read_pickle("x.pkl")', "x.pkl"),
    "ts": ("#c\n@problemName p\n@data\n1,2:a\n", "a .ts file", 'load_from_ts_file("x.ts")', "x.ts"),
    "arff": ("% c\n@RELATION p\n@DATA\n1,a\n", "an ARFF file", 'arff.loadarff("x.arff")', "x.arff"),
    "gzip": (gzip.compress(GOOD.encode()), "a gzip archive", 'compression="gzip"', "x.csv.gz"),
    "zip": (zipped(**{"x.csv": GOOD.encode()}), "a zip archive", 'compression="zip"', "x.zip"),
    "xlsx": (
        zipped(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<w/>"}),
        "a spreadsheet (.xlsx)", 'pd.read_excel("x.xlsx")', "x.xlsx",
    ),
    "xls": (
        b"\xd0\xcf\x11\xe0" + bytes(600), "a spreadsheet (.xls)", 'pd.read_excel("x.xls")', "x.xls",
    ),
    "utf-16": (GOOD.encode("utf-16"), "UTF-16", 'encoding="utf-16"'),
    "json": ('[{"run": 1}]', "JSON", 'pd.read_json("x.json")', "x.json"),
    "wide": (
        "id,label,x1,x2,x3,x4\n" + "".join(f"s{s},{'ab'[s % 2]},1,2,3,{s}\n" for s in range(40)),
        "the table is wide", "pd.wide_to_long(wide, ['x']",
    ),
    "UCR": (
        "\n".join(",".join(map(str, [s % 2, *range(s, s + 30)])) for s in range(40)),
        "each line seems to be a whole sequence", ".melt(",
    ),
    "the year may come first": (
        of("run,date,x,label", "r{s}", "26-01-{t}8", "{x}", "{l}"),
        "nothing in the file says which number is the day in '26-01-08'",
    ),
    "the day is first in one date and the month in another": (
        of("run,date,due,x,label", "r{s}", "1{t}.02.2026", "02/2{t}/2026", "{x}", "{l}"),
        "nothing in the file says which number is the day in '10.02.2026'",
    ),
    "the day is first in one date and unclear in another": (
        of("run,due,x,label,seen", "r{s}", "02/1{t}/2026", "{x}", "{l}", "01.02.2026"),
        "nothing in the file says which number is the day in '02/10/2026'",
    ),
    "dates of two kinds in a column": (
        lines("run,d,x,label", lambda s, t: f"r{s},{['2026-01-02', '03/01/2026'][t % 2]},{s},{s % 2}"),
        "nothing in the file says which number is the day in '03/01/2026'",
    ),
    "dates without marks": (
        of("run,Tag,x,label", "r{s}", "1{t}022026", "{x}", "{l}"),
        "Steps cannot be sorted by 'Tag': '10022026' in 'Tag' is a date: write 2026-01-31",
    ),
    "steps that repeat": (
        of("run,t,x,label", "r{s}", "{slow}", "{x}", "{l}"),
        "Several rows of a sequence are the same step of 't'",
    ),
    "steps that begin anew": (
        of("run,t,x,label", "r{s}", "{anew}", "{x}", "{l}", steps=6),
        "Several rows of a sequence are the same step of 't'",
    ),
    "ids within ids": (
        of("subject_id,stay_id,step,x,label", "{tens}", "{s}", "{t}", "{x}", "{l}"),
        "'subject_id' and 'stay_id' can say which sequence",
    ),
    "hours past midnight": (
        of("run,clock,x,label", "r{s}", "{clock}", "{x}", "{l}"),
        "has no date: sorted by it, what is after midnight would come first",
    ),
    "hours of twelve past noon": (
        of("run,clock,x,label", "r{s}", "{noon}", "{x}", "{l}"),
        "has no date: sorted by it, what is after 12:59 would come first",
    ),
    "months by their names": (
        of("run,month,x,label", "r{s}", "{month}", "{x}", "{l}"),
        "Steps cannot be sorted by 'month': 'Jan' is neither number nor time",
    ),
    "visits by their names": (
        of("run,visit,x,label", "r{s}", "V{t}", "{x}", "{l}"),
        "Steps cannot be sorted by 'visit': 'V0' is neither number nor time",
    ),
    "a zone by its name": (
        of("run,time,x,label", "r{s}", "2026-01-01T10:0{t}:00 CET", "{x}", "{l}"),
        "is no time such as 2026-01-31 14:05:09+01:00",
    ),
    "a label that is missing among numbers": (
        lines("run,step,x,label", lambda s, t: f"r{s},{t},{s + t},{['0', '1', 'nan'][s % 3]}"),
        "has nothing usable in 'label'",
    ),
    "an id that is missing among numbers": (
        lines("run,step,x,label", lambda s, t: f"{'NULL' if s == 3 else s},{t},{s + t},{'ab'[s % 2]}"),
        "has nothing usable in 'run'",
    ),
    "an id of two columns": (
        of("site,plot,step,x,label", "S{tens}", "{ones}", "{t}", "{x}", "{l}"),
        "Perhaps 'site' and 'plot' together say",
    ),
    "a row for each reading": (
        lines("id,time,variable,value,label",
              lambda s, t: f"{s},{t // 2},{'pq'[t % 2]},{s + t},{s % 2}", steps=6),
        "pivot 'variable' to columns",
    ),
    "a row for each sequence": (
        of("run,a,b,label", "r{s}", "{x}", "{x}", "{l}", steps=1), "Each row has its own 'run'",
    ),
    "an id that a spreadsheet rounded": (
        of("run,step,x,label", "1.2{s:02}E+15", "{t}", "{x}", "{l}"),
        "Line 2: '1.200E+15' in 'run' was rounded by a spreadsheet",
    ),
    "times with a zone and without": (
        lines("run,when,x,label",
              lambda s, t: f"r{s},2026-01-01T1{t}:00{['+05:00', ''][t % 2]},{t},{s % 2}"),
        "'2026-01-01T11:00' has no time zone, and others of that column have one",
    ),
    "perhaps two labels": (
        of("run,step,x,outcome,state", "r{s}", "{t}", "{x}", "{half}", "{l}"),
        "'outcome' and 'state' can be the label",
    ),
    "two labels": (
        of("run,step,x,class_a,class_b", "r{s}", "{t}", "{x}", "{half}", "{l}"),
        "'class_a' and 'class_b' can be the label",
    ),
    "a number to be told": (
        of("run,step,x,target", "r{s}", "{t}", "{t}.5", "{s}.25"), "make classes out of its values",
    ),
    "a title above": (
        "Measurements,,,\n,,,\n" + of("run,step,x,label", "r{s}", "{t}", "{x}", "{l}"),
        "Take out whatever stands above",
    ),
    "ids that begin anew in each part": (
        lines(
            "id,step,x,split,label",
            lambda s, t: f"{s % 20},{t},{s + t},{['train', 'test'][s // 20]},{'ab'[s % 2]}",
        ),
        "'id' alone, or 'id' and 'split' together, can say",
    ),
    "lines below": (
        of("run,step,x,label", "r{s}", "{t}", "{x}", "{l}") + "\nSource: by hand\n",
        "Line 123 has 1 field, the header 4. Leave missing fields empty, and take out lines",
    ),
    "numbers in a cell": (
        of("pixels,label", "{s} {t} {x} {t}", "{l}", steps=1),
        "'pixels' cannot be read: it holds lists",
    ),
    "one sequence of numbered features": (
        of("run,step,x1,x2,x3,label", "r1", "{t}", "{x}", "{t}.5", "{x}", "{l}"),
        "All rows belong to one sequence",
    ),
    "no feature that changes": (
        of("run,step,x,label", "r{s}", "{t}", "7", "{l}"),
        "Choose at least one feature that the network reads. 'x': it is the same everywhere.",
    ),
    "a comma at each end": (
        of("run,step,x,label", "r{s}", "{t}", "{x}", "{l}", ""), "Line 2 ends with a comma",
    ),
    "one unit": (of("run,step,x,label\n,,mV,", "r{s}", "{t}", "{x}", "{l}"), "a line of units"),
    "steps as numbered columns": (
        of("id,0,1,2,label", "{s}", "{x}", "{x}", "{x}", "{l}", steps=1), "its steps side by side",
    ),
    "another sign for missing": (
        of("run,step,x,label", "r{s}", "{t}", "{gap}", "{l}"),
        "line 2: '?' is not a number: leave it empty",
    ),
    "files put together": (GOOD + GOOD.replace("\nr", "\nq"), "Line 122 repeats the names"),
    "two lines of names": (
        of("run,step,acc,acc,label\n,,x,y,", "r{s}", "{t}", "{x}", "{t}", "{l}"),
        "the line below has the rest of their names", "header=[0, 1]",
    ),
    "pandas' names of two levels": (
        of(",,acc,acc,label\n,,x,y,\nrun,step,,,", "r{s}", "{t}", "{x}", "{t}", "{l}"),
        "the line below has the rest of their names", "header=[0, 1]",
    ),
    "sequences in numbered columns": (
        "time," + ",".join(f"s{n}" for n in range(40)) + "\n"
        + "".join(f"{t}," + ",".join(str(n + t) for n in range(40)) + "\n" for t in range(30)),
        "If each of the other columns is a sequence, the table is wide", "wide.melt('time'",
    ),
    "sequences in named columns": (
        "minute," + ",".join(f"patient {2 * chr(65 + n)}" for n in range(26)) + "\n"
        + "".join(f"{t}," + ",".join(str(n + t) for n in range(26)) + "\n" for t in range(30)),
        "If each of the other columns is a sequence, the table is wide", "wide.melt('minute'",
    ),
    "a comment above": ("# by hand\n" + GOOD, "Line 1 begins with # and seems to be a comment", "'#'"),
    "a comment within": (
        GOOD.replace("\nr9,0", "\n# restarted\nr9,0"), "Line 29 begins with #", "comment='#'",
    ),
    "names of another order in other letters": (
        GOOD + "Step,Run,x,label\n0,q0,1,a\n", "Line 122 repeats the names",
    ),
    "ids that are bad numbers": (
        lines("x,run,label", lambda s, t: f"{s + t / 9},{'abc' if t == 1 else t},{'ab'[s % 2]}"),
        "The rows of one 'run' stand apart",
    ),
    "an order that moves some": (
        lines("run,step,x,label", lambda s, t: f"r{s},{t ^ (s % 3 == 0)}.5,{s},{'ab'[s % 2]}", steps=4),
        "Sorted by 'step', 35% of the rows would change places",
    ),
    "a number to be told from x": (
        lines("run,step,x,y", lambda s, t: f"r{s},{t},{s},{s * t / 7}", steps=4),
        "No column's name says that it is the label",
    ),
    "a total": (GOOD + "Total,120,3.5,a\n", "Line 122 begins with 'Total'"),
    "a total without an id": (GOOD + ",,3.5,\n", "Line 122 has nothing usable in 'run'"),
    "types below the names": (
        GOOD.replace("\n", "\nstring,int,float,string\n", 1), "a line of units or another",
    ),
    "ids once a sequence": (
        lines("run,step,x,label", lambda s, t: f"{'' if t else s},{t},{s + t},{'ab'[s % 2]}"),
        "'run' is blank in 80 of 120 rows",
    ),
    "labels once a sequence": (
        lines("run,step,x,label", lambda s, t: f"r{s},{t},{s + t},{'' if t else 'ab'[s % 2]}"),
        "Fill it in in every row",
    ),
    "Windows-1252": (
        GOOD.replace("\nr9,0", "\nHöhe,0").encode("cp1252"),
        "Line 29 is not UTF-8", 'encoding="cp1252"',
    ),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), "UTF-16", 'encoding="utf-16"'),
    "blanks between columns": (GOOD.replace(",", "  "), "names one column only", r'sep=r"\s+"'),
    "lines in quotation marks": (
        "".join(f'"{line}"\n' for line in GOOD.split()), "and not whole lines",
    ),
    "two separators": (
        GOOD.replace(",", ";", 3), "not separated by a semicolon, as the first line is, but by a",
    ),
    "names of rows": (
        "run\tstep\tx\tlabel\n"
        + "".join(f"{n}\t{line}\n" for n, line in enumerate(GOOD.replace(",", "\t").split("\n")[1:-1])),
        "names of rows (in R: row.names = FALSE)",
    ),
    "SQL": ("-- dump\nINSERT INTO x VALUES (1, 2);\n", "This is an SQL dump"),
    "a result of psql": (" run | step \n-----+------\n r0  |    1 \n", "This is a printed table"),
    "Markdown": ("| run | x |\n|---|---|\n| r0 | 1 |\n", "a table in Markdown"),
    "lines of JSON": ('{"run": 0, "x": [1, 2]}\n' * 40, "JSON, an object a line", ".explode(lists)"),
    "negative in brackets": (
        lines("run,step,x,label", lambda s, t: f"r{s},{t},{f'({s}.{t})' if s % 2 else s},{s % 2}"),
        "'(1.0)' is a number with more beside it",
    ),
    "both notations": (
        lines("run,step,a,b,label", lambda s, t: f'r{s},{t},"-0,132",6.4,{"ab"[s % 2]}'),
        "'6.4' in 'b' has a decimal point, and in line 2 '-0,132' in 'a' a decimal comma",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_is_refused_for_what_it_is(what):
    assert_refused(*REFUSED[what])


def assert_refused(content: str | bytes, said: str, code: str = "", name: str = "x.csv") -> None:
    """The file is refused or asked about in these words, with lines of code that have these."""
    error = refusal(content, name)
    assert said in str(error) and code in error.code
    compile(error.code.replace("...", "0"), "lines", "exec")


@pytest.mark.parametrize("line", ["#\r\n", "# ", "# \n", "%\r\n", "% \n"])
def test_a_beginning_of_comments_is_looked_through_once(line):
    """Of a pattern that tries every way to share out blanks, a hundred lines would never end."""
    assert refusal(line * 100)


def test_hours_that_pass_midnight_sort_no_rows():
    def row(sequence: int, step: int) -> str:
        day, hour = divmod(20 + step, 24)
        label = "ab"[sequence % 2]
        return f"s{sequence},2026-01-{1 + day:02},{hour:02}:00,{step + sequence},{label}"

    assert not guessed(lines("id,date,time,x,label", row, steps=12)).roles.order


def test_the_lines_that_are_shown_make_a_long_table(tmp_path, monkeypatch):
    """The table that comes of them is read, and is the one that was meant."""
    monkeypatch.chdir(tmp_path)
    FRAME.to_pickle("x.pkl")
    wide = FRAME.pivot(index=["run", "label"], columns="step", values="x").reset_index()
    wide.columns = ["run", "label", "x0", "x1", "x2"]
    wide.drop(columns="run").to_csv("wide.csv", index=False)
    flat = wide[["label", "x0", "x1", "x2"]].to_numpy()
    pd.DataFrame([["ab".index(row[0]), *row[1:], *range(12)] for row in flat]).to_csv(
        "ucr.csv", index=False, header=False
    )
    for name, steps in (("x.pkl", 3), ("wide.csv", 3), ("ucr.csv", 15)):
        error = refusal((tmp_path / name).read_bytes(), name)
        (tmp_path / "data.csv").write_bytes((tmp_path / name).read_bytes())
        exec(error.code, {})
        task = own((tmp_path / "long.csv").read_bytes(), "long.csv")
        assert (len(steps_of(task)), task.fixed.max_length) == (40, steps), name
        assert sorted(each[0][0] for each in steps_of(task)) == sorted(FRAME["x"][::3].tolist())


def test_yes_no_and_blank_are_one_feature():
    content = lines(
        "run,step,on,x,label", lambda s, t: f"r{s},{t},{['True', '', 'False'][t]},{s},{'ab'[s % 2]}"
    )
    task = own(content)
    assert task.feature_names == ("on", "x")
    assert task.data.train.observed[0].tolist() == [True, False, True]
    assert [row[0] for row in steps_of(task)[0]] == [1, 0, 0]


@pytest.mark.parametrize(("longest", "every"), [(201, 2), (401, 3)])
def test_too_long_says_what_can_be_done_and_does_it(longest, every):
    def row(s, t):
        return f"r{s},{t},{t},{'ab'[s % 2]}"

    content = lines("run,step,x,label", row, sequences=33, steps=longest)
    error = refusal(content)
    assert f"has {longest} steps; 200 are possible" in str(error)
    assert f"--steps first, --steps last, --steps every:{every}" in str(error)
    for how, wanted in (
        (Preparation(first=200, standardise=False), range(200)),
        (Preparation(last=200, standardise=False), range(longest - 200, longest)),
        (Preparation(every=every, standardise=False), range(0, longest, every)),
    ):
        assert [row[0] for row in steps_of(own(content, how=how))[0]] == list(wanted)


@pytest.mark.parametrize(
    ("name", "said"),
    [("is_train", ["1", "0"]), ("is_test", ["True", "False"]), ("train", ["yes", "no"]),
     ("subset", ["learn", "holdout"]), ("set", ["tr", "te"]), ("fold", ["0", "1"]), ("cv", ["3", "4"]),
     ("Usage", ["Training", "PublicTest"])],
)  # fmt: skip
def test_a_column_that_divides_the_sequences_is_no_feature(name, said):
    content = lines(
        f"run,step,x,{name},label",
        lambda s, t: f"r{s},{t},{s + t / 9},{said[s // 2 % 2]},{'ab'[s % 2]}",
    )
    task = own(content)
    assert task.roles.features == ("x",)
    assert task.roles.split == (None if name in ("fold", "cv", "Usage") else name)
    if name in ("is_train", "train", "subset", "set"):
        assert task.data.train.values[0][0, 0] == 0, "the first sequence is said to be for training"
    assert name not in dict(task.unused) or "divides the sequences" in dict(task.unused)[name]


@pytest.mark.parametrize(
    ("names", "row", "features", "group"),
    [
        # Turkish and Telugu are no training and test part, no hour is 99, and sites have sequences.
        ("id,step,lang,x,label", "{s},{t},{lang},{x},{l}", ("lang", "x"), None),
        ("id,step,phone,x,label", "{s},{t},20120112{left},{x},{l}", ("phone", "x"), None),
        ("id,site_id,step,x,label", "{s},{site},{t},{x},{l}", ("x",), "site_id"),
    ],
)
def test_what_looks_like_another_role_is_taken_for_what_it_is(names, row, features, group):
    def filled(s, t):
        lang, label = ("tr", "te")[s // 2 % 2], "ab"[s % 2]
        return row.format(s=s, t=t, x=s + t, l=label, lang=lang, left=99 - s, site=90 + s // 4)

    roles = own(lines(names, filled)).roles
    assert (roles.features, roles.group, roles.split) == (features, group, None)


#: The same sequences as in GOOD, written in other ways.
SAME = {
    "an id that is called mean": GOOD.replace("r39,", "mean,"),
    "blanks around cells and quotation marks": GOOD.replace(",", " , ").replace(" a\n", ' "a"\n'),
    "two marks of a file's beginning and one in a name": "\ufeff\ufeff"
    + GOOD.replace("x,", "\u200bx ,", 1),
    "single quotation marks": GOOD.replace(",", "','").replace("\n", "'\n'")[:-1].join(["'", ""]),
    "a comma at the end of every line": GOOD.replace("\n", ",\n"),
    "a line of single quotation marks alone": GOOD.replace(",", "','")
    .replace("\n", "'\n'")[:-1].join(["'", "''\n"]),
    "blank lines and returns": GOOD.replace("\nr", "\r\n\r\nr"),
    "the mark of a file's beginning within": GOOD.replace("\nr9,", "\n\ufeffr9,"),
    "UTF-8 with its mark": "\ufeff" + GOOD,
    "numbers of rows": FRAME.to_csv(),
    "numbers of rows that were shuffled": FRAME.set_axis(np.arange(len(FRAME)) * 7 % len(FRAME))
    .rename_axis("Unnamed: 0").to_csv(),
    "numbers of rows in each sequence": pd.concat(
        [each.reset_index(drop=True) for _, each in FRAME.groupby("run", sort=False)]
    ).to_csv(),
    "two labels that say the same": FRAME.assign(class_id=(FRAME["label"] == "b") + 1)
    .rename(columns={"label": "class"}).to_csv(index=False),
    "windows of several people": FRAME.assign(subject=FRAME["run"].str[1:].astype(int) // 2)
    .rename(columns={"run": "window"}).to_csv(index=False),
    "the label in other words": FRAME.assign(y_true=FRAME["label"] == "a").to_csv(index=False),
    "a German sheet": FRAME.rename(columns={"run": "Lauf", "step": "Schritt"}).to_csv(
        index=False, sep=";", decimal=",", lineterminator="\r\n"
    ),
    "last step first": FRAME.iloc[::-1].to_csv(index=False),
    "seconds as ts": FRAME.assign(step=FRAME["step"] + 1767225600.25)
    .rename(columns={"step": "ts"}).to_csv(index=False),
    "an id of each row": FRAME.assign(uid=FRAME.index * 7919 % 10007).to_csv(index=False),
    "seconds from 1970": FRAME.assign(step=FRAME["step"] + 1767225600).to_csv(index=False),
    "milliseconds from 1970": FRAME.assign(step=FRAME["step"] + 1767225600000).to_csv(index=False),
    "exponents": FRAME.assign(x=FRAME["x"].map("{:.6E}".format)).to_csv(index=False),
    "sequences named by their days": FRAME.assign(
        run=FRAME["run"].str[1:].map(lambda at: f"2024{1 + int(at) // 28:02}{1 + int(at) % 28:02}")
    ).rename(columns={"run": "session"}).to_csv(index=False),
    "trials that count through the file, not in order": FRAME.assign(step=range(len(FRAME)))
    .rename(columns={"step": "trial"}).sort_values("trial", ascending=False, kind="stable")
    .sort_values("run", kind="stable").to_csv(index=False),
    "an American day with points": FRAME.assign(step=(FRAME["step"] + 13).map("02.{}.2026".format))
    .rename(columns={"step": "date"}).to_csv(index=False),
    "an empty time beside the day": FRAME.assign(step=FRAME["step"] + 20260101, time="")
    .rename(columns={"step": "Datum"}).to_csv(index=False),
    "a name that begins like an archive": GOOD.replace("run,", "PK,", 1),
}  # fmt: skip


@cache
def good_steps() -> list[list[list[float]]]:
    return sorted(steps_of(own(GOOD)))


@pytest.mark.parametrize("how", SAME)
def test_what_else_people_have_is_read_right(how):
    task = own(SAME[how])
    assert sorted(steps_of(task)) == good_steps()
    assert task.feature_names == ("x",) and task.label_names == ("a", "b")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("-999", "-999 in 15 rows"),
        ("-9999", "-9999 in 12 rows and -999 in 3"),
        ("9e9", "-999 in 3 rows and 9"),
    ],
)
def test_values_far_from_all_others_are_pointed_out(other, said):
    def row(s, t):
        far = "-999" if s == 9 else other
        return f"r{s},{t},{far if s % 9 == 0 else s + t},{s},{'ab'[s % 2]}"

    notes = [
        each for each in own(lines("run,step,x,y,label", row)).notes if "far from all other" in each
    ]
    assert len(notes) == 1 and notes[0].startswith(f"'x' has {said}")


def test_why_a_column_is_not_used_is_what_is_so():
    def row(s, t):
        mixed = f"{s}.{t}" if s < 15 else "low"
        return f"r{s},{t},{'x' if s % 2 else ''},{mixed},00{s % 7},{s + t},{'ab'[s % 2]}"

    task = own(lines("run,step,flag,mixed,code,x,label", row))
    why = dict(task.unused)
    assert why == {
        "flag": "it is blank or the same everywhere",
        "mixed": "it holds 46 different texts such as 'low'; 20 are possible",
    }
    assert any(each.startswith("'code' is read as numbers, '000' too.") for each in task.notes)


@pytest.mark.parametrize("last", ["9999-12-31", "0001-01-01"])
def test_a_date_of_no_end_is_a_time(last):
    usual = "2026-01-01"
    frame = FRAME.assign(until=[last if each % 2 else usual for each in FRAME["step"]])
    table = pa.table(frame.assign(until=[date.fromisoformat(each) for each in frame["until"]]))
    pq.write_table(table, stored := io.BytesIO())
    for content, name in ((frame.to_csv(index=False), "mine.csv"), (stored.getvalue(), "mine.parquet")):
        table = read_table(name, content if isinstance(content, bytes) else content.encode())
        days = np.unique(read_columns(table)["until"].values) // 86400 + date(1970, 1, 1).toordinal()
        assert days.tolist() == sorted(date.fromisoformat(each).toordinal() for each in (last, usual))
        assert own(content, name).feature_names == ("x",)


def test_tokens_with_a_stroke_are_no_quotation_marks():
    tokens = ["''", "'s", "'re", "don't", "red", "a"]

    def row(s, t):
        return f"r{s},{t},{tokens[(s + t) % 6]},{s + t},{'ab'[s % 2]}"

    found = read_table("mine.csv", lines("run,step,token,x,label", row).encode())
    assert found.quote == '"'
    assert found.frame["token"].tolist()[:6] == [*tokens[:3], *tokens[1:4]]


def test_padding_in_a_table_is_pointed_out():
    def row(s, t):
        return f"r{s},{t},{(s + 1) / 7 * (t < 3 - s % 3)},{'+-'[s % 2]}"

    notes = own(lines("run,step,x,label", row)).notes
    assert notes[0].startswith("26 of 40 sequences end with steps that seem to be padding.")
    assert len(notes) == 2, "signs alone are labels like others"


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["a", "b", "nan"], "'nan' is a class of its own"),
        (["a", "b", "?"], "'?' is a class of its own"),
        (["Walk", "walk", "sit"], "'Walk' and 'walk' are different classes"),
        (["1", "1.0", "2"], "'1' and '1.0' are different classes"),
    ],
)
def test_labels_that_may_mean_the_same_are_pointed_out(labels, said):
    content = lines("run,step,x,label", lambda s, t: f"r{s},{t},{s + t},{labels[s % 3]}")
    assert any(each.startswith(said) for each in own(content).notes)


def test_a_label_that_does_not_count_is_pointed_out():
    notes = own(lines("run,step,x,label", lambda s, t: f"r{s},{t},{s + t},{(s + t) % 3 - 1}")).notes
    assert any(each.startswith("'-1' is a class of its own") for each in notes)


def test_ids_that_begin_anew_in_each_part_are_taken_with_the_split():
    task = own(REFUSED["ids that begin anew in each part"][0], id=("id", "split"))
    assert (task.roles.split, task.roles.features) == ("split", ("x",))
    assert steps_of(task) == [[[s + t] for t in range(STEPS)] for s in range(SEQUENCES)]


def test_rows_of_which_none_is_whole_are_filled_by_the_lines_that_are_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = lines(
        "run,t,a,b,label",
        lambda s, t: f"r{s},{t},{'' if t % 2 else s},{'' if t < 1 else s},{s % 2}",
        steps=2,
    )
    (tmp_path / "data.csv").write_text(content)
    error = refusal(content)
    assert "Leave out 'a', which is missing most, or fill the gaps in." in str(error)
    exec(error.code, {})
    filled = own((tmp_path / "long.csv").read_bytes())
    assert steps_of(filled)[0] == [[0.0, 19.5], [0.0, 0.0]]


def test_names_are_looked_for_in_few_of_many_columns(monkeypatch):
    looked, isin = [], pd.Series.isin
    monkeypatch.setattr(pd.Series, "isin", lambda *given: looked.append(given) or isin(*given))
    read_table("mine.csv", lines(",".join(f"v{n}" for n in range(99)), lambda s, t: "1," * 98).encode())
    assert len(looked) == 1


BATCH = np.random.default_rng(0).normal(size=(SEQUENCES, 6, 2))
EVERY_OTHER = np.arange(SEQUENCES) % 2


def halves(*names: str, begin: int = 20) -> dict[str, np.ndarray]:
    """The first sequences (20 unless told) and their labels, and the last 20, under these names."""
    arrays = (BATCH[:begin], EVERY_OTHER[:begin], BATCH[20:], EVERY_OTHER[20:])
    return dict(zip(names, arrays, strict=True))


LENGTHS = EVERY_OTHER + 3
CUT = [each[:length] for each, length in zip(BATCH, LENGTHS, strict=True)]
ENDED = np.where((np.arange(6) < LENGTHS[:, None])[:, :, None], BATCH, 0)


@pytest.mark.parametrize(
    "arrays",
    [
        {"X": BATCH, "y": EVERY_OTHER},
        {"x": BATCH, "label": EVERY_OTHER[:, None]},
        {"x": BATCH.astype(">f8"), "label": EVERY_OTHER.astype(">i4")},
        halves("X_train", "y_train", "X_test", "y_test"),
        halves("X_tr", "y_tr", "teX", "teY") | {"X": BATCH},
        halves("X_train", "y_train", "X_test", "y_test", begin=8)
        | {"X_val": BATCH[8:20], "y_val": EVERY_OTHER[8:20]},
        {"x_train": BATCH, "y_train": EVERY_OTHER},
        {"X": BATCH, "y": np.arange(SEQUENCES * 6).reshape(SEQUENCES, 6, 1) % 2},
        halves("X_train", "y_train", "X_test", "y_test") | {"y_train": EVERY_OTHER[:20] * 1.0},
        {"xtrain": BATCH, "ytrain": EVERY_OTHER, "names": np.array(["a", None])},
        {"data": BATCH, "target": np.array(["0", "1"])[EVERY_OTHER]},
    ],
)
def test_a_batch_and_its_labels_are_sequences(arrays):
    assert_sequences(arrays, BATCH)


@pytest.mark.parametrize(
    ("arrays", "wanted"),
    [
        ({"X": ENDED, "y": EVERY_OTHER, "seq_len": LENGTHS}, CUT),
        ({"X": ENDED, "y": EVERY_OTHER, "lens": LENGTHS[:, None]}, CUT),
        ({"X": ENDED - [1, 2], "y": EVERY_OTHER, "lengths": LENGTHS}, [each - [1, 2] for each in CUT]),
        ({"values": np.concatenate(CUT), "lengths": LENGTHS, "labels": EVERY_OTHER}, CUT),
    ],
)
def test_sequences_end_with_their_lengths(arrays, wanted):
    assert_sequences(arrays, wanted)


def assert_sequences(arrays, wanted):
    task = own(archive(**arrays), "mine.npz")
    assert sorted(steps_of(task)) == sorted(each.astype(np.float32).tolist() for each in wanted)
    assert task.label_names == ("0", "1")


@pytest.mark.parametrize("values", [BATCH[:, :, :1] > 0, BATCH > 0, BATCH - BATCH[:, :1]])
def test_a_value_that_is_common_in_a_batch_is_no_padding(values):
    task = own(archive(X=values, y=EVERY_OTHER), "mine.npz")
    assert sorted(steps_of(task)) == sorted(values.astype(np.float32).tolist())


def test_gaps_in_a_batch_are_missing_readings_and_other_arrays_are_named():
    gaps = BATCH.copy()
    gaps[::2, [0, 3]] = np.nan
    task = own(archive(X=gaps, y=EVERY_OTHER, names=np.array(["a", "b"])), "mine.npz")
    assert sorted(each.sum() for each in task.data.train.observed)[0] == 4
    assert any("arrays of the archive were not read: 'names'" in each for each in task.notes)


def ragged() -> np.ndarray:
    arrays = np.empty(SEQUENCES, object)
    arrays[:] = CUT
    return arrays


@pytest.mark.parametrize(
    ("values", "labels", "said", "code"),
    [
        (
            BATCH[:, :, 0],
            {"y": EVERY_OTHER, "lengths": LENGTHS},
            "add up to 140",
            "[:, :, None]",
        ),
        (ENDED, EVERY_OTHER, "40 of 40 sequences in values end with steps of 0", "lengths = "),
        (ENDED[:, ::-1], EVERY_OTHER, "begin with steps of 0", "np.roll"),
        (np.where(ENDED, ENDED, np.nan), EVERY_OTHER, "end with steps of nan", "np.isnan(values)"),
        (BATCH[:, :, 0], EVERY_OTHER, "without lengths nothing says", "values[:, :, None]"),
        (ENDED - [1, 2], EVERY_OTHER, "end with one and the same step", "values[0, -1]"),
        (ENDED[:, :, :1] > 0, EVERY_OTHER, "end with steps of 0", "lengths = np.full("),
        (ENDED - ENDED.mean(axis=1, keepdims=True), EVERY_OTHER, "that repeat each other", "np.full("),
        (BATCH, np.eye(6)[EVERY_OTHER], "a column for each class", "argmax"),
        (BATCH, np.eye(3)[np.arange(240).reshape(40, 6) % 3], "a column for each class", "argmax"),
        (BATCH, np.array([b"a", b"b"])[EVERY_OTHER], "not '|S1' (40,)", "astype(str)"),
        (
            BATCH,
            np.array(["a", "b"], object)[EVERY_OTHER],
            "Python objects",
            '"y": arrays["y"].astype(',
        ),
        (np.zeros((40, 3, 90)), EVERY_OTHER, "Steps stand before features", "np.swapaxes"),
        (BATCH.swapaxes(1, 2), EVERY_OTHER, "(40, 2, 6): 2 steps with 6 features, or", "np.swapaxes"),
        (BATCH[:, :0], EVERY_OTHER, "values is (40, 0, 2): nothing is in it", ""),
        (
            BATCH,
            halves("X_train", "y_train", "X_test", "y_test") | {"X_test": BATCH[20:, :, :1]},
            "2 features in train_values and 1 feature in test_values",
            "",
        ),
        (ragged(), EVERY_OTHER, "holds Python objects", "np.concatenate"),
    ],
)
def test_a_batch_that_can_be_misread_is_refused_with_the_lines_that_mend_it(values, labels, said, code):
    arrays = labels if isinstance(labels, dict) else {"y": labels}
    error = refusal(archive(X=values, **arrays), "mine.npz")
    assert said in str(error) and code in error.code
    if "padded = " in error.code and values.dtype != bool:
        mended: dict = {"np": np, "values": values}
        exec(error.code, mended)
        task = own(archive(X=mended["values"], y=labels, lengths=mended["lengths"]), "mine.npz")
        found = sorted(len(each) for each in steps_of(task))
        assert found == sorted(LENGTHS.tolist())


def test_a_column_of_lists_is_a_row_for_each_entry(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"x": [[s, s + 0.5] for s in range(SEQUENCES)], "label": EVERY_OTHER})
    for name, write in (("x.parquet", frame.to_parquet), ("x.json", frame.to_json)):
        write(tmp_path / name)
        exec(refusal((tmp_path / name).read_bytes(), name).code, {})
        task = own((tmp_path / "long.csv").read_bytes())
        assert sorted(steps_of(task)) == [[[s], [s + 0.5]] for s in range(SEQUENCES)]


def test_a_column_whose_name_cannot_be_seen_keeps_its_numbers():
    task = own(
        lines("id,t,x,label,\u200b", lambda s, t: f"{s},{t},{s},{'ab'[s % 2]},{(6 * s + t) / 7:.3f}")
    )
    assert task.features == 2
    values = np.concatenate(task.data.train.values)
    assert len(np.unique(values[:, 1])) == len(values)


def test_a_last_row_whose_word_stands_above_too_is_no_total():
    kinds = ("low", "high", "average")
    rows = [f"{kinds[at // 6 % 3]},{at // 6},{at},{at % 6},{at / 7:.2f}" for at in range(360)]
    assert len(read_table("mine.csv", "\n".join(["label,id,row,t,x", *rows]).encode()).frame) == 360


def test_a_reading_that_two_sequences_share_is_no_padding():
    for seed in range(20):
        values = np.random.default_rng(seed).normal(size=(500, 20, 1)).round(4)
        assert apparent_padding(values) is None
