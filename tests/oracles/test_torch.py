"""A held state against PyTorch: packed sequences, and every sequence run alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from maskdemo.data.padding import Batch, pad
from maskdemo.data.sequences import Sequences
from maskdemo.strategies import Arrays, arrays
from maskdemo.training.buckets import inference_layout
from maskdemo.training.lstm import Weights
from maskdemo.training.program import infer
from tests.oracles.test_gradients import BATCH, FEATURES, UNITS, engine_gradient, network

# Each process of the tests collects all of them, and loading PyTorch takes two seconds.
if TYPE_CHECKING:
    import torch

LONGEST = 8
LABELS = {"mask_value": 0.0, "per_step": False, "count_invalid": True}


def some_sequences(per_step: bool = False) -> Sequences:
    rng = np.random.default_rng(0)
    lengths = [LONGEST, 1, *rng.integers(1, LONGEST + 1, size=BATCH - 2)]
    labels = [rng.integers(0, 2, size=n if per_step else 1).astype(np.int32) for n in lengths]
    return Sequences(
        tuple(rng.normal(size=(n, FEATURES)).astype(np.float32) for n in lengths),
        tuple(np.ones(n, bool) for n in lengths),
        tuple(np.broadcast_to(each, n) for each, n in zip(labels, lengths, strict=True)),
    )


def torch_layers(weights: Weights) -> tuple[torch.nn.LSTM, torch.nn.Linear]:
    """The same network; PyTorch's gates are in the same order but stand in rows, with two biases."""
    import torch

    lstm = torch.nn.LSTM(FEATURES, UNITS, batch_first=True)
    readout = torch.nn.Linear(UNITS, 1)
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(torch.tensor(weights.kernel.numpy()[:FEATURES].T))
        lstm.weight_hh_l0.copy_(torch.tensor(weights.recurrent_kernel.numpy().T))
        lstm.bias_ih_l0.copy_(torch.tensor(weights.bias.numpy()))
        lstm.bias_hh_l0.zero_()
        readout.weight.copy_(torch.tensor(weights.readout.numpy().T))
        readout.bias.copy_(torch.tensor(weights.readout_bias.numpy()))
    return lstm, readout


def packed_logits(lstm, readout, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    """After every step (N, T), after the last (N,), and the lengths; `batch` is post-padded."""
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    lengths = (~batch.padded).sum(axis=1)
    packed = pack_padded_sequence(
        torch.tensor(batch.values), torch.tensor(lengths), batch_first=True, enforce_sorted=False
    )
    states, (last, _) = lstm(packed)
    steps, _ = pad_packed_sequence(states, batch_first=True, total_length=batch.values.shape[1])
    return readout(steps)[..., 0], readout(last[0])[:, 0], lengths


def our_logits(weights: Weights, given: Arrays) -> np.ndarray:
    everywhere = replace(given, weights=np.ones_like(given.weights))
    return infer(inference_layout(everywhere, units=UNITS, outputs=1, every_step=True), weights)[..., 0]


@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("pad_value", [0.0, -9.0])
def test_outputs_are_those_of_packed_sequences(side, pad_value):
    given, weights = some_sequences(), network(1).weights
    post = pad(given, padded_length=10, side="post", pad_value=0.0)
    steps, last, lengths = packed_logits(*torch_layers(weights), post)
    assert {1, LONGEST} <= set(lengths.tolist())
    batch = pad(given, padded_length=10, side=side, pad_value=pad_value)
    ours = our_logits(weights, arrays("held_state", batch, **LABELS))
    np.testing.assert_allclose(ours[:, -1], last.detach(), atol=2e-6)
    for row, length in enumerate(lengths):
        real = ours[row][~batch.padded[row]]
        np.testing.assert_allclose(real, steps[row, :length].detach(), atol=2e-6)


def test_outputs_are_those_of_each_sequence_alone():
    import torch

    given, weights = some_sequences(), network(1).weights
    lstm, readout = torch_layers(weights)
    batch = pad(given, padded_length=10, side="pre", pad_value=5.0)
    ours = our_logits(weights, arrays("held_state", batch, **LABELS))[:, -1]
    for row, values in enumerate(given.values):
        alone, _ = lstm(torch.tensor(values)[None])
        wanted = readout(alone[0, -1]).item()
        assert ours[row] == pytest.approx(wanted, abs=2e-6)


@pytest.mark.parametrize("per_step", [False, True], ids=["one label", "a label a step"])
def test_gradients_are_those_of_packed_sequences(per_step):
    import torch

    given, start = some_sequences(per_step), network(1)
    batch = pad(given, padded_length=10, side="post", pad_value=3.0)
    held = arrays("held_state", batch, mask_value=0.0, per_step=per_step, count_invalid=False)
    ours, our_loss = engine_gradient(start, held)
    lstm, readout = torch_layers(start.weights)
    steps, last, _ = packed_logits(lstm, readout, batch)
    if per_step:
        said, truth = steps[torch.tensor(batch.valid)], batch.labels[batch.valid]
    else:
        said, truth = last, np.array([each[0] for each in given.labels])
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        said, torch.tensor(truth, dtype=torch.float32)
    )
    loss.backward()
    assert our_loss == pytest.approx(loss.item(), rel=1e-5)
    wanted = {
        "kernel": lstm.weight_ih_l0.grad.T,
        "recurrent_kernel": lstm.weight_hh_l0.grad.T,
        "bias": lstm.bias_ih_l0.grad,
        "readout": readout.weight.grad.T,
        "readout_bias": readout.bias.grad,
    }
    for name, theirs in wanted.items():
        mine = getattr(ours, name)[:FEATURES] if name == "kernel" else getattr(ours, name)
        assert theirs.abs().max() > 1e-4
        np.testing.assert_allclose(mine, theirs, rtol=2e-4, atol=2e-6, err_msg=name)
    # The channel that no other strategy uses gets none.
    assert (ours.kernel[-1] == 0).all()


def test_without_a_mask_it_is_not_packed_sequences():
    """Or the tests above would also pass on sequences that padding does not touch."""
    given, weights = some_sequences(), network(1).weights
    batch = pad(given, padded_length=10, side="post", pad_value=0.0)
    _, last, lengths = packed_logits(*torch_layers(weights), batch)
    ours = our_logits(weights, arrays("no_mask", batch, **LABELS))[:, -1]
    assert np.abs(ours - last.detach().numpy())[lengths < 10].min() > 1e-4
