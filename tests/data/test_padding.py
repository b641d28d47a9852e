"""Padding and truncation: nothing else is lost, and Keras would have written the same."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskdemo.data.padding import pad, unpad
from maskdemo.data.sequences import Sequences, steps_lost, truncate
from tests.samples import PAD_VALUES, SIDES, batches, sequences


@given(
    given_sequences=sequences(per_step=True),
    extra=st.integers(0, 30),
    side=SIDES,
    pad_value=st.floats(-1000, 1000, width=32),
)
def test_unpadding_returns_the_sequences(given_sequences, extra, side, pad_value):
    longest = max(len(each) for each in given_sequences.values)
    padded = pad(given_sequences, padded_length=longest + extra, side=side, pad_value=pad_value)
    back = unpad(padded)
    assert len(back) == len(given_sequences)
    for at, seen in enumerate(given_sequences.observed):
        np.testing.assert_array_equal(back.observed[at], seen)
        np.testing.assert_array_equal(back.labels[at], given_sequences.labels[at])
        np.testing.assert_array_equal(back.values[at][seen], given_sequences.values[at][seen])
        assert (back.values[at][~seen] == np.float32(pad_value)).all()


@given(
    given_sequences=sequences(per_step=True),
    steps=st.integers(1, 16),
    side=SIDES,
    truncating=SIDES,
    value=PAD_VALUES,
)
def test_keras_pads_and_cuts_the_same(given_sequences, steps, side, truncating, value):
    everything_seen = Sequences(
        given_sequences.values,
        tuple(np.ones(len(v), bool) for v in given_sequences.values),
        given_sequences.labels,
    )
    cut = truncate(everything_seen, steps, truncating=truncating)
    ours = pad(cut, padded_length=steps, side=side, pad_value=value)
    gone = [len(a) - len(b) for a, b in zip(given_sequences.values, cut.values, strict=True)]
    assert steps_lost(everything_seen, steps).tolist() == gone

    def theirs(arrays, fill, dtype):
        return keras.utils.pad_sequences(
            arrays, maxlen=steps, dtype=dtype, padding=side, truncating=truncating, value=fill
        )

    np.testing.assert_array_equal(ours.values, theirs(everything_seen.values, value, "float32"))
    np.testing.assert_array_equal(ours.labels, theirs(everything_seen.labels, 0, "int32"))
    np.testing.assert_array_equal(ours.valid, theirs(everything_seen.observed, False, "bool"))


@given(given_sequences=sequences(), extra=st.integers(0, 9), side=SIDES, value=PAD_VALUES)
def test_every_step_is_of_one_kind(given_sequences, extra, side, value):
    longest = max(len(each) for each in given_sequences.values)
    batch = pad(given_sequences, padded_length=longest + extra, side=side, pad_value=value)
    kinds = batch.valid.astype(int) + batch.padded + batch.missing
    assert (kinds == 1).all()
    for at, seen in enumerate(given_sequences.observed):
        assert batch.valid[at].sum() == seen.sum()
        assert batch.missing[at].sum() == (~seen).sum()
        real = np.flatnonzero(~batch.padded[at])
        first = 0 if side == "post" else longest + extra - len(seen)
        assert real.tolist() == list(range(first, first + len(seen)))
    assert (batch.values[~batch.valid] == np.float32(value)).all()


def one_sequence(length: int) -> Sequences:
    return Sequences(
        (np.ones((length, 2), np.float32),), (np.ones(length, bool),), (np.zeros(length, np.int32),)
    )


@pytest.mark.parametrize("padded_length", [1, 4])
def test_padding_itself_cuts_nothing(padded_length):
    with pytest.raises(ValueError, match=rf"5 steps.* {padded_length} is too short for it\.$"):
        pad(one_sequence(5), padded_length=padded_length, side="post", pad_value=0.0)


@pytest.mark.parametrize("side", ["left", "", "POST"])
def test_there_are_two_sides(side):
    with pytest.raises(ValueError, match=r"'post' or 'pre'.*\.$"):
        pad(one_sequence(2), padded_length=3, side=side, pad_value=0.0)


def test_padding_leaves_the_sequences_as_they_were():
    given_sequences = one_sequence(3)
    batch = pad(given_sequences, padded_length=3, side="post", pad_value=0.0)
    batch.values[:] = 5
    assert (given_sequences.values[0] == 1).all()


@given(batch=batches(per_step=True))
def test_the_last_valid_step_is_valid_and_no_later_step_is(batch):
    for valid, step in zip(batch.valid, batch.last_valid, strict=True):
        assert valid[step] and not valid[step + 1 :].any()
