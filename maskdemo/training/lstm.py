"""The recurrence: one LSTM step with a switch, its states along a sequence, and its gradient.

The arithmetic and the weights are those of `keras.layers.LSTMCell` (gates in the order input,
forget, cell candidate, output; Hochreiter and Schmidhuber 1997, forget gate by Gers et al. 2000).
What is added is the switch of `maskdemo.training.buckets`, which stands for a = advance and k = keep of
`maskdemo.strategies`:

    c_t = a * (f * c_{t-1} + i * g) + k * c_{t-1}
    h_t = a * o * tanh(c_t) + k * h_{t-1}

so a step moves the state on (switch 1: a = 1, k = 0), holds it (0: a = 0, k = 1) or resets it
(-1: a = k = 0).

The gradient is written out rather than left to autodiff. The forward pass keeps, for every step, the
slopes by which the backward pass will multiply, instead of the gates from which it would have to
compute them: a step of the backward loop then is one elementwise and one matrix product, and no tanh.
After every `PIECE` steps of it, one large matrix product adds to the gradient of the weights, so that
nothing runs over more steps than were computed, however long the arrays are. The tests hold it against
`tf.GradientTape` over a real Keras cell and against finite differences.

XLA takes the start of an ordinary slice for a constant and compiles a program for each start. So a
start that is computed, other than the step of the loop itself, needs a `dynamic_slice`.

Everything here is time-major, (T, B, ...), and meant to be traced inside a compiled program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tensorflow.compiler.tf2xla.python import xla

from maskdemo.training.buckets import PIECE

#: What a loss adds up over the pieces.
Sums = Any


class Weights(NamedTuple):
    """One network: an LSTM of H units on F + 1 channels and a dense read-out to K outputs.

    kernel: (F + 1, 4H), its last row for the mask channel. recurrent_kernel: (H, 4H). bias: (4H,).
    readout: (H, K). readout_bias: (K,). All float32. Also used for gradients and Adam's moments.
    """

    kernel: tf.Tensor
    recurrent_kernel: tf.Tensor
    bias: tf.Tensor
    readout: tf.Tensor
    readout_bias: tf.Tensor


class Residuals(NamedTuple):
    """What the backward pass needs of each step of a forward pass.

    rows: (T, B, F + 2 + H), the inputs of the step and the state h that it starts from. switch: (T, B).
    slopes: (T, B, 4H), the derivatives of c (first three gates) and of h at a fixed c (output gate)
    with respect to the gates' weighted sums. to_cell: (T, B, H), of h with respect to c. through:
    (T, B, H), of c with respect to the c before. All are of the switched step: slopes and to_cell are 0
    unless it moves on. T is the bucket's steps and `PIECE` more, so that no piece is cut.
    Steps outside the last forward pass mean nothing: they are those of an earlier one, or zero.
    """

    rows: tf.Tensor
    switch: tf.Tensor
    slopes: tf.Tensor
    to_cell: tf.Tensor
    through: tf.Tensor


def initial_weights(*, features: int, units: int, outputs: int, seed: int) -> Weights:
    """Return weights as `keras.layers.LSTM(units)` and `keras.layers.Dense(outputs)` start from.

    Glorot uniform kernels, orthogonal recurrent kernel, zero biases but 1 for the forget gate. The
    row of the mask channel is drawn apart, as the last of a kernel of F + 1 channels, so that the
    others are what F features alone would get. Seeds: of `SeedSequence(seed).generate_state(4)`.
    """
    seeds = np.random.SeedSequence(seed).generate_state(4).tolist()
    glorot = [keras.initializers.GlorotUniform(seed=s) for s in seeds[:3]]
    kernel = glorot[0]((features, 4 * units))
    channel = glorot[1]((features + 1, 4 * units))[-1:]
    return Weights(
        kernel=tf.concat([kernel, channel], axis=0),
        recurrent_kernel=tf.convert_to_tensor(
            keras.initializers.Orthogonal(seed=seeds[3])((units, 4 * units))
        ),
        bias=tf.concat([tf.zeros(units), tf.ones(units), tf.zeros(2 * units)], axis=0),
        readout=tf.convert_to_tensor(glorot[2]((units, outputs))),
        readout_bias=tf.zeros(outputs),
    )


def empty_residuals(steps: int, batch: int, channels: int, units: int) -> Residuals:
    """Return zeros for a bucket of steps of a batch, to be used for every batch: filling takes time.

    steps: of the bucket, to which a piece is added. channels: F + 2.
    """
    steps += PIECE
    narrow = tf.zeros((steps, batch, units))
    return Residuals(
        rows=tf.zeros((steps, batch, channels + units)),
        switch=tf.zeros((steps, batch)),
        slopes=tf.zeros((steps, batch, 4 * units)),
        to_cell=narrow,
        through=narrow,
    )


def gate_kernel(weights: Weights) -> tf.Tensor:
    """Return kernel, bias and recurrent kernel as one matrix (F + 2 + H, 4H), times `_scale`."""
    rows = [weights.kernel, weights.bias[None], weights.recurrent_kernel]
    return _scale(_sizes(weights.recurrent_kernel)[0]) * tf.concat(rows, axis=0)


def step(
    kernel: tf.Tensor, inputs: tf.Tensor, switch: tf.Tensor, cell: tf.Tensor, state: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return cell c and state h (B, H) after one step of B sequences.

    kernel: of `gate_kernel`. inputs: (B, F + 2), the features, the mask channel and a 1 for the bias.
    switch: (B,), 1 moves the state on, 0 holds it, -1 resets it to zero. cell, state: (B, H), before.
    """
    row = tf.concat([inputs, state], axis=1)
    return _after(_advance(kernel, _switched(switch), row, cell), cell, state)


def forward(
    weights: Weights,
    inputs_at: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
    start: tf.Tensor,
    end: tf.Tensor,
    residuals: Residuals,
    zeros: tf.Tensor,
) -> Residuals:
    """Return the residuals of the steps from `start` up to, but not including, `end`.

    inputs_at: step -> inputs (B, F + 2) with a 1 for the bias, and switch (B,). start, end: data, not
    part of the compiled shape. residuals: overwritten at the computed steps; `rows` also has the state
    that a step `end` would start from. zeros: (B, H), what c and h start from; TensorFlow would copy a
    constant and name the copies in no fixed order, while a program is found again on disk by its names.
    """
    units = _sizes(weights.recurrent_kernel)[0]
    kernel = gate_kernel(weights)

    def body(t, cell, state, residuals):
        inputs, switch = inputs_at(t)
        row = tf.concat([inputs, state], axis=1)
        parts = _advance(kernel, _switched(switch), row, cell)
        moves, holds, (i, f, g, o), _, squashed = parts
        slopes = (
            moves * g * i * (1 - i),
            moves * cell * f * (1 - f),
            moves * i * (1 - g * g),
            moves * squashed * o * (1 - o),
        )
        stacked = residuals.slopes
        # One by one: put together first, XLA would no longer compute them in whole vectors.
        for gate, slope in enumerate(slopes):
            stacked = xla.dynamic_update_slice(stacked, slope[None], [t, 0, gate * units])
        residuals = Residuals(
            _written(residuals.rows, t, row),
            xla.dynamic_update_slice(residuals.switch, switch[None], [t, 0]),
            stacked,
            _written(residuals.to_cell, t, moves * o * (1 - squashed * squashed)),
            _written(residuals.through, t, moves * f + holds),
        )
        return t + 1, *_after(parts, cell, state), residuals

    before = (start, zeros, zeros, residuals)
    _, _, state, residuals = tf.while_loop(lambda t, *_: t < end, body, before, parallel_iterations=1)
    channels = _sizes(residuals.rows)[2] - units
    rows = xla.dynamic_update_slice(residuals.rows, state[None], [end, 0, channels])
    return residuals._replace(rows=rows)


def backward(
    weights: Weights,
    residuals: Residuals,
    error_of: Callable[[tf.Tensor, Sums], tuple[Callable[[tf.Tensor], tf.Tensor], Sums]],
    start: tf.Tensor,
    end: tf.Tensor,
    zeros: tf.Tensor,
    sums: Sums,
) -> tuple[tuple[tf.Tensor, tf.Tensor, tf.Tensor], Sums]:
    """Return the gradients of kernel, recurrent_kernel and bias, and the last sums of `error_of`.

    This is backpropagation through time over the steps of `forward`, in pieces of `PIECE` steps
    from `start` on, of which the last may have fewer.
    residuals: of `forward`. zeros: (B, H). sums: what `error_of` is first called with.

    error_of: called once for each piece, the last piece first, with the piece's first step and the sums
    so far. It returns a function and the new sums; the function maps a step of the piece to the
    gradient (B, H) that the read-out sends to the state after it.
    """
    _, batch, units = _sizes(residuals.to_cell)
    width = _sizes(residuals.rows)[2]
    back = tf.transpose(weights.recurrent_kernel)
    of_cell = tf.constant(np.arange(4 * units) < 3 * units)

    def piece(number, d_state, d_cell, d_gates, gradient, sums):
        first = start + number * PIECE
        error, sums = error_of(first, sums)

        def body(t, d_state, d_cell, d_gates):
            _, holds = _switched(residuals.switch[t])
            d_state = d_state + error(t)
            d_cell = d_cell + d_state * residuals.to_cell[t]
            both = tf.where(of_cell, tf.tile(d_cell, [1, 4]), tf.tile(d_state, [1, 4]))
            d_sums = residuals.slopes[t] * both
            d_gates = _written(d_gates, t - first, d_sums)
            return t - 1, d_sums @ back + holds * d_state, d_cell * residuals.through[t], d_gates

        _, d_state, d_cell, d_gates = tf.while_loop(
            lambda t, *_: t >= first,
            body,
            (tf.minimum(first + PIECE, end) - 1, d_state, d_cell, d_gates),
            parallel_iterations=1,
        )
        rows = xla.dynamic_slice(residuals.rows, [first, 0, 0], [PIECE, batch, width])
        product = tf.matmul(
            tf.reshape(rows, [PIECE * batch, width]),
            tf.reshape(d_gates, [PIECE * batch, 4 * units]),
            transpose_a=True,
        )
        return number - 1, d_state, d_cell, d_gates, gradient + product, sums

    d_gates = tf.tile(zeros[None], [PIECE, 1, 4])
    gradient = tf.zeros((width, 4 * units))
    _, _, _, _, gradient, sums = tf.while_loop(
        lambda number, *_: number >= 0,
        piece,
        ((end - start - 1) // PIECE, zeros, zeros, d_gates, gradient, sums),
        parallel_iterations=1,
    )
    channels = width - units
    return (gradient[: channels - 1], gradient[channels:], gradient[channels - 1]), sums


def _advance(kernel: tf.Tensor, switched: tuple, row: tf.Tensor, cell: tf.Tensor):
    """Return (advance, keep, [i, f, g, o], c, tanh(c)), with the c (B, H) of a step that moves on.

    kernel: of `gate_kernel`. switched: advance and keep, each (B, 1). row: (B, F + 2 + H), inputs and
    state. cell: (B, H).
    """
    i, f, g, _ = gates = _gates(kernel, row)
    advanced = f * cell + i * g
    return *switched, gates, advanced, tf.tanh(advanced)


def _after(parts: tuple, cell: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return cell and state (B, H) after the step. parts: of `_advance`. cell, state: before it."""
    moves, holds, (_, _, _, o), advanced, squashed = parts
    return moves * advanced + holds * cell, moves * o * squashed + holds * state


def _gates(kernel: tf.Tensor, row: tf.Tensor) -> list[tf.Tensor]:
    """Return the gates i, f, g and o, each (B, H). kernel: of `gate_kernel`. row: inputs and state."""
    # sigmoid(z) = tanh(z / 2) / 2 + 1 / 2: one tanh serves all four gates, and the factor inside
    # is in the kernel already.
    units = _sizes(kernel)[1] // 4
    shift = tf.constant(np.repeat([0.5, 0.5, 0.0, 0.5], units), tf.float32)
    squashed = tf.tanh(row @ kernel)
    return tf.split(squashed * _scale(units) + shift, 4, axis=1)


def _scale(units: int) -> tf.Tensor:
    """Return (4H,): 1 for g, and 1/2 for i, f and o, as sigmoid(z) = tanh(z / 2) / 2 + 1 / 2."""
    return tf.constant(np.repeat([0.5, 0.5, 1.0, 0.5], units), tf.float32)


def _switched(switch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return advance and keep (B, 1) of a switch (B,): 1 and 0 for 1, 0 and 1 for 0, 0 and 0 for -1."""
    return tf.maximum(switch, 0)[:, None], (1 - tf.abs(switch))[:, None]


def _written(stack: tf.Tensor, t: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """Return the stack (T, B, ...) with `value` (B, ...) at step t."""
    return xla.dynamic_update_slice(stack, value[None], [t, 0, 0])


def _sizes(tensor: tf.Tensor) -> list[int]:
    """Return the shape as integers."""
    # All shapes are known when a program is traced; the type stubs cannot know that.
    return [int(size) for size in tensor.shape]  # pyrefly: ignore[bad-argument-type]
