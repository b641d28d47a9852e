"""Models, right and wrong, each with its known answer and the layer at fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

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


def right(*, also: tuple[str, ...] = (), thread: str = "", **given: Any) -> Callable:
    """Return a decorator that adds to ZOO a function that builds a model without a leak."""

    def add(build: Callable[[], Any]) -> Callable[[], Any]:
        name = build.__name__
        ZOO[name] = Specimen(name, build, also=also, thread=thread, given=given)
        return build

    return add


def wrong(
    cause: str,
    layer: str = "",
    *,
    thread: str = "",
    also: tuple[str, ...] = (),
    further: tuple[tuple[str, str], ...] = (),
    cures: str | None = None,
    **given: Any,
) -> Callable:
    """Return a decorator that adds to ZOO a function that builds a model with this fault."""

    def add(build: Callable[[], Any]) -> Callable[[], Any]:
        name = build.__name__
        ZOO[name] = Specimen(name, build, cause, layer, also, further, thread, cures, given)
        return build

    return add


def untold(words: str, **given: Any) -> Callable:
    """Return a decorator that adds to ZOO a function that builds a model that cannot be audited."""

    def add(build: Callable[[], Any]) -> Callable[[], Any]:
        ZOO[build.__name__] = Specimen(build.__name__, build, given=given, cannot=words)
        return build

    return add


def keras_issue(number: int) -> str:
    return f"https://github.com/keras-team/keras/issues/{number}"


def stack(*stacked: Any, steps: int | None = None, features: int = FEATURES, **kwargs: Any) -> Any:
    """Return a Sequential on sequences of values."""
    import keras

    return keras.Sequential([keras.Input((steps, features), name="sequence"), *stacked], **kwargs)


def on_words(*stacked: Any, steps: int | None = None, mask_zero: bool = True) -> Any:
    """Return a Sequential on token numbers, which begins with an Embedding."""
    import keras

    embedding = keras.layers.Embedding(WORDS, 8, mask_zero=mask_zero, name="embedding")
    return keras.Sequential([keras.Input((steps,), name="words"), embedding, *stacked])


def graph(of: Callable[[Any, Any], Any], *, steps: int | None = None, head: bool = True) -> Any:
    """Return a functional model: `of` maps the masked sequence and its mask to the read-out's input."""
    import keras

    masking = keras.layers.Masking(name="masking")
    inputs = keras.Input((steps, FEATURES), name="sequence")
    outputs = of(masking(inputs), masking.compute_mask(inputs))
    return keras.Model(inputs, keras.layers.Dense(2, name="answer")(outputs) if head else outputs)


def ones_and_zeros() -> list[np.ndarray]:
    """Return sequences of bits, in which a real 0 looks like padding."""
    rng = np.random.default_rng(3)
    return [rng.integers(0, 2, (steps, 1)).astype("float32") for steps in (4, 6, 9, 9, 6, 4)]


# They fill ZOO.
from tests.audit import zoo_runs, zoo_right, zoo_wrong  # noqa: E402, F401, I001
from tests.audit import zoo_cures, zoo_inputs, zoo_outputs, zoo_own_code, zoo_training, zoo_public  # noqa: E402, F401
from tests.audit import zoo_one_length  # noqa: E402, F401
