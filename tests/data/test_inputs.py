"""What an experiment trains on: the same as drawn anew, computed once, and never written to."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from maskdemo.data import inputs as module
from maskdemo.data.inputs import (
    arrays_of,
    chance,
    inputs,
    pad_for,
    select_sequences,
    share_of_commonest,
    whole_sequences,
)
from maskdemo.data.padding import pad
from maskdemo.data.sequences import repeat_seed, truncate
from maskdemo.data.tasks import TASKS, make_data
from maskdemo.experiment import SETTINGS, Experiment
from maskdemo.scenarios import SCENARIOS
from maskdemo.strategies import arrays
from tests.samples import ALL, small
from tests.test_experiment import experiments

#: Another valid value of every setting that decides neither sequences nor padding.
UNINVOLVED = {
    "read_out": "mean",
    "truncating": "post",  # of sequences that are all short enough
    "mask_value": -1.0,
    "strategies": ("mask_feature",),
    "count_invalid": False,
    "units": 9,
    "epochs": 7,
    "batch_size": 3,
    "learning_rate": 0.5,
    "repeats": 4,
}
#: And of every other one, for a drawn task.
INVOLVED = {
    "task": "last_sign",
    "train_size": 41,
    "test_size": 25,
    "min_length": 3,
    "max_length": 7,
    "padded_length": 17,
    "side": "pre",
    "batches": "longest",
    "pad_value": 0.5,
    "missing_rate": 0.5,
    "seed": 8,
}


def test_every_setting_is_tested_here():
    assert UNINVOLVED.keys() | INVOLVED.keys() == set(SETTINGS)
    assert not UNINVOLVED.keys() & INVOLVED.keys()


@pytest.mark.parametrize("name", UNINVOLVED)
def test_a_setting_that_decides_nothing_draws_nothing_again(name):
    assert inputs(small(**{name: UNINVOLVED[name]})) is inputs(small())


def same(one, other) -> bool:
    names = ("values", "valid", "padded", "labels")
    if (one.there is None) != (other.there is None):
        return False
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    return all(a.shape == b.shape and np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("name", INVOLVED)
def test_a_setting_that_decides_the_data_changes_it(name):
    mine, other = inputs(small()), inputs(small(**{name: INVOLVED[name]}))
    assert not (same(mine.train, other.train) and same(mine.test, other.test))


def test_sequences_too_long_for_the_padded_length_are_cut_with_their_labels():
    one = small(task="running_sign", padded_length=5, truncating="pre")
    whole, found = whole_sequences(one).test, inputs(one)
    assert max(map(len, whole.values)) == 8 and not same(
        found.test, inputs(replace(one, truncating="post")).test
    )
    cut = found.data.test
    for part, was in ((cut.values, whole.values), (cut.labels, whole.labels)):
        for mine, theirs in zip(part, was, strict=True):
            np.testing.assert_array_equal(mine, theirs[-5:])
    assert pad_for(one, whole).lost.tolist() == [max(0, len(each) - 5) for each in whole.values]


@given(one=experiments())
@settings(max_examples=15, deadline=None)
def test_cached_or_not_inputs_are_those_the_task_draws(one):
    # The limits of these are no matter of drawing: thousands of sequences are drawn as few are.
    one = replace(one, train_size=min(one.train_size, 40), test_size=min(one.test_size, 24))
    padding = {"padded_length": one.padded_length, "side": one.side, "pad_value": one.pad_value}
    for repeat in (0, 2):
        note(f"repeat {repeat}")
        drawn = make_data(
            one.task,
            train_size=one.train_size,
            test_size=one.test_size,
            min_length=one.min_length,
            max_length=one.max_length,
            missing_rate=one.missing_rate,
            seed=repeat_seed(one.seed, repeat),
        )
        for _ in range(2):
            found = inputs(one, repeat)
            for ours, theirs in ((found.train, drawn.train), (found.test, drawn.test)):
                cut = truncate(theirs, one.padded_length, truncating=one.truncating)
                assert same(ours, replace(pad(cut, **padding), there=ours.there))
            assert len(found.data.test) == len(drawn.test)


def test_shared_arrays_are_read_only():
    found = inputs(small(missing_rate=0.2))
    shared = [found.train, found.test]
    arrays_ = [getattr(batch, each.name) for batch in shared for each in fields(batch)]
    arrays_ += [found.data.test.values[0], found.data.test.observed[0], found.data.train.labels[0]]
    for each in (each for each in arrays_ if each is not None):
        with pytest.raises(ValueError, match="read-only"):
            each[...] = 0


def test_a_recording_is_one_for_all_seeds_and_repeats_until_readings_go_missing():
    one = Experiment()
    assert inputs(one) is inputs(one, 2) is inputs(replace(one, seed=5))
    lossy = replace(one, missing_rate=0.3)
    assert not same(inputs(lossy).test, inputs(lossy, 1).test)


def test_only_the_last_few_repeats_are_cached():
    for seed in range(3 * module.CACHED_REPEATS):
        inputs(small(seed=seed))
    assert len(module._INPUTS) == len(module._DATA) == module.CACHED_REPEATS


@pytest.mark.parametrize("strategy", ALL)
@pytest.mark.parametrize("count_invalid", [True, False])
def test_the_arrays_are_under_the_experiments_settings(strategy, count_invalid):
    one = small(task="running_sign", mask_value=0.5, pad_value=0.5, count_invalid=count_invalid)
    batch = inputs(one).test
    mine = arrays_of(one, strategy, batch)
    wanted = arrays(strategy, batch, mask_value=0.5, per_step=True, count_invalid=count_invalid)
    for each in fields(mine):
        np.testing.assert_array_equal(getattr(mine, each.name), getattr(wanted, each.name))


def test_repeats_have_other_data_and_strategies_the_same():
    one = small()
    assert not same(inputs(one, 0).train, inputs(one, 1).train)
    other = small(strategies=("zeroed_state",), side="pre", padded_length=30, units=9)
    ours, theirs = inputs(one, 1).data.train, inputs(other, 1).data.train
    for mine, its in zip(ours.values, theirs.values, strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("missing_rate", [0.0, 0.4])
@pytest.mark.parametrize("count_invalid", [True, False])
@pytest.mark.parametrize("task", TASKS)
def test_chance_is_what_the_best_constant_answer_scores(task, count_invalid, missing_rate, side):
    one = small(
        task=task,
        padded_length=30,
        count_invalid=count_invalid,
        missing_rate=missing_rate,
        side=side,
    )
    test, found = inputs(one).data.test, chance(one)
    if not one.per_step:
        best = Counter(int(each[0]) for each in test.labels).most_common(1)[0][1] / len(test)
        assert found.valid == found.reported == pytest.approx(best)
        return
    valid = Counter()
    for labels, observed in zip(test.labels, test.observed, strict=True):
        valid.update(labels[observed].tolist())
    everywhere = Counter(np.concatenate(test.labels).tolist())
    # Padded steps are labelled 0.
    everywhere[0] += one.padded_length * len(test) - everywhere.total()
    counted = everywhere if count_invalid else valid
    assert found.valid == pytest.approx(max(valid.values()) / valid.total())
    assert found.reported == pytest.approx(max(counted.values()) / counted.total())


def test_always_answering_0_is_nine_tenths_right_where_padding_counts():
    found = chance(SCENARIOS["inflated_accuracy"].experiment)
    assert found.reported == pytest.approx(0.915, abs=5e-4)
    assert found.valid == pytest.approx(0.5, abs=0.01)


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=20))
def test_the_share_of_the_commonest_label(labels):
    wanted = max(Counter(labels).values()) / len(labels)
    assert share_of_commonest(np.array(labels)) == pytest.approx(wanted)
    # A weight of two counts as twice.
    weights = np.arange(len(labels)) % 3 + 1
    repeated = Counter(np.repeat(labels, weights).tolist())
    wanted = max(repeated.values()) / weights.sum()
    assert share_of_commonest(np.array(labels), weights) == pytest.approx(wanted)


def test_sequences_are_selected_in_the_order_of_the_indices():
    test = inputs(small()).data.test
    few = select_sequences(test, np.array([3, 1]))
    assert len(few) == 2
    np.testing.assert_array_equal(few.values[0], test.values[3])
    np.testing.assert_array_equal(few.labels[1], test.labels[1])
