"""Laying out: what the programs are given says the same as the arrays, and no step too many."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskdemo.data.inputs import arrays_of, inputs
from maskdemo.data.padding import pad
from maskdemo.data.sequences import Sequences
from maskdemo.scenarios import SCENARIOS
from maskdemo.strategies import Arrays, arrays
from maskdemo.training.buckets import (
    LARGE_BLOCK,
    SEQUENCES,
    inference_layout,
    layout_for_inference,
    layout_for_training,
    programs_of_run,
    training_layout,
)
from maskdemo.training.probes import probes_of
from maskdemo.training.program import infer
from tests.oracles import recurrence
from tests.samples import ALL, batches
from tests.test_strategies import LABELS, MASK_VALUES, NETWORK

SIZES = {"units": 4, "outputs": 1}


def back(data, rows: int, *, every_step: bool) -> Arrays:
    """The arrays (N, T, ...) of data, up to the last end; before start and after end they hold."""
    data = type(data)(*(of[..., :rows, :] if of.ndim == 3 else of[..., :rows] for of in data))
    steps = np.arange(data.end.max())[:, None]
    used = (steps >= data.start) & (steps < data.end)
    switch = np.where(used, data.switch[: len(steps)], 0)
    targets, weights = data.targets[: len(steps)], data.weights[: len(steps)]
    weights = weights if every_step else (steps == data.read_out) * weights
    return Arrays(
        inputs=data.inputs[: len(steps), ..., :-1].swapaxes(0, 1),
        advance=(switch == 1).astype(np.float32).T,
        keep=(switch == 0).astype(np.float32).T,
        targets=np.broadcast_to(targets, switch.shape).T,
        weights=np.asarray(weights, np.float32).T,
    )


@given(
    strategy=st.sampled_from(ALL),
    batch=batches(features=2, per_step=True),
    mask_value=MASK_VALUES,
    labels=st.sampled_from(LABELS),
)
def test_a_training_layout_stands_for_the_same_arrays(strategy, batch, mask_value, labels):
    """The same answers count as much for the same targets, by the plain recurrence."""
    whole = arrays(strategy, batch, mask_value=mask_value, **labels)
    every_step = labels["per_step"]
    given_ = training_layout(whole, batch_size=5, every_step=every_step, **SIZES)
    laid_out = back(given_.data, len(batch.values), every_step=every_step)
    assert laid_out.weights.sum() == whole.weights.sum()
    assert recurrence.loss(NETWORK, laid_out) == pytest.approx(recurrence.loss(NETWORK, whole))


@given(
    strategy=st.sampled_from(ALL),
    batch=batches(features=2, per_step=True),
    mask_value=MASK_VALUES,
    labels=st.sampled_from(LABELS),
)
def test_inferred_outputs_are_those_of_the_recurrence(strategy, batch, mask_value, labels):
    whole = arrays(strategy, batch, mask_value=mask_value, **labels)
    wanted = recurrence.logits(NETWORK, whole)
    found = infer(inference_layout(whole, every_step=labels["per_step"], **SIZES), NETWORK)
    counted = whole.weights > 0
    ours = found[counted] if labels["per_step"] else found
    np.testing.assert_allclose(ours, wanted[counted], atol=2e-6)
    everywhere = replace(whole, weights=np.ones_like(whole.weights))
    steps = infer(inference_layout(everywhere, every_step=True, **SIZES), NETWORK)
    np.testing.assert_allclose(steps, wanted, atol=2e-6)


@given(batch=batches(features=2), strategy=st.sampled_from(["held_state", "last_valid_step"]))
def test_no_unneeded_step_is_laid_out(batch, strategy):
    """However far the batch is padded: exactly from the first valid step to the last."""
    made = arrays(strategy, batch, mask_value=0.0, **LABELS[0])
    data = training_layout(made, batch_size=5, every_step=False, **SIZES).data
    rows = len(batch.values)
    valid = np.flatnonzero(batch.valid.any(axis=0))
    assert data.end[:rows].max() - data.start[:rows].min() == (
        valid[-1] + 1 - (valid[0] if strategy == "held_state" else 0)
    )


def ragged(lengths, padded_length: int, side: str) -> Arrays:
    one = Sequences(
        tuple(np.ones((n, 1), np.float32) for n in lengths),
        tuple(np.ones(n, bool) for n in lengths),
        tuple(np.ones(n, np.int32) for n in lengths),
    )
    batch = pad(one, padded_length=padded_length, side=side, pad_value=0.0)
    return arrays("held_state", batch, mask_value=0.0, **LABELS[0])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_run_needs_three_programs_whatever_its_strategies_and_lengths(scenario):
    """They are known before any sequence is drawn, and are those of the layouts."""
    experiment = SCENARIOS[scenario].experiment
    programs = programs_of_run(experiment)
    repeat = inputs(experiment)
    for strategy in experiment.strategies:
        test = arrays_of(experiment, strategy, repeat.test)
        probes = arrays_of(experiment, strategy, probes_of(repeat.test))
        assert programs == (
            (layout_for_training(experiment, strategy, repeat).shape, True),
            (layout_for_inference(experiment, test, every_step=False).shape, False),
            (layout_for_inference(experiment, probes, every_step=True).shape, False),
        )
    other = replace(experiment, padded_length=150, side="pre", pad_value=1.0)
    assert programs_of_run(other) == programs


@pytest.mark.parametrize("side", ["post", "pre"])
def test_blocks_hold_sequences_that_need_about_the_same_steps(side):
    lengths = np.random.default_rng(0).permutation(np.repeat(np.arange(1, 11), 20))
    laid_out = inference_layout(ragged(lengths, 10, side), every_step=False, **SIZES)
    blocks = laid_out.blocks
    spans = (blocks.end - blocks.start)[: blocks.count]
    assert blocks.count == -(-200 // LARGE_BLOCK)
    assert sorted(laid_out.rows) == list(range(200))
    assert spans.tolist() == ([4, 7, 10, 10] if side == "post" else [10, 7, 4, 1])


@given(rows=st.integers(1, SEQUENCES[-1]))
@settings(deadline=None, max_examples=30)
def test_the_smallest_bucket_is_taken(rows):
    plane = np.broadcast_to(np.float32(1), (rows, 2))
    made = Arrays(plane[..., None], plane, 0 * plane, plane.astype(np.int32), plane)
    bucket = training_layout(made, batch_size=5, every_step=True, **SIZES).shape.sequences
    assert bucket in SEQUENCES and bucket >= rows
    assert not [size for size in SEQUENCES if rows <= size < bucket]
