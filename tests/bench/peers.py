"""What others take for one epoch of the reference workload: LSTM(32), one logit, Adam.

Each function prepares one peer and returns a measurement: a call that runs a few epochs and returns
the seconds of the fastest. Nobody evaluates on a test set. Imports stand inside, because each peer
runs in a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from tests.bench.workload import (
    BATCH,
    FEATURES,
    UNITS,
    fastest,
    shuffled,
    workload,
)

Measurement = Callable[[], float]


def keras_fit() -> dict[str, Measurement]:
    """`Model.fit` as it comes, on Masking + LSTM + Dense; only whole epochs count."""
    import keras

    class Clock(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.seconds: list[float] = []

        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.began)

    data = workload()
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input(data.values.shape[1:]),
            layers.Masking(),
            layers.LSTM(UNITS),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])

    def measure(epochs: int = 4) -> float:
        clock = Clock()
        model.fit(
            data.values,
            data.labels,
            batch_size=BATCH,
            epochs=epochs,
            verbose=0,
            callbacks=[clock],
        )
        return min(clock.seconds)

    measure()
    return {"epoch": measure}


def _torch(*, packed: bool) -> dict[str, Measurement]:
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence

    # With more threads these small products get many times slower.
    torch.set_num_threads(1)
    data = workload()
    lstm = torch.nn.LSTM(FEATURES, UNITS, batch_first=True)
    dense = torch.nn.Linear(UNITS, 1)
    adam = torch.optim.Adam([*lstm.parameters(), *dense.parameters()])
    values, labels = torch.from_numpy(data.values), torch.from_numpy(data.labels)
    lengths = torch.from_numpy(data.lengths)
    rng = np.random.default_rng(0)

    def epoch() -> None:
        for picked in torch.from_numpy(shuffled(rng)):
            given = values[picked]
            if packed:
                given = pack_padded_sequence(
                    given, lengths[picked], batch_first=True, enforce_sorted=False
                )
            _, (state, _) = lstm(given)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                dense(state[-1])[:, 0], labels[picked]
            )
            adam.zero_grad()
            loss.backward()
            adam.step()

    epoch()
    return {"epoch": lambda: fastest(epoch)}


def torch_padded() -> dict[str, Measurement]:
    """PyTorch `nn.LSTM` on the padded batch, no mask, one thread."""
    return _torch(packed=False)


def torch_packed() -> dict[str, Measurement]:
    """PyTorch `nn.LSTM` on packed sequences: the padding is not computed; one thread."""
    return _torch(packed=True)


def jax_scan() -> dict[str, Measurement]:
    """JAX: `lax.scan` over steps inside `lax.scan` over batches, the whole epoch one program."""
    import jax
    import jax.numpy as jnp

    data = workload()
    rng = np.random.default_rng(0)
    values, labels = jnp.asarray(data.values), jnp.asarray(data.labels)

    def loss(weights, given, truth):
        kernel, recurrent, bias, readout, readout_bias = weights

        def step(carry, now):
            state, cell = carry
            gates = now @ kernel + state @ recurrent + bias
            i, f, g, o = jnp.split(gates, 4, axis=1)
            cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(cell), cell), None

        zeros = jnp.zeros((BATCH, UNITS))
        (state, _), _ = jax.lax.scan(step, (zeros, zeros), given.transpose(1, 0, 2))
        logit = (state @ readout + readout_bias)[:, 0]
        return jnp.mean(jax.nn.softplus(logit) - logit * truth)

    @jax.jit
    def epoch(carry, order):
        def batch(carry, picked):
            weights, first, second, count = carry
            lost, slope = jax.value_and_grad(loss)(weights, values[picked], labels[picked])
            count = count + 1
            first = [0.9 * m + 0.1 * g for m, g in zip(first, slope, strict=True)]
            second = [0.999 * v + 0.001 * g * g for v, g in zip(second, slope, strict=True)]
            rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            weights = [
                w - rate * m / (jnp.sqrt(v) + 1e-7)
                for w, m, v in zip(weights, first, second, strict=True)
            ]
            return (weights, first, second, count), lost

        carry, lost = jax.lax.scan(batch, carry, order)
        return carry, lost.mean()

    shapes = [(FEATURES, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,), (UNITS, 1), (1,)]
    weights = [jnp.asarray(0.1 * rng.normal(size=shape), jnp.float32) for shape in shapes]
    zeros = [jnp.zeros(shape) for shape in shapes]
    carry = (weights, zeros, zeros, jnp.float32(0))

    def once() -> None:
        nonlocal carry
        carry, lost = epoch(carry, shuffled(rng))
        lost.block_until_ready()

    once()
    return {"epoch": lambda: fastest(once)}
