"""Random graphs of two to eight layers with a known answer, composed by hand of each layer's own rule.

Beside each tensor stands what is known of it: whether its real steps are free of padding, what its
mask says, what its padded steps hold. The rules are those of Keras 3.15, written down here once more;
nothing of the audit is asked. Where a rule would depend on the weights (a maximum over steps, a window
over padding that is not 0), the layer is not drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import keras
from hypothesis import assume, strategies
from keras import layers, ops

from tests.audit.layers import Silent

UNITS, VOCABULARY = 4, 20
Draw = Callable[[strategies.SearchStrategy], Any]


@dataclass(frozen=True)
class Tensor:
    """A tensor of a model, (N, steps, UNITS), and what is known of it.

    clean: real steps are the same with any padding. mask: Keras's; "wrong" says that each step is real.
    zero: padded steps hold 0. sparse: real steps may hold 0, too.
    """

    tensor: Any
    clean: bool = True
    mask: Literal["right", "wrong", "none"] = "none"
    zero: bool = False
    sparse: bool = False


@dataclass(frozen=True)
class Graph:
    """A model, whether padding leaks into it, and its layers in words, for a failing example."""

    model: keras.Model
    leaks: bool
    words: str


@dataclass
class _Builder:
    """Draws layer after layer.

    real: the tensor that is True at real steps. clean: whether only layers are drawn that leave real
    steps free of padding. left: how many are still to come. words: what was drawn.
    """

    draw: Draw
    real: Any
    clean: bool
    left: int
    words: list[str]

    def chosen(self, options: dict[str, Callable[[], Tensor]]) -> Tensor:
        name = self.draw(strategies.sampled_from(list(options)))
        self.words.append(name)
        self.left -= 1
        made = options[name]()
        assume(made.tensor.shape[-1] == UNITS)  # Keras infers no size for some chains: not buildable
        return made

    def layer(self, x: Tensor, *, alone: bool) -> Tensor:
        """Return the output of a layer on one tensor. alone: nothing else uses that tensor."""
        rnn = self.draw(strategies.sampled_from((layers.LSTM, layers.GRU, layers.SimpleRNN)))
        options: dict[str, Callable[[], Tensor]] = {
            # At each step for itself, with a bias or without: such layers keep the mask.
            "dense": lambda: _on(layers.Dense(UNITS, activation="tanh"), x, zero=False),
            "normalized": lambda: _on(layers.LayerNormalization(), x, zero=False),
            "batch": lambda: _on(layers.BatchNormalization(), x, zero=False),
            "dropout": lambda: _on(layers.Dropout(0.3), x, sparse=x.sparse),
            "relu": lambda: _on(layers.ReLU(), x, sparse=True),
            # The same, but these lose the mask.
            "twice": lambda: replace(_on(ops.multiply, x, 2.0, sparse=x.sparse), mask="none"),
            "window of 1": lambda: replace(_on(layers.Conv1D(UNITS, 1), x, zero=False), mask="none"),
            "silent": lambda: replace(_on(Silent(), x, sparse=x.sparse), mask="none"),
            "zeroed": lambda: replace(
                _on(ops.multiply, x, ops.expand_dims(ops.cast(self.real, "float32"), -1)),
                mask="none",
                zero=True,
                sparse=x.sparse,
            ),
        }
        if x.zero and x.clean:
            window = layers.Conv1D(UNITS, 3, padding="same")
            options["window of 3"] = lambda: replace(_on(window, x, zero=False), mask="none")
        if x.zero and x.clean and not x.sparse:
            options["masked again"] = lambda: replace(_on(layers.Masking(), x), mask="right")
        if x.mask == "right" or not self.clean:
            clean = x.clean and x.mask == "right"
            both = layers.Bidirectional(rnn(UNITS // 2, return_sequences=True))
            options["recurrent"] = lambda: replace(
                _on(rnn(UNITS, return_sequences=True), x, zero=False), clean=clean
            )
            options["both ways"] = lambda: replace(_on(both, x, zero=False), clean=clean)
            if alone:  # it takes the mask off its own input
                options["attention"] = lambda: replace(
                    _on(layers.MultiHeadAttention(2, 2), x, x.tensor, zero=False), clean=clean
                )
        return self.chosen(options)

    def branches(self, x: Tensor) -> Tensor:
        """Return two branches that begin at one tensor, merged again."""
        self.words.append("(")
        one = self.layer(x, alone=False)
        self.words.append("|")
        other = self.layer(x, alone=False) if self.draw(strategies.booleans()) else x
        self.words.append(")")
        masks = {one.mask, other.mask}
        known = {"clean": one.clean and other.clean, "zero": one.zero and other.zero, "sparse": True}

        def merged(layer: Any, mask: str, zero: bool) -> Tensor:
            return Tensor(layer([one.tensor, other.tensor]), **known | {"mask": mask, "zero": zero})

        # A mask of one that is missing: Add drops the other's, Concatenate says that each step is real.
        added = "none" if "none" in masks else "wrong" if "wrong" in masks else "right"
        beside = "none" if masks == {"none"} else "right" if masks == {"right"} else "wrong"
        return self.chosen(
            {
                "added": lambda: merged(layers.Add(), added, one.zero and other.zero),
                "multiplied": lambda: merged(layers.Multiply(), added, one.zero or other.zero),
                "side by side": lambda: _on(
                    layers.Dense(UNITS), merged(layers.Concatenate(), beside, False), zero=False
                ),
            }
        )

    def read_out(self, x: Tensor) -> Tensor:
        """Return an output for each sequence, or for each step where the mask came through."""
        rnn = self.draw(strategies.sampled_from((layers.LSTM, layers.GRU)))
        options: dict[str, Callable[[], Tensor]] = {}
        for name, layer in (("last", rnn(UNITS)), ("mean", layers.GlobalAveragePooling1D())):
            if x.mask == "right" or not self.clean:
                options[name] = lambda layer=layer: replace(
                    _on(layer, x), clean=x.clean and x.mask == "right"
                )
            options[f"{name}, handed the mask"] = lambda layer=layer: _on(layer, x, mask=self.real)
        if x.mask == "right":
            options["each step"] = lambda: x
        return self.chosen(options)


def _on(layer: Any, x: Tensor, *further: Any, **known: Any) -> Tensor:
    """Return what a layer makes of a tensor, without reading other steps: as clean as it was."""
    mask = {"mask": known.pop("mask")} if "mask" in known else {}
    return replace(x, tensor=layer(x.tensor, *further, **mask), **{"sparse": False} | known)


@strategies.composite
def graphs(draw: Draw, *, leaks: bool) -> Graph:
    """Draw a graph into which padding leaks, or does not."""
    keras.utils.clear_session(free_memory=False)
    left = draw(strategies.integers(2, 8))
    words: list[str] = []
    if draw(strategies.booleans()):
        inputs = keras.Input((None,), dtype="int32", name="words")
        real = ops.not_equal(inputs, 0)
        masked = not leaks or draw(strategies.booleans())
        x = Tensor(layers.Embedding(VOCABULARY, UNITS, mask_zero=masked)(inputs))
    else:
        inputs = keras.Input((None, UNITS), name="sequence")
        real = ops.any(ops.not_equal(inputs, 0.0), axis=-1)
        masked = not leaks or draw(strategies.booleans())
        x = Tensor(layers.Masking()(inputs) if masked else inputs, zero=True)
    words.append("masked" if masked else "unmasked")
    x = replace(x, mask="right" if masked else "none")
    builder = _Builder(draw, real, not leaks, left - 1, words)
    while builder.left > 1:
        branching = builder.left > 3 and draw(strategies.booleans())
        x = builder.branches(x) if branching else builder.layer(x, alone=True)
    if leaks and x.clean:
        # Whatever became of the mask: here it is lost, and the next layer reads every step.
        x = replace(_on(ops.multiply, x, 2.0, sparse=x.sparse), mask="none")
        x = replace(_on(layers.GRU(UNITS), x), clean=False)
        words += ["twice", "last"]
    else:
        x = builder.read_out(x)
    model = keras.Model(inputs, layers.Dense(2, name="answer")(x.tensor))
    return Graph(model, not x.clean, " ".join(words))
