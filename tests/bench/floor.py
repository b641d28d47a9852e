"""The least that XLA takes for an epoch of the reference workload, piece by piece.

Measured are the pieces that no way of writing the engine in TensorFlow can do without, each in a loop
of its own and as plain as it can be: the cell forward, without anything that is kept; keeping what the
backward pass needs; and the backward pass's product with its slopes read and written. What is only done
once a batch (the product for the kernels' gradient, Adam, picking the batch) is left out, so the floor
is a little low. As ours is, it is measured four at once.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.bench.workload import BATCH, FEATURES, SEQUENCES, STEPS, UNITS

#: Steps of an epoch.
LOOPS = SEQUENCES // BATCH * STEPS


def floor() -> Callable[[], None]:
    """Prepared: a call does all pieces of one epoch."""
    import tensorflow as tf
    from tensorflow.compiler.tf2xla.python import xla

    def written(stack: tf.Tensor, t: tf.Tensor, plane: tf.Tensor) -> tf.Tensor:
        return xla.dynamic_update_slice(stack, plane[None], [t % STEPS, 0, 0])  # pyrefly: ignore[unsupported-operation]

    def compiled(body: Callable, carried: tuple[tf.Tensor, ...]) -> Callable[[], tf.Tensor]:
        """The body as many times as an epoch has steps; returns something that depends on all."""

        def loop(*given):
            loops = tf.while_loop(
                lambda t, *_: t < LOOPS,
                lambda t, *rest: (t + 1, *body(t, *rest)),
                (tf.constant(0), *given),
                parallel_iterations=1,
            )
            return [tf.reduce_sum(each) for each in loops[1:]]

        program = tf.function(loop, jit_compile=True)
        return lambda: program(*carried)

    inputs = tf.random.normal((STEPS, BATCH, FEATURES + 2), seed=0)
    kernel = tf.random.normal((FEATURES + 2 + UNITS, 4 * UNITS), stddev=0.1, seed=1)
    back = tf.random.normal((4 * UNITS, UNITS), stddev=0.1, seed=2)
    narrow, wide = tf.zeros((BATCH, UNITS)), tf.zeros((BATCH, 4 * UNITS))
    stacks = [tf.zeros((STEPS, BATCH, size * UNITS)) for size in (1, 1, 1, 4)]

    def cell(t, inputs, kernel, state, cell):
        gates = tf.tanh(tf.concat([inputs[t % STEPS], state], axis=1) @ kernel)
        i, f, g, o = tf.split(gates, 4, axis=1)
        cell = f * cell + i * g
        return inputs, kernel, o * tf.tanh(cell), cell

    def keep(t, narrow, wide, *stacks):
        planes = (narrow, narrow, narrow, wide)
        return narrow, wide, *(written(s, t, plane) for s, plane in zip(stacks, planes, strict=True))

    def backward(t, back, d_state, slopes):
        d_gates = slopes[t % STEPS] * tf.tile(d_state, [1, 4])
        return back, d_gates @ back, written(slopes, t, d_gates)

    pieces = (
        compiled(cell, (inputs, kernel, narrow, narrow)),
        compiled(keep, (narrow, wide, *stacks)),
        compiled(backward, (back, narrow, stacks[-1])),
    )

    def epoch() -> None:
        for piece in pieces:
            piece()

    epoch()
    return epoch
