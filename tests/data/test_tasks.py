"""Tasks: labels against an independent count, and what a seed does and does not decide."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskdemo.data.tasks import TASKS, make_data

DRAWN = tuple(name for name, task in TASKS.items() if task.fixed is None)
SIZES = {"train_size": 40, "test_size": 30, "min_length": 1, "max_length": 9}

# What the label of a sequence must be, computed from its first feature in plain Python.
TRUTH = {
    "first_sign": lambda x: [x[0] > 0] * len(x),
    "last_sign": lambda x: [x[-1] > 0] * len(x),
    "sum_sign": lambda x: [sum(x) > 0] * len(x),
    "last_bit": lambda x: [x[-1] == 1] * len(x),
    "majority_bit": lambda x: [x.count(1) > x.count(0)] * len(x),
    "running_sign": lambda x: [sum(x[: t + 1]) > 0 for t in range(len(x))],
}
seeds = st.integers(0, 2**32 - 1)


def same(one, other) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))


@pytest.mark.parametrize("task", TRUTH)
@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_labels_are_right(task, seed):
    data = make_data(task, **SIZES, missing_rate=0.4, seed=seed)
    for values, labels in zip(data.train.values, data.train.labels, strict=True):
        wanted = TRUTH[task]([float(v) for v in values[:, 0]])
        # A sum so close to zero that rounding to float32 may turn its sign proves nothing.
        sure = np.abs(np.cumsum(values[:, 0], dtype=float)) > 1e-5
        if task in ("sum_sign", "running_sign"):
            sure = sure if TASKS[task].per_step else np.full(len(values), sure[-1])
            assert labels[sure].tolist() == np.array(wanted)[sure].tolist()
        else:
            assert labels.tolist() == wanted


def test_every_task_with_a_rule_is_checked_above():
    assert set(TRUTH) == set(DRAWN) - {"random_labels"}


def test_bits_never_tie():
    data = make_data("majority_bit", **{**SIZES, "train_size": 400}, seed=3)
    for bits in data.train.values:
        assert set(np.unique(bits)) <= {0, 1}
        assert 2 * bits.sum() != len(bits)


@pytest.mark.parametrize("task", DRAWN)
def test_both_labels_are_about_as_common(task):
    data = make_data(task, **{**SIZES, "train_size": 2000}, seed=1)
    labels = data.train.labels if data.per_step else [each[:1] for each in data.train.labels]
    assert 0.44 < np.concatenate(labels).mean() < 0.56


def test_random_labels_do_not_follow_from_the_values():
    data = make_data("random_labels", **{**SIZES, "train_size": 2000}, seed=1)
    labels = np.array([each[0] for each in data.train.labels])
    for summary in (lambda v: v[0], lambda v: v[-1], lambda v: v.mean(axis=0)):
        facts = np.array([summary(v) for v in data.train.values])
        for column in facts.T:
            # Four standard errors of a correlation of nothing with nothing.
            assert abs(np.corrcoef(column, labels)[0, 1]) < 4 / np.sqrt(2000)


@pytest.mark.parametrize("task", TASKS)
def test_shapes_and_types(task):
    spec, data = TASKS[task], make_data(task, **SIZES, missing_rate=0.2, seed=5)
    assert (data.classes, data.per_step) == (spec.classes, spec.per_step)
    for part in (data.train, data.test):
        for values, observed, labels in zip(part.values, part.observed, part.labels, strict=True):
            assert values.shape == (len(values), spec.features) and values.dtype == np.float32
            assert observed.shape == labels.shape == (len(values),)
            assert (observed.dtype, labels.dtype) == (np.bool_, np.int32)
            assert np.isfinite(values).all() and observed.any()
            assert labels.min() >= 0 and labels.max() < spec.classes
            if not spec.per_step:
                assert len(set(labels.tolist())) == 1


@pytest.mark.parametrize("task", DRAWN)
@given(seed=seeds, low=st.integers(1, 12), more=st.integers(0, 12))
@settings(max_examples=10, deadline=None)
def test_lengths_are_in_range(task, seed, low, more):
    sizes = {"train_size": 30, "test_size": 20, "min_length": low, "max_length": low + more}
    data = make_data(task, **sizes, seed=seed)
    assert (len(data.train), len(data.test)) == (30, 20)
    lengths = {len(v) for part in (data.train, data.test) for v in part.values}
    assert low <= min(lengths) and max(lengths) <= low + more


def test_every_length_occurs_both_ends_included():
    data = make_data("sum_sign", train_size=500, test_size=1, min_length=3, max_length=7, seed=0)
    counts = Counter(len(v) for v in data.train.values)
    assert set(counts) == {3, 4, 5, 6, 7}
    assert min(counts.values()) > 60  # of 100 expected


@pytest.mark.parametrize("task", DRAWN)
@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_a_seed_decides_everything(task, seed):
    one, again = (make_data(task, **SIZES, missing_rate=0.3, seed=seed) for _ in range(2))
    for part in ("train", "test"):
        for kind in ("values", "observed", "labels"):
            assert same(getattr(getattr(one, part), kind), getattr(getattr(again, part), kind))
    other = make_data(task, **SIZES, missing_rate=0.3, seed=seed + 1)
    assert not same(one.train.values, other.train.values)
    assert not same(one.train.observed, other.train.observed)


@pytest.mark.parametrize("task", DRAWN)
def test_training_and_test_sequences_do_not_depend_on_each_other(task):
    base = make_data(task, **SIZES, missing_rate=0.3, seed=2)
    more_test = make_data(task, **{**SIZES, "test_size": 50}, missing_rate=0.3, seed=2)
    more_train = make_data(task, **{**SIZES, "train_size": 50}, missing_rate=0.3, seed=2)
    for kind in ("values", "observed", "labels"):
        assert same(getattr(base.train, kind), getattr(more_test.train, kind))
        assert same(getattr(base.test, kind), getattr(more_train.test, kind))
    shared = {v.tobytes() for v in base.train.values} & {v.tobytes() for v in base.test.values}
    if TASKS[task].features > 1:
        assert not shared


@pytest.mark.parametrize("task", TASKS)
def test_missing_readings_change_no_value_and_no_label(task):
    whole = make_data(task, **SIZES, seed=4)
    gaps = make_data(task, **SIZES, missing_rate=0.5, seed=4)
    assert all(each.all() for each in whole.train.observed)
    assert not all(each.all() for each in gaps.train.observed)
    for part in ("train", "test"):
        for kind in ("values", "labels"):
            assert same(getattr(getattr(whole, part), kind), getattr(getattr(gaps, part), kind))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_missing_rate_is_what_goes_missing(rate):
    sizes = {"train_size": 300, "test_size": 1, "min_length": 40, "max_length": 60}
    data = make_data("sum_sign", **sizes, missing_rate=rate, seed=4)
    seen = np.concatenate(data.train.observed)
    # One reading of each sequence always stays: 1 / 50 of them on average.
    assert 1 - seen.mean() == pytest.approx(rate * (1 - 1 / 50), abs=0.015)


def test_japanese_vowels_are_the_published_ones():
    data = make_data("japanese_vowels", train_size=1, test_size=1, min_length=1, max_length=1, seed=0)
    assert (len(data.train), len(data.test), data.classes) == (270, 370, 9)
    for part in (data.train, data.test):
        assert {v.shape[1] for v in part.values} == {12}
    lengths = [len(v) for part in (data.train, data.test) for v in part.values]
    assert (min(lengths), max(lengths)) == (7, 29)
    # Utterances a speaker, from the repository's description of the data set.
    speakers = [Counter(int(each[0]) for each in part.labels) for part in (data.train, data.test)]
    assert [speakers[0][k] for k in range(9)] == [30] * 9
    assert [speakers[1][k] for k in range(9)] == [31, 35, 88, 44, 29, 24, 40, 50, 29]
