"""The NumPy pass against Keras's cell, the compiled program and automatic differentiation."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from maskdemo.data.inputs import arrays_of, inputs
from maskdemo.experiment import Experiment
from maskdemo.inside.activations import activations_of, first_difference, unit_order
from maskdemo.inside.gradient import gradient, landing
from maskdemo.inside.inspected_sequence import InspectedSequence
from maskdemo.inside.recurrence import product
from maskdemo.strategies import Arrays
from maskdemo.training.snapshot import Network
from tests.samples import ALL, made_up, network

BINARY = Experiment(
    task="last_sign",
    test_size=16,
    min_length=2,
    max_length=6,
    padded_length=11,
    pad_value=-1.0,
    mask_value=-1.0,
    missing_rate=0.2,
    strategies=ALL,
    units=5,
)
CASES = {
    "binary": BINARY,
    "nine classes, in front": Experiment(
        task="japanese_vowels", padded_length=33, side="pre", strategies=ALL, units=4
    ),
    "a mean": replace(BINARY, read_out="mean"),
    "a label a step": Experiment(
        task="running_sign",
        test_size=16,
        min_length=2,
        max_length=7,
        padded_length=9,
        count_invalid=False,
        strategies=ALL,
        units=5,
    ),
}


def untrained(experiment: Experiment, probe: int = 0, *, seed: int = 0) -> InspectedSequence:
    """A probe in networks of random weights, one a strategy, after epoch 1; label 1 is followed."""
    networks = {
        name: (network(experiment, seed=seed + at),) for at, name in enumerate(experiment.strategies)
    }
    run = replace(made_up(replace(experiment, epochs=1)), networks=networks)
    return InspectedSequence(run, probe, 1, 1)


@cache
def given(case: str, strategy: str, rows: int = 6) -> Arrays:
    """The strategy's arrays of the first sequences of a case."""
    whole = arrays_of(CASES[case], strategy, inputs(CASES[case]).test)
    return Arrays(*(None if each is None else each[:rows] for each in vars(whole).values()))


def of_all(case: str, rows: int) -> tuple[Arrays, dict[str, slice]]:
    """The arrays of every strategy in one batch, and where the rows of each are."""
    parts = [given(case, strategy, rows) for strategy in ALL]
    columns = zip(*(vars(each).values() for each in parts), strict=True)
    together = [None if column[0] is None else np.concatenate(column) for column in columns]
    places = {name: slice(at * rows, (at + 1) * rows) for at, name in enumerate(ALL)}
    return Arrays(*together), places


def in_double(arrays: Arrays) -> Arrays:
    planes = ("inputs", "advance", "keep", "weights")
    return replace(arrays, **{name: getattr(arrays, name).astype(np.float64) for name in planes})


def loss(network: Network, arrays: Arrays) -> np.ndarray:
    """Each sequence's own loss, (N,)."""
    said = activations_of(network, arrays).probabilities
    right = np.take_along_axis(said, arrays.targets[..., None], axis=2)[..., 0]
    return -(arrays.weights * np.log(right)).sum(axis=1) / arrays.weights.sum(axis=1)


@pytest.mark.parametrize("case", CASES)
def test_trace_is_the_keras_cell_step_by_step(case):
    import keras

    weights, (these, places) = network(CASES[case]), of_all(case, rows=6)
    units = CASES[case].units
    cell = keras.layers.LSTMCell(units)
    cell.build((None, these.inputs.shape[2]))
    cell.set_weights([weights.kernel, weights.recurrent_kernel, weights.bias])
    states, cells = np.empty((2, *these.advance.shape, units), np.float32)
    h = c = np.zeros((len(these.inputs), units), np.float32)
    for t in range(these.inputs.shape[1]):
        a, k = these.advance[:, t, None], these.keep[:, t, None]
        _, (new_h, new_c) = cell(these.inputs[:, t], [h, c])
        h, c = a * np.array(new_h) + k * h, a * np.array(new_c) + k * c
        states[:, t], cells[:, t] = h, c
    for strategy, rows in places.items():
        activations = activations_of(weights, given(case, strategy))
        np.testing.assert_allclose(activations.states, states[rows], atol=2e-6, err_msg=strategy)
        np.testing.assert_allclose(activations.cells, cells[rows], atol=4e-6, err_msg=strategy)
        gates = (activations.input_gate, activations.forget_gate, activations.output_gate)
        assert all((each > 0).all() and (each < 1).all() for each in gates)


@pytest.mark.parametrize("case", CASES)
def test_outputs_of_a_trace_are_those_of_the_compiled_program(case):
    from maskdemo.training.buckets import inference_layout
    from maskdemo.training.lstm import Weights
    from maskdemo.training.program import infer
    from maskdemo.training.scoring import probabilities

    experiment, these = CASES[case], given(case, "mask_feature")
    weights = network(experiment)
    compiled = Weights(*(getattr(weights, name) for name in Weights._fields))
    everywhere = replace(these, weights=np.ones_like(these.weights))
    sizes = {"units": experiment.units, "outputs": experiment.spec.outputs}
    layout = inference_layout(everywhere, every_step=True, **sizes)
    theirs = probabilities(these.read(infer(layout, compiled)))
    np.testing.assert_allclose(activations_of(weights, these).probabilities, theirs, atol=1e-5)


def test_held_steps_copy_and_reset_steps_clear():
    for strategy in ("held_state", "masking_layer", "zeroed_state"):
        these = given("binary", strategy)
        activations = activations_of(network(CASES["binary"]), these)
        for after in (activations.cells, activations.states):
            before = np.concatenate([np.zeros_like(after[:, :1]), after[:, :-1]], axis=1)
            holds = these.keep == 1
            resets = (these.keep == 0) & (these.advance == 0)
            assert holds.any() != resets.any()
            assert (after[holds] == before[holds]).all()
            assert (after[resets] == 0).all()


def test_units_are_in_order_of_their_largest_state():
    activations = activations_of(network(CASES["binary"]), given("binary", "no_mask"))
    order = unit_order(activations)
    assert sorted(order.tolist()) == list(range(5))
    peaks = np.abs(activations.states[0]).argmax(axis=0)[order]
    assert (np.diff(peaks) >= 0).all()


def test_the_first_difference_is_the_first_step_that_differs_by_more():
    one, other = np.zeros((5, 2)), np.zeros((5, 2))
    other[2, 1], other[3, 0] = 0.1, -0.3
    assert first_difference(one, other, over=0.0) == 2
    assert first_difference(one, other, over=0.2) == 3
    assert first_difference(one, other, over=0.5) is None


@pytest.mark.parametrize("case", CASES)
def test_gradient_is_that_of_a_tape_over_the_keras_cell(case):
    import keras
    import tensorflow as tf

    experiment, (these, places) = CASES[case], of_all(case, rows=1)
    weights = network(experiment)
    cell = keras.layers.LSTMCell(experiment.units)
    cell.build((None, these.inputs.shape[2]))
    cell.set_weights([weights.kernel, weights.recurrent_kernel, weights.bias])
    count, steps = these.advance.shape
    inputs = [tf.constant(these.inputs[:, t]) for t in range(steps)]
    nudges = [tf.zeros((2, count, experiment.units)) for _ in range(steps)]
    with tf.GradientTape() as tape:
        tape.watch([inputs, nudges])
        h = c = tf.zeros((count, experiment.units))
        logits = []
        for t in range(steps):
            a, k = these.advance[:, t, None], these.keep[:, t, None]
            # The cell's own arithmetic, opened where the new state can be nudged.
            i, f, g, o = tf.split(
                inputs[t] @ weights.kernel + h @ weights.recurrent_kernel + weights.bias, 4, axis=1
            )
            new_c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g) + nudges[t][1]
            new_h = tf.sigmoid(o) * tf.tanh(new_c) + nudges[t][0]
            _, (cell_h, _) = cell(inputs[t], [h, c])
            np.testing.assert_allclose(new_h, cell_h, atol=1e-6)
            h, c = a * new_h + k * h, a * new_c + k * c
            logits.append(h @ weights.readout + weights.readout_bias)
        logits = tf.stack(logits, axis=1)
        if these.pool is not None:  # one answer, of the mean: the read-out is linear
            logits = tf.tile(these.pool[:, None] @ logits, [1, steps, 1])
        if logits.shape[2] == 1:
            logits = tf.concat([tf.zeros_like(logits), logits], axis=2)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(these.targets, logits)
        # No row has a part in another's loss.
        total = tf.reduce_sum(each * these.weights / these.weights.sum(axis=1, keepdims=True))
    by_input, by_state = tape.gradient(total, [inputs, nudges], unconnected_gradients="zero")
    wanted_inputs = np.linalg.norm(np.stack(by_input, axis=1), axis=2)
    wanted_states = np.sqrt((np.stack(by_state, axis=2) ** 2).sum(axis=(0, 3)))
    for strategy, rows in places.items():
        found = gradient(weights, given(case, strategy, rows=1))
        close = {"atol": 1e-6, "rtol": 1e-4, "err_msg": strategy}
        np.testing.assert_allclose(found.inputs, wanted_inputs[rows], **close)
        np.testing.assert_allclose(found.states, wanted_states[rows], **close)


def test_gradient_is_that_of_finite_differences():
    weights = network(CASES["binary"], kind=np.float64)
    these, places = of_all("binary", rows=3)
    these = in_double(these)
    step, wanted = 1e-5, np.empty(these.advance.shape)
    for t in range(these.inputs.shape[1]):
        slopes = []
        for channel in range(these.inputs.shape[2]):
            sides = []
            for sign in (1, -1):
                inputs = these.inputs.copy()
                inputs[:, t, channel] += sign * step
                sides.append(loss(weights, replace(these, inputs=inputs)))
            slopes.append((sides[0] - sides[1]) / (2 * step))
        wanted[:, t] = np.linalg.norm(slopes, axis=0)
    for strategy, rows in places.items():
        found = gradient(weights, in_double(given("binary", strategy, rows=3))).inputs
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, wanted[rows], atol=1e-9, rtol=1e-5, err_msg=strategy)


def test_a_steps_part_of_the_weights_gradient_is_what_it_adds():
    """One step alone has the whole gradient; its norm from finite differences of every weight."""
    experiment = CASES["binary"]
    weights, whole = network(experiment, kind=np.float64), in_double(given("binary", "no_mask", rows=1))
    first = (each[:, :1] for each in (whole.inputs, whole.advance, whole.keep, whole.targets))
    one = Arrays(*first, weights=np.ones((1, 1)))
    total = 0.0
    for name in ("kernel", "recurrent_kernel", "bias"):
        matrix = getattr(weights, name)
        for at in np.ndindex(matrix.shape):
            sides = []
            for sign in (1, -1):
                changed = matrix.copy()
                changed[at] += sign * 1e-5
                sides.append(loss(replace(weights, **{name: changed}), one)[0])
            total += ((sides[0] - sides[1]) / 2e-5) ** 2
    assert gradient(weights, one).weights[0, 0] == pytest.approx(np.sqrt(total), rel=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_no_gradient_lands_on_steps_that_hold(case):
    experiment = CASES[case]
    batch = inputs(experiment).test
    kinds = {"padded": batch.padded[:6], "missing": batch.missing[:6]}
    held = gradient(network(experiment), given(case, "held_state"))
    moved = gradient(network(experiment), given(case, "no_mask"))
    for name in ("inputs", "states", "weights"):
        landed = landing(getattr(held, name), **kinds)
        assert landed.share("padding") == landed.share("missing") == 0
        assert landed.share("real") == 1
    landed = landing(moved.inputs, **kinds)
    if case == "binary":
        assert landed.share("padding") > 0 and landed.share("missing") > 0
    whole = landed.real + landed.padding + landed.missing
    np.testing.assert_allclose(whole, moved.inputs.sum(axis=0), rtol=1e-6)
    # A gradient that is zero everywhere has no share anywhere.
    assert landing(np.zeros_like(moved.inputs), **kinds).share("padding") == 0


def test_a_reset_ends_the_gradient():
    these = given("binary", "zeroed_state")
    found = gradient(network(CASES["binary"]), these)
    last_reset = [np.flatnonzero(row == 0)[-1] for row in these.advance]
    for row, at in enumerate(last_reset):
        assert (found.weights[row, : at + 1] == 0).all()


def test_gradient_does_not_depend_on_how_many_sequences_are_held_at_once(monkeypatch):
    these = given("binary", "no_mask")
    whole = gradient(network(CASES["binary"]), these)
    monkeypatch.setattr("maskdemo.inside.gradient.MAX_NUMBERS", 1)
    parts = gradient(network(CASES["binary"]), these)
    np.testing.assert_allclose(parts.inputs, whole.inputs, rtol=1e-5)


@pytest.mark.parametrize("shape", [(0, 5), (3, 5), (7, 11, 5), (2, 700, 5)])
def test_a_product_in_pieces_is_the_product(shape, monkeypatch):
    monkeypatch.setattr("maskdemo.inside.recurrence.MAX_PRODUCT", 200)
    rng = np.random.default_rng(0)
    rows, matrix = rng.normal(size=shape), rng.normal(size=(5, 8))
    np.testing.assert_allclose(product(rows, matrix), rows @ matrix)
