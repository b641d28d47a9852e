"""Compiled programs: batches, buckets, sharing without a lock; and scores."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax

from maskdemo.inside.activations import activations_of
from maskdemo.strategies import Arrays
from maskdemo.training import buckets
from maskdemo.training.buckets import (
    Shape,
    TimeMajorBatch,
    TrainingLayout,
    inference_layout,
    layout_for_inference,
    training_layout,
)
from maskdemo.training.loss_and_adam import new_train_state
from maskdemo.training.program import as_tensors, batch_order, epoch_program, infer, train_epoch
from maskdemo.training.program_cache import MAX_PROGRAMS, compiled_once, programs_compiled
from maskdemo.training.run import train
from maskdemo.training.scoring import probabilities, score
from maskdemo.training.snapshot import Network
from tests.samples import small

UNITS, BATCH = 4, 16


def some_arrays(*, rows: int = 21, steps: int = 7, seed: int = 0) -> Arrays:
    rng = np.random.default_rng(seed)
    advance = rng.integers(0, 2, size=(rows, steps))
    labels = rng.integers(0, 2, size=(rows, 1))
    return Arrays(
        inputs=rng.normal(size=(rows, steps, 5)).astype(np.float32),
        advance=advance.astype(np.float32),
        keep=(1 - advance).astype(np.float32),
        targets=np.repeat(labels, steps, axis=1).astype(np.int32),
        weights=np.eye(steps, dtype=np.float32)[np.full(rows, steps - 1)],
    )


@given(sequences=st.integers(1, 200), batch_size=st.integers(1, 64), seed=st.integers(0, 99))
def test_an_epoch_shows_every_sequence_once(sequences, batch_size, seed):
    order = batch_order(sequences, batch_size, np.random.default_rng(seed))
    assert order.shape == (-(-sequences // batch_size), batch_size)
    flat = order.ravel()
    assert sorted(flat[:sequences]) == list(range(sequences))
    assert (flat[sequences:] == -1).all()


def test_epochs_are_shuffled_differently_and_repeatably():
    first, again = np.random.default_rng(1), np.random.default_rng(1)
    one, two = batch_order(50, 16, first), batch_order(50, 16, first)
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(one, batch_order(50, 16, again))


def laid_out(given_arrays: Arrays) -> TrainingLayout:
    return training_layout(given_arrays, units=UNITS, outputs=1, batch_size=BATCH, every_step=False)


def test_padding_to_the_bucket_takes_no_part():
    """Values in the bucket's own steps and sequences change nothing."""
    given_arrays = some_arrays()
    clean = laid_out(given_arrays)
    rows, steps = given_arrays.advance.shape
    dirty = [each.copy() for each in clean.data]
    for of in dirty:
        by_row = of if of.ndim == 1 else of.swapaxes(0, 1)
        by_row[rows:] = 1
        if len(of) == clean.shape.steps:
            of[steps:] = 1
    order = batch_order(rows, BATCH, np.random.default_rng(0))
    start = new_train_state(features=4, units=UNITS, outputs=1, seed=1)
    one, *numbers = train_epoch(clean, start, order, 0.03)
    other, *same_numbers = train_epoch(replace(clean, data=TimeMajorBatch(*dirty)), start, order, 0.03)
    assert numbers == same_numbers
    for mine, theirs in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_training_changes_nothing_but_what_it_returns():
    given_arrays = some_arrays()
    start = new_train_state(features=4, units=UNITS, outputs=1, seed=1)
    before = [w.numpy().copy() for w in start.weights]
    order = batch_order(21, BATCH, np.random.default_rng(0))
    after, *_ = train_epoch(laid_out(given_arrays), start, order, 0.03)
    for was, is_, new in zip(before, start.weights, after.weights, strict=True):
        np.testing.assert_array_equal(was, is_)
        assert not np.array_equal(was, new)


def test_the_same_arguments_give_the_same_bits_from_any_thread():
    cases = [some_arrays(seed=seed) for seed in range(4)]

    def whole(seed: int) -> bytes:
        network = new_train_state(features=4, units=UNITS, outputs=1, seed=seed)
        data, rng = as_tensors(laid_out(cases[seed])), np.random.default_rng(seed)
        results = b""
        for _ in range(5):
            network, *numbers = train_epoch(data, network, batch_order(21, BATCH, rng), 0.03)
            results += repr(numbers).encode()
        asked = inference_layout(cases[seed], units=UNITS, outputs=1, every_step=False)
        results += infer(asked, network.weights).tobytes()
        return results + b"".join(w.numpy().tobytes() for w in network.weights)

    alone = [whole(seed) for seed in range(4)]
    assert len(set(alone)) == 4
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(whole, [*range(4)] * 3)) == alone * 3


def test_a_program_is_built_once_and_shared():
    shape = Shape(512, 10, 6, UNITS, 1, BATCH, every_step=False)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(epoch_program, [shape] * 4))
    assert all(each is found[0] for each in found)
    assert epoch_program(shape._replace(units=UNITS)) is found[0]


def test_programs_are_bounded():
    built = []

    def build(shape):
        built.append(shape)
        return lambda: shape

    cached = compiled_once(build)
    shapes = [Shape(512, 10, 6, units, 1, BATCH, False) for units in range(1, MAX_PROGRAMS + 2)]
    for shape in shapes:
        cached(shape)
    assert built == shapes
    cached(shapes[-1])
    assert built == shapes, "the newest is kept"
    cached(shapes[0])
    assert built == [*shapes, shapes[0]], "the oldest was let go"


@pytest.mark.parametrize("every_step", [False, True])
def test_where_no_step_counts_in_a_mean_the_bias_answers(every_step):
    """As where the same mean of states is taken step by step, in NumPy (`inside`)."""
    one = small(read_out="mean", units=UNITS)
    network = new_train_state(features=4, units=UNITS, outputs=1, seed=1).weights
    network = network._replace(readout_bias=tf.constant([0.7]))
    pool = np.zeros((21, 7), np.float32)
    pool[1:, 2:5] = 1 / 3
    pooled = replace(some_arrays(), pool=pool)
    answers = infer(layout_for_inference(one, pooled, every_step=every_step), network)
    states = activations_of(Network(1, *(of.numpy() for of in network)), pooled).states
    expected = pooled.read(states) @ network.readout.numpy() + 0.7
    np.testing.assert_allclose(answers, expected if every_step else expected[:, -1], atol=1e-5)
    assert (answers[0] == np.float32(0.7)).all()


@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_probabilities_are_those_of_scipy(outputs):
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=20, size=(6, 3, outputs)).astype(np.float32)
    ours = probabilities(logits)
    assert ours.shape == (6, 3, max(outputs, 2)) and ours.dtype == np.float32
    wanted = softmax(logits, axis=2)
    if outputs == 1:
        wanted = np.concatenate([expit(-logits), expit(logits)], axis=2)
    np.testing.assert_allclose(ours, wanted, atol=1e-6)


@given(seed=st.integers(0, 999), classes=st.integers(2, 4))
@settings(max_examples=30, deadline=None)
def test_scores_are_those_of_keras(seed, classes):
    rng = np.random.default_rng(seed)
    answers = rng.dirichlet(np.full(classes, 0.3), size=30).astype(np.float32)
    targets = rng.integers(0, classes, size=30).astype(np.int32)
    weights = rng.choice([0.0, 1.0, 2.0], size=30).astype(np.float32)
    weights[0] = 1
    ours = score(answers, targets, weights)
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    accuracy.update_state(targets, answers, sample_weight=weights)
    assert ours.accuracy == pytest.approx(float(accuracy.result()), abs=1e-6)
    entropy = keras.metrics.SparseCategoricalCrossentropy()
    entropy.update_state(targets, answers, sample_weight=weights)
    assert ours.loss == pytest.approx(float(entropy.result()), rel=1e-4, abs=1e-6)


def test_initial_weights_follow_the_seed_and_only_the_seed():
    one = new_train_state(features=3, units=UNITS, outputs=2, seed=1)
    again = new_train_state(features=3, units=UNITS, outputs=2, seed=1)
    other = new_train_state(features=3, units=UNITS, outputs=2, seed=2)
    for mine, same in zip(one.weights, again.weights, strict=True):
        np.testing.assert_array_equal(mine, same)
    assert not np.array_equal(one.weights.kernel, other.weights.kernel)
    for moments in (one.momentum, one.velocity):
        assert all((each.numpy() == 0).all() for each in moments)
    assert float(one.updates) == 0


OTHER_LENGTHS = (
    {"padded_length": 12},
    {"padded_length": 60, "side": "pre", "min_length": 8},
    {"padded_length": 200, "strategies": ("held_state",)},
)
PER_STEP = {"task": "running_sign"}


def test_lengths_sides_and_strategies_share_their_programs():
    for labels in ({}, PER_STEP):
        compiled = []
        for other in OTHER_LENGTHS:
            list(train(small(**{"strategies": ("no_mask",), "epochs": 2} | labels | other)))
            compiled.append(programs_compiled())
        assert compiled[0] > 0 and compiled[1:] == compiled[:1] * 2


@pytest.mark.parametrize("every_step", [False, pytest.param(True, marks=pytest.mark.fuzz)])
def test_results_are_the_same_to_the_bit_whatever_the_bucket(monkeypatch, every_step):
    """Of the training as of the outputs; the sequences end in the middle of a piece."""
    given_arrays = some_arrays(steps=33)
    if every_step:
        given_arrays = replace(given_arrays, weights=np.ones_like(given_arrays.weights))
    results = []
    for bucket in (60, 200):
        monkeypatch.setattr(buckets, "STEPS", bucket)
        sizes = {"units": UNITS, "outputs": 1, "every_step": every_step}
        layout = training_layout(given_arrays, batch_size=BATCH, **sizes)
        assert layout.shape.steps == bucket
        network, rng = (
            new_train_state(features=4, units=UNITS, outputs=1, seed=1),
            np.random.default_rng(3),
        )
        numbers = []
        for _ in range(3):
            network, *each = train_epoch(layout, network, batch_order(21, BATCH, rng), 0.03)
            numbers.append(each)
        asked = inference_layout(given_arrays, **sizes)
        outputs = infer(asked, network.weights).tobytes()
        results.append((numbers, [of.numpy().tobytes() for of in network.weights], outputs))
    assert results[0] == results[1]


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("labels", [{}, PER_STEP], ids=["a label a sequence", "a label a step"])
def test_xla_itself_compiles_once_for_all_lengths(tmp_path, labels):
    """It writes a file for every program, also for one that it compiles anew for other values."""
    program = f"""
import sys
from pathlib import Path
from maskdemo.training.run import train
from tests.samples import small

for other in {OTHER_LENGTHS}:
    for _ in train(small(**{{"strategies": ("no_mask",), "epochs": 2}} | {labels} | other)):
        pass
    modules = [each.name for each in Path(sys.argv[1]).iterdir()]
    print(sum("inference_epoch" in each for each in modules), len(modules))
"""
    # Nothing is loaded that another process has compiled.
    flags = {"TF_XLA_FLAGS": "", "XLA_FLAGS": f"--xla_dump_to={tmp_path} --xla_dump_hlo_as_text"}
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env=os.environ | flags,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    first, *others = run.stdout.splitlines()
    assert int(first.split()[0]) > 0
    assert others == [first, first]
