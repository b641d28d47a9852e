"""From a table to a task: the split, the scale, words, groups, and what the facts say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskdemo.data.sequences import Data, Sequences
from maskdemo.uploads.data_facts import data_facts, lengths_of
from maskdemo.uploads.roles import Preparation
from maskdemo.uploads.table_to_sequences import split_by_seed
from tests.uploads.files import guessed, own


def csv_of(frame: pd.DataFrame, **written) -> bytes:
    return frame.to_csv(index=False, **written).encode()


def long_frame(lengths: list[int], *, labels: list | None = None, seed: int = 0) -> pd.DataFrame:
    """Sequences of these lengths with two features: one far from 0, one with a gap in each sequence."""
    rng = np.random.default_rng(seed)
    sequence = np.repeat(np.arange(len(lengths)), lengths)
    frame = pd.DataFrame(
        {
            "sequence": sequence,
            "step": np.concatenate([np.arange(length) for length in lengths]),
            "far": rng.normal(1000, 20, size=len(sequence)),
            "near": rng.normal(size=len(sequence)),
        }
    )
    frame.loc[frame["step"] == 1, "near"] = np.nan
    return frame.assign(label=[(labels or [0, 1] * len(lengths))[at] for at in sequence])


@given(
    labels=st.lists(st.integers(0, 4), min_size=32, max_size=120),
    seed=st.integers(0, 2**31),
    share=st.floats(0.2, 0.6),
)
@settings(deadline=None)
def test_every_label_is_split_by_its_share(labels, seed, share):
    labels, count = np.array(labels), round(share * len(labels))
    test = split_by_seed(labels, np.arange(len(labels)), seed, count)
    assert test.sum() == count
    for label in np.unique(labels):
        wanted = count / len(labels) * (labels == label).sum()
        assert abs(test[labels == label].sum() - wanted) <= 1.5
    np.testing.assert_array_equal(test, split_by_seed(labels, np.arange(len(labels)), seed, count))


@given(groups=st.lists(st.integers(0, 15), min_size=40, max_size=90), seed=st.integers(0, 2**31))
@settings(deadline=None)
def test_groups_stay_whole(groups, seed):
    groups = np.array(groups)
    test = split_by_seed(groups % 2, groups, seed, 16)
    assert not set(groups[test]) & set(groups[~test])
    assert test.sum() >= 16


def test_the_seed_decides_the_split_and_nothing_else_does():
    content = csv_of(long_frame([3] * 60))
    first, again = own(content), own(content)
    other = own(content, how=Preparation(standardise=False, seed=1))
    assert first != again, "what two people bring is never one"
    assert all(map(np.array_equal, first.data.train.values, again.data.train.values))
    assert not all(map(np.array_equal, first.data.train.values, other.data.train.values))
    assert (len(first.data.train), len(first.data.test)) == (40, 20)


def test_numbers_are_standardised_on_the_training_part_alone_and_only_where_needed():
    frame = long_frame([4] * 60)
    frame["split"] = np.where(frame["sequence"] < 40, "train", "test")
    frame.loc[frame["split"] == "test", "far"] += 5000
    task = own(csv_of(frame), how=Preparation())
    seen = np.concatenate(task.data.train.observed)
    train, test = np.concatenate(task.data.train.values), np.concatenate(task.data.test.values)
    oracle = frame[frame["split"] == "train"]
    expected = ((oracle["far"] - oracle["far"].mean()) / oracle["far"].std(ddof=0)).to_numpy()
    np.testing.assert_allclose(train[seen, 0], expected[seen], rtol=1e-5, atol=1e-6)
    assert abs(train[:, 0].mean()) < 1e-5 and abs(train[:, 0].std() - 1) < 1e-5
    assert test[:, 0].mean() > 100, "the test part is far from what the network was trained on"
    np.testing.assert_array_equal(seen, oracle["step"] != 1)
    assert not train[~seen, 1].any(), "nothing is left where no reading is"
    small = own(
        csv_of(frame.assign(far=frame["far"] / 1e4, near=frame["near"].clip(-3, 3))), how=Preparation()
    )
    assert (task.arguments[1]["standardise"], small.arguments[1]["standardise"]) == (
        True,
        False,
    )


def test_labels_are_numbered_in_their_order_and_keep_their_names():
    task = own(csv_of(long_frame([3] * 40, labels=["10", "b", "9", "a"] * 10)))
    assert task.label_names == ("9", "10", "a", "b")


def test_what_people_wrote_is_in_no_text_of_the_task():
    frame = long_frame([3] * 40).rename(columns={"far": 'secret"""', "label": "state"})
    task = own(csv_of(frame))
    assert "secret" not in task.title + task.summary + task.name + repr(task)


def test_a_correction_redoes_what_hangs_on_it():
    frame = long_frame([4] * 40).assign(session=lambda rows: rows["sequence"] // 2)
    first = guessed(csv_of(frame)).roles
    assert first.id == ("sequence",) and "session" in first.features
    again = guessed(csv_of(frame), id=("session",)).roles
    # Two sequences are one now: the step is no order of it, and the label changes within.
    assert again.order != ("step",) and again.per_step and "session" not in again.features


def sequences(lengths: list[int], labels: list[int], *, seed: int = 0) -> Sequences:
    rng = np.random.default_rng(seed)
    return Sequences(
        tuple(rng.normal(size=(length, 2)).astype(np.float32) for length in lengths),
        tuple(np.ones(length, bool) for length in lengths),
        tuple(np.full(length, label, np.int32) for length, label in zip(lengths, labels, strict=True)),
    )


def told(data: Data, **given) -> dict:
    usual = {"classes": ("a", "b"), "padded_length": 10, "mask_value": 0.0}
    return {fact.name: fact for fact in data_facts(data, **(usual | given))}


def test_facts_about_ordinary_sequences_alarm_nobody():
    rng = np.random.default_rng(0)
    parts = [
        sequences(rng.integers(2, 9, size=200).tolist(), rng.integers(2, size=200).tolist(), seed=seed)
        for seed in (1, 2)
    ]
    found = told(Data(*parts, classes=2, per_step=False))
    assert not any(fact.alarming for fact in found.values())
    steps = sum(len(each) for part in parts for each in part.values)
    assert found["padding"].value == pytest.approx(1 - steps / 4000)
    assert found["told_by_length"].value < 0.65


def test_a_label_that_the_length_gives_away_is_told():
    lengths = np.random.default_rng(0).integers(2, 9, size=100)
    part = sequences(lengths.tolist(), (lengths > 5).astype(int).tolist())
    fact = told(Data(part, part, classes=2, per_step=False))["told_by_length"]
    assert fact.value > 0.9 and fact.alarming and "From the length alone" in fact.sentence


def test_a_label_that_the_position_gives_away_is_told():
    part = sequences([8] * 40, [0] * 40)
    late = replace(part, labels=tuple((np.arange(8) >= 4).astype(np.int32) for _ in range(40)))
    fact = told(Data(late, late, classes=2, per_step=True))["told_by_length"]
    assert fact.value == 1 and fact.alarming and "From the position alone" in fact.sentence


def test_rare_classes_copies_and_mask_values_are_told():
    train, test = sequences([3] * 40, [0] * 36 + [1] * 4), sequences([3] * 20, [0, 1] * 10, seed=1)
    copied = replace(test, values=(*train.values[:5], *test.values[5:]))
    zeroed = replace(copied, values=(*copied.values[:-1], np.zeros((3, 2), np.float32)))
    found = told(Data(train, zeroed, classes=2, per_step=False))
    assert "1 of 2 classes have fewer than 10 training sequences: 'b' (4)." in found["few"].sentence
    assert found["duplicates"].value == 5 and found["duplicates"].alarming
    assert found["like_the_mask"].sentence.startswith("3 of 180 real steps equal the mask value 0")
    apart = told(Data(train, test, classes=2, per_step=False), mask_value=-9)
    assert not apart["like_the_mask"].value


def test_missing_readings_are_no_real_steps():
    part = sequences([4] * 20, [0, 1] * 10)
    holes = tuple(np.array([True, False, False, False]) for _ in range(20))
    part = replace(part, values=tuple(np.zeros((4, 2), np.float32) for _ in range(20)), observed=holes)
    found = told(Data(part, part, classes=2, per_step=False))
    assert found["missing"].value == 0.75 and found["missing"].alarming
    assert found["like_the_mask"].value == 40


@given(lengths=st.lists(st.integers(1, 30), min_size=1, max_size=60))
def test_what_each_way_of_padding_wastes(lengths):
    found = lengths_of(lengths)
    assert found.counts.sum() == len(lengths) and found.longest == max(lengths)
    longest, *percentiles, buckets = found.ways
    rectangle = np.zeros((len(lengths), max(lengths)), bool)
    for row, length in zip(rectangle, lengths, strict=True):
        row[:length] = True
    assert longest.padding == pytest.approx(1 - rectangle.mean()) and not longest.cut
    assert buckets.padding <= longest.padding + 1e-12 and not buckets.cut
    for percentile in percentiles:
        assert percentile.padding <= longest.padding + 1e-12 and 0 < percentile.cut < 1
        assert percentile.sentence.count("%") == 3
