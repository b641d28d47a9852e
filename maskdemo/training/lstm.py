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
compute them: the backward loop then is one product, one matrix product and no tanh. XLA compiles this
into two plain loops and one large matrix product for the weights. The tests hold it against
`tf.GradientTape` over a real Keras cell and against finite differences.

Everything here is time-major, (T, B, ...), and meant to be traced inside a compiled program.
"""

# TensorFlow's type stubs know neither `...` in slices nor specs in the place of tensors.
# pyright: reportArgumentType=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportOptionalOperand=false

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tensorflow.compiler.tf2xla.python import xla


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

    states: (T, B, H), the state h that the step starts from. slopes: (T, B, 4H), the derivatives of
    c (first three gates) and of h at a fixed c (output gate) with respect to the gates' weighted sums.
    to_cell: (T, B, H), of h with respect to c. through: (T, B, H), of c with respect to the c before.
    Steps that no forward pass has computed are zero.
    """

    states: tf.Tensor
    slopes: tf.Tensor
    to_cell: tf.Tensor
    through: tf.Tensor


def initial_weights(*, features: int, units: int, outputs: int, seed: int) -> Weights:
    """The weights that `keras.layers.LSTM(units)` and `keras.layers.Dense(outputs)` start from.

    Glorot uniform kernels, orthogonal recurrent kernel, zero biases but 1 for the forget gate. The
    row of the mask channel is drawn apart, so that the others are what F features alone would get.
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


def empty_residuals(steps: int, batch: int, units: int) -> Residuals:
    """Zeros for T steps of B sequences, to be used for every batch: filling them takes time."""
    narrow = tf.zeros((steps, batch, units))
    return Residuals(narrow, tf.zeros((steps, batch, 4 * units)), narrow, narrow)


def gate_kernel(weights: Weights) -> tf.Tensor:
    """Kernel, bias and recurrent kernel in one (F + 2 + H, 4H) matrix, scaled as `_gates` expects."""
    rows = [weights.kernel, weights.bias[None], weights.recurrent_kernel]
    return _scale(_sizes(weights.recurrent_kernel)[0]) * tf.concat(rows, axis=0)


def step(
    kernel: tf.Tensor, inputs: tf.Tensor, switch: tf.Tensor, cell: tf.Tensor, state: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cell c and state h (B, H) after one step of B sequences.

    kernel: of `gate_kernel`. inputs: (B, F + 2). switch: (B,). cell, state: (B, H).
    """
    return _after(_advance(kernel, _switched(switch), inputs, cell, state), cell, state)


def forward(
    weights: Weights,
    inputs: tf.Tensor,
    switch: tf.Tensor,
    start: tf.Tensor,
    end: tf.Tensor,
    residuals: Residuals,
    zeros: tf.Tensor,
) -> tuple[Residuals, tf.Tensor]:
    """Compute the steps from `start` up to, but not including, `end`; returns residuals and state h.

    inputs: (T, B, F + 2) with a 1 for the bias. switch: (T, B). T is part of the compiled shape, start
    and end are not: other steps are not computed. residuals: overwritten at the computed steps. zeros:
    (B, H), what c and h start from; TensorFlow would copy a constant and name the copies in no fixed
    order, while a program is found again on disk by its names.
    """
    units = _sizes(weights.recurrent_kernel)[0]
    kernel = gate_kernel(weights)

    def body(t, cell, state, residuals):
        parts = _advance(kernel, _switched(switch[t]), inputs[t], cell, state)
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
            _written(residuals.states, t, state),
            stacked,
            _written(residuals.to_cell, t, moves * o * (1 - squashed * squashed)),
            _written(residuals.through, t, moves * f + holds),
        )
        return t + 1, *_after(parts, cell, state), residuals

    before = (start, zeros, zeros, residuals)
    _, _, state, residuals = tf.while_loop(lambda t, *_: t < end, body, before, parallel_iterations=1)
    return residuals, state


def backward(
    weights: Weights,
    residuals: Residuals,
    error: Callable[[tf.Tensor], tf.Tensor],
    inputs: tf.Tensor,
    switch: tf.Tensor,
    start: tf.Tensor,
    end: tf.Tensor,
    zeros: tf.Tensor,
) -> tuple[tuple[tf.Tensor, tf.Tensor, tf.Tensor], Residuals]:
    """Backpropagation through time, over the steps of `forward`.

    error: step -> (B, H), the loss's gradient with respect to the state where the read-out sees it.
    Returns the gradients of kernel, recurrent_kernel and bias, and the residuals, whose slopes are now
    the gradients of the gates' weighted sums, zero at all other steps.
    """
    steps, batch, _ = _sizes(inputs)
    units = _sizes(weights.recurrent_kernel)[0]
    back = tf.transpose(weights.recurrent_kernel)
    of_cell = tf.constant(np.arange(4 * units) < 3 * units)

    def body(t, d_state, d_cell, slopes):
        _, holds = _switched(switch[t])
        d_state = d_state + error(t)
        d_cell = d_cell + d_state * residuals.to_cell[t]
        d_gates = slopes[t] * tf.where(of_cell, tf.tile(d_cell, [1, 4]), tf.tile(d_state, [1, 4]))
        slopes = _written(slopes, t, d_gates)
        return t - 1, d_gates @ back + holds * d_state, d_cell * residuals.through[t], slopes

    before = (end - 1, zeros, zeros, residuals.slopes)
    _, _, _, d_gates = tf.while_loop(lambda t, *_: t >= start, body, before, parallel_iterations=1)
    # An earlier batch may have had an earlier start or a later end.
    for first, stop in ((0, start), (end, steps)):
        d_gates = _filled(d_gates, first, stop, tf.tile(zeros, [1, 4]))
    flat = tf.reshape(d_gates, [steps * batch, 4 * units])
    d_inputs, d_recurrent = (
        tf.matmul(tf.reshape(rows, [steps * batch, -1]), flat, transpose_a=True)
        for rows in (inputs, residuals.states)
    )
    return (d_inputs[:-1], d_recurrent, d_inputs[-1]), residuals._replace(slopes=d_gates)


def _advance(kernel: tf.Tensor, switched: tuple, inputs: tf.Tensor, cell: tf.Tensor, state: tf.Tensor):
    """Advance and keep (B, 1), the gates, and c and its tanh (B, H) should the state move on."""
    i, f, g, _ = gates = _gates(kernel, inputs, state)
    advanced = f * cell + i * g
    return *switched, gates, advanced, tf.tanh(advanced)


def _after(parts: tuple, cell: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Cell and state after the step, whether it moves the state on, holds it or resets it."""
    moves, holds, (_, _, _, o), advanced, squashed = parts
    return moves * advanced + holds * cell, moves * o * squashed + holds * state


def _gates(kernel: tf.Tensor, inputs: tf.Tensor, state: tf.Tensor) -> list[tf.Tensor]:
    # sigmoid(z) = tanh(z / 2) / 2 + 1 / 2: one tanh serves all four gates, and the factor inside
    # is in the kernel already.
    units = _sizes(state)[1]
    shift = tf.constant(np.repeat([0.5, 0.5, 0.0, 0.5], units), tf.float32)
    squashed = tf.tanh(tf.concat([inputs, state], axis=1) @ kernel)
    return tf.split(squashed * _scale(units) + shift, 4, axis=1)


def _scale(units: int) -> tf.Tensor:
    return tf.constant(np.repeat([0.5, 0.5, 1.0, 0.5], units), tf.float32)


def _switched(switch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Advance and keep, (B, 1), of a switch (B,)."""
    return tf.maximum(switch, 0)[:, None], (1 - tf.abs(switch))[:, None]


def _written(stack: tf.Tensor, t: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """The stack (T, B, ...) with `value` (B, ...) at step t."""
    return xla.dynamic_update_slice(stack, value[None], [t, 0, 0])


def _filled(stack: tf.Tensor, start: tf.Tensor, stop: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    _, stack = tf.while_loop(
        lambda t, _: t < stop,
        lambda t, stack: (t + 1, _written(stack, t, value)),
        (start, stack),
        parallel_iterations=1,
    )
    return stack


def _sizes(tensor: tf.Tensor) -> list[int]:
    # All shapes are known when a program is traced; the type stubs cannot know that.
    return [int(size) for size in tensor.shape]
