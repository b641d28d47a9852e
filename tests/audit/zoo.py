"""Models, right and wrong, each with its known answer and the layer at fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers

#: The size of the vocabulary; the number of features.
WORDS, FEATURES = 50, 4


@dataclass(frozen=True)
class Specimen:
    """A model with its known answer.

    cause, layer: of the first leak; "" where the model is right. also: causes of other findings than
    leaks. further: other leaks, (cause, layer). cures: the program shown for the first leak; None for
    any. given: further arguments of `audit`. cannot: words of the reason why it cannot be audited.
    """

    name: str
    build: Callable[[], Any]
    cause: str = ""
    layer: str = ""
    also: tuple[str, ...] = ()
    further: tuple[tuple[str, str], ...] = ()
    thread: str = ""
    cures: str | None = None
    given: dict[str, Any] = field(default_factory=dict)
    cannot: str = ""


ZOO: dict[str, Specimen] = {}


def add(
    name: str,
    build: Callable[[], Any],
    cause: str = "",
    layer: str = "",
    *,
    also: tuple[str, ...] = (),
    further: tuple[tuple[str, str], ...] = (),
    thread: str = "",
    cures: str | None = None,
    cannot: str = "",
    **given: Any,
) -> None:
    """Add a model to ZOO."""
    ZOO[name] = Specimen(name, build, cause, layer, also, further, thread, cures, given, cannot)


def wrong(cause: str, layer: str = "", **said: Any) -> Callable:
    """Return a decorator that adds to ZOO a function that builds a model with this fault."""

    def decorate(build: Callable[[], Any]) -> Callable[[], Any]:
        add(build.__name__, build, cause, layer, **said)
        return build

    return decorate


def right(**said: Any) -> Callable:
    """Return a decorator that adds to ZOO a function that builds a model without a leak."""
    return wrong("", **said)


def untold(words: str, **given: Any) -> Callable:
    """Return a decorator that adds to ZOO a function that builds a model that cannot be audited."""
    return wrong("", cannot=words, **given)


def keras_issue(number: int) -> str:
    return f"https://github.com/keras-team/keras/issues/{number}"


def values(name: str = "sequence", steps: int | None = None, features: int = FEATURES) -> Any:
    return keras.Input((steps, features), name=name)


def tokens(name: str = "words", steps: int | None = None) -> Any:
    return keras.Input((steps,), dtype="int32", name=name)


def masking(value: Any = 0.0) -> Any:
    return layers.Masking(value, name="masking")


def lstm(units: int = 8, **kwargs: Any) -> Any:
    return layers.LSTM(units, **({"name": "lstm"} | kwargs))


def stack(*stacked: Any, steps: int | None = None, features: int = FEATURES) -> Any:
    """Return a Sequential on sequences of values."""
    return keras.Sequential([values(steps=steps, features=features), *stacked])


def masked(*stacked: Any, **shape: Any) -> Any:
    """Return a Sequential on sequences of values that begins with a Masking layer."""
    return stack(masking(), *stacked, **shape)


def on_words(*stacked: Any, steps: int | None = None, mask_zero: bool = True) -> Any:
    """Return a Sequential on token numbers, which begins with an Embedding."""
    embedding = layers.Embedding(WORDS, 8, mask_zero=mask_zero, name="embedding")
    return keras.Sequential([keras.Input((steps,), name="words"), embedding, *stacked])


def graph(of: Callable[[Any, Any], Any], *, steps: int | None = None, head: bool = True) -> Any:
    """Return a functional model: `of` maps the masked sequence and its mask to the read-out's input."""
    inputs = values(steps=steps)
    outputs = of(masking()(inputs), masking().compute_mask(inputs))
    return keras.Model(inputs, layers.Dense(2, name="answer")(outputs) if head else outputs)


def on_embedded(of: Callable[[Any, Any], Any], *, steps: int | None = None) -> Any:
    """Return the same on embedded words, of which padding is not 0."""
    words = tokens(steps=steps)
    embedding = layers.Embedding(WORDS, 8, mask_zero=True, name="embedding")
    outputs = of(embedding(words), embedding.compute_mask(words))
    return keras.Model(words, layers.Dense(2, name="answer")(outputs))


def sequences_of(*lengths: int) -> list[np.ndarray]:
    """Return sequences of values that are drawn."""
    rng = np.random.default_rng(1)
    return [rng.normal(size=(steps, FEATURES)).astype("float32") for steps in lengths]


#: Sequences of words, none of them number 0.
SENTENCES = [np.arange(1, n) for n in (4, 6, 9, 9, 6, 4)]


def ones_and_zeros() -> list[np.ndarray]:
    """Return sequences of bits, in which a real 0 looks like padding."""
    rng = np.random.default_rng(3)
    return [rng.integers(0, 2, (steps, 1)).astype("float32") for steps in (4, 6, 9, 9, 6, 4)]


# They fill ZOO.
from tests.audit import zoo_runs, zoo_right, zoo_wrong  # noqa: E402, F401, I001
from tests.audit import zoo_cures, zoo_inputs, zoo_outputs, zoo_own_code, zoo_training, zoo_public  # noqa: E402, F401
from tests.audit import zoo_one_length  # noqa: E402, F401
