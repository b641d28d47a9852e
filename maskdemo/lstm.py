"""The recurrence: one LSTM step with two switches, its states along a sequence, and its gradient.

The arithmetic and the weights are those of `keras.layers.LSTMCell` (gates in the order input,
forget, cell candidate, output; Hochreiter and Schmidhuber 1997, forget gate by Gers et al. 2000).
What is added are the switches of `maskdemo.strategies`: with a = advance and k = keep,

    c_t = a * (f * c_{t-1} + i * g) + k * c_{t-1}
    h_t = a * o * tanh(c_t) + k * h_{t-1}

so a step moves the state on (a = 1, k = 0), holds it (a = 0, k = 1) or resets it (a = k = 0).

The gradient is written out rather than left to autodiff: XLA then compiles two plain loops and one
large matrix product for the weights, about twice as fast as the derivative of a scan on a CPU. The
tests hold it against `tf.GradientTape` over a real Keras cell and against finite differences.

Everything here is time-major, (T, B, ...), and meant to be traced inside a compiled program.
"""

# TensorFlow's type stubs know neither `...` in slices nor specs in the place of tensors.
# pyright: reportArgumentType=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportOptionalOperand=false

from __future__ import annotations

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


class Tape(NamedTuple):
    """What the backward pass needs of a forward pass.

    rows: (T + 1, B, F + 2 + H), a step's inputs, a 1 for the bias and the state h it starts from;
    so row t + 1 ends with the state after step t. gates: (T, B, 4H), activated. cells: (T + 1, B, H),
    c before each step and after the last.
    """

    rows: tf.Tensor
    gates: tf.Tensor
    cells: tf.Tensor

    @property
    def states(self) -> tf.Tensor:
        """States h after every step, (T, B, H)."""
        return self.rows[1:, :, -self.cells.shape[2] :]


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


def forward(
    weights: Weights, inputs: tf.Tensor, advance: tf.Tensor, keep: tf.Tensor, steps: tf.Tensor
) -> Tape:
    """Read `steps` of the T steps of inputs (T, B, F + 1), with switches (T, B).

    T is part of the compiled shape, `steps` is not: later steps are not computed and stay zero.
    """
    room, batch, channels = _sizes(inputs)
    units = _sizes(weights.recurrent_kernel)[0]
    # sigmoid(z) = tanh(z / 2) / 2 + 1 / 2: one tanh serves all four gates, and the factor inside
    # goes into the weights once instead of into every step.
    scale = tf.constant(np.repeat([0.5, 0.5, 1.0, 0.5], units), tf.float32)
    shift = tf.constant(np.repeat([0.5, 0.5, 0.0, 0.5], units), tf.float32)
    kernel = scale * tf.concat(
        [weights.kernel, weights.bias[None], weights.recurrent_kernel], axis=0
    )
    rows = tf.concat([inputs, tf.ones((room, batch, 1)), tf.zeros((room, batch, units))], axis=2)
    rows = tf.concat([rows, tf.zeros((1, batch, channels + 1 + units))], axis=0)

    def body(t, cell, rows, gates, cells):
        row = rows[t]
        moves, holds = advance[t][:, None], keep[t][:, None]
        gate = tf.tanh(row @ kernel) * scale + shift
        i, f, g, o = tf.split(gate, 4, axis=1)
        cell = moves * (f * cell + i * g) + holds * cell
        # Where the step moves, this cell is the candidate's; where it does not, `moves` is 0.
        state = moves * o * tf.tanh(cell) + holds * row[:, channels + 1 :]
        rows = xla.dynamic_update_slice(rows, state[None], [t + 1, 0, channels + 1])
        gates = xla.dynamic_update_slice(gates, gate[None], [t, 0, 0])
        cells = xla.dynamic_update_slice(cells, cell[None], [t + 1, 0, 0])
        return t + 1, cell, rows, gates, cells

    start = tf.zeros((batch, units))
    gates = tf.zeros((room, batch, 4 * units))
    cells = tf.zeros((room + 1, batch, units))
    _, _, rows, gates, cells = tf.while_loop(
        lambda t, *_: t < steps, body, (0, start, rows, gates, cells), parallel_iterations=1
    )
    return Tape(rows, gates, cells)


def backward(
    weights: Weights,
    tape: Tape,
    d_states: tf.Tensor,
    advance: tf.Tensor,
    keep: tf.Tensor,
    steps: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Backpropagation through time.

    d_states: (T, B, H), the loss's gradient with respect to each state where the read-out sees it.
    Returns the gradients of kernel, recurrent_kernel and bias.
    """
    room, batch, units = _sizes(d_states)
    channels = _sizes(weights.kernel)[0]
    back = tf.transpose(weights.recurrent_kernel)

    def at(stack, t, gate=0):
        # One slice an operand, each with its own offset: XLA vectorises a fused kernel only if no
        # slice of the stack is cut again inside it.
        return tf.reshape(tf.slice(stack, [t, 0, gate * units], [1, batch, units]), [batch, units])

    # t counts down itself: were it computed from `steps`, XLA would take that for a constant of the
    # program and compile every length anew.
    def body(t, d_state, d_cell, d_gates):
        moves, holds = advance[t][:, None], keep[t][:, None]
        i, f, g, o = (at(tape.gates, t, gate) for gate in range(4))
        squashed = tf.tanh(at(tape.cells, t + 1))
        d_state = d_state + d_states[t]
        d_moved = moves * d_state
        d_candidate = moves * d_cell + d_moved * o * (1 - squashed * squashed)
        d_gate = tf.concat(
            [
                d_candidate * g * i * (1 - i),
                d_candidate * at(tape.cells, t) * f * (1 - f),
                d_candidate * i * (1 - g * g),
                d_moved * squashed * o * (1 - o),
            ],
            axis=1,
        )
        d_gates = xla.dynamic_update_slice(d_gates, d_gate[None], [t, 0, 0])
        return t - 1, d_gate @ back + holds * d_state, d_candidate * f + holds * d_cell, d_gates

    zero = tf.zeros((batch, units))
    _, _, _, d_gates = tf.while_loop(
        lambda t, *_: t >= 0,
        body,
        (steps - 1, zero, zero, tf.zeros((room, batch, 4 * units))),
        parallel_iterations=1,
    )
    d_kernels = tf.matmul(
        tf.reshape(tape.rows[:-1], [room * batch, channels + 1 + units]),
        tf.reshape(d_gates, [room * batch, 4 * units]),
        transpose_a=True,
    )
    return d_kernels[:channels], d_kernels[channels + 1 :], d_kernels[channels]


def _sizes(tensor: tf.Tensor) -> list[int]:
    # All shapes are known when a program is traced; the type stubs cannot know that.
    return [int(size) for size in tensor.shape]
