"""Run one program as a person would, and say what happens; in a process that does nothing else.

The program's text is not touched. Keras's `fit` is listened to, and after it the model is asked two
things: which mask did each layer receive, and do the outputs change without the padding?
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import platform
import re
import runpy
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from maskdemo.article.outcome import Failure, Point, ProgramRun, Received
from maskdemo.loading import load_tensorflow

#: What a terminal would turn into colours and cursor movements.
_TERMINAL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


#: Characters of printed text that are kept, the newest ones.
MOST_OUTPUT = 20_000
#: Takes a message, such as {"output": "Epoch 1/2"}; `and_then` reads them.
Say = Callable[[dict[str, Any]], object]


def run(name: str, text: str) -> ProgramRun:
    """What happens when this program runs in this process."""
    known = ProgramRun(name)

    def say(message: dict[str, Any]) -> None:
        nonlocal known
        known = and_then(known, message)

    versions(say)
    perform(name, text, say)
    return known


def and_then(known: ProgramRun, message: dict[str, Any]) -> ProgramRun:
    """The outcome when its process has said one thing more."""
    (kind, what), *_ = message.items()
    match kind:
        case "versions" | "commonest" | "leak":
            return replace(known, **{kind: what})
        case "plan":
            return replace(known, epochs=what["epochs"], batches=what["batches"])
        case "point":
            return replace(known, points=(*known.points, Point(**what)))
        case "masks":
            return replace(known, received=tuple(Received(**each) for each in what))
        case "output":
            return replace(known, output=as_seen(known.output + what)[-MOST_OUTPUT:])
        case "failure":
            return replace(known, failure=Failure(**what))
        case "seconds":
            return replace(known, seconds=what, finished=True)
    return known


def as_seen(text: str) -> str:
    """Printed text as a terminal leaves it: a line that was written over shows its last version."""
    return re.sub(r"[^\n]*\r(?=[^\r\n])", "", text).replace("\b", "")


def versions(say: Say) -> None:
    """Import Keras and TensorFlow, and say which they are."""
    load_tensorflow()
    import keras
    import tensorflow as tf

    found = {"Keras": keras.__version__, "TensorFlow": tf.__version__}
    say({"versions": {**found, "Python": platform.python_version()}})


def perform(name: str, text: str, say: Say) -> None:
    """Run one program in this process and say what happens."""
    with tempfile.TemporaryDirectory() as folder:
        # A file, because TensorFlow reads the source of what it traces.
        path = Path(folder, f"{name}.py")
        path.write_text(text, encoding="utf-8")
        started = time.monotonic()
        with _listening(say), contextlib.redirect_stdout(_Teller(say)), warnings.catch_warnings():
            warnings.showwarning = functools.partial(_tell_warning, say)
            try:
                runpy.run_path(str(path), run_name="__main__")
            except Exception as error:
                say({"failure": _failure(error, path)})
        say({"seconds": time.monotonic() - started})


class _Teller(io.TextIOBase):
    """Where the program prints to."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def write(self, text: str, /) -> int:
        self._say({"output": _TERMINAL.sub("", text)})
        return len(text)


def _tell_warning(
    say: Say, message: Warning | str, category: type[Warning], *where: Any, **more: Any
) -> None:
    say({"output": f"{category.__name__}: {message}\n"})


def _failure(error: Exception, path: Path) -> dict:
    """The error's type, message, and the program's line that was being run, counted from 1."""
    trace = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in trace if frame.filename == str(path)]
    if isinstance(error, SyntaxError) and error.filename == str(path):
        line, source = error.lineno, error.text or ""
    else:
        line, source = (mine[-1].lineno, mine[-1].line or "") if mine else (None, "")
    message = _TERMINAL.sub("", str(error)).replace(f"{path.parent}/", "")
    return {
        "kind": type(error).__name__,
        "message": message,
        "line": line,
        "source": source.strip(),
    }


@contextlib.contextmanager
def _listening(say: Say) -> Iterator[None]:
    import keras

    fit = keras.Model.fit
    keras.Model.fit = _listened(fit, say)
    try:
        yield
    finally:
        keras.Model.fit = fit


def _listened(fit: Callable, say: Say) -> Callable:
    import keras

    class Reporter(keras.callbacks.Callback):
        def on_train_begin(self, logs: dict | None = None) -> None:
            self.epoch = 0
            assert self.params is not None
            say({"plan": {"epochs": self.params["epochs"], "batches": self.params["steps"]}})

        def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
            self.epoch = epoch + 1

        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            numbers = {name: float(value) for name, value in (logs or {}).items()}
            say({"point": {"epoch": self.epoch, "batch": batch + 1, **numbers}})

    @functools.wraps(fit)
    def listened(model: Any, x: Any, y: Any, **options: Any) -> Any:
        options["callbacks"] = [*(options.get("callbacks") or []), Reporter()]
        say({"commonest": float(np.unique(y, return_counts=True)[1].max() / len(y))})
        fitted = False
        try:
            history = fit(model, x, y, **options)
            fitted = True
        finally:
            # Whatever goes wrong here must not take the place of the program's own error.
            with contextlib.suppress(Exception):
                say({"masks": masks(model, np.asarray(x))})
                # Only a model that leaves the number of steps open can do without the padding.
                if fitted and (model.input_shape or ())[1:2] == (None,):
                    say({"leak": leak(model, np.asarray(x))})
        return history

    return listened


def masks(model: Any, x: np.ndarray) -> list[dict]:
    """The mask that arrives at each layer of the model whose `call` takes one.

    x: (N, T, F). valid and steps count the mask's True and all its elements; both None: no mask.
    """
    found: list[dict] = []
    with contextlib.ExitStack() as spies:
        for layer in model.layers:
            if "mask" in inspect.signature(layer.call).parameters:
                spies.enter_context(_spied(layer, found))
        model(x)
    return found


@contextlib.contextmanager
def _spied(layer: Any, found: list[dict]) -> Iterator[None]:
    original = layer.call

    def call(*given: Any, **named: Any) -> Any:
        mask = named.get("mask")
        counted = None if mask is None else np.asarray(mask)
        found.append(
            {
                "layer": type(layer).__name__,
                "valid": None if counted is None else int(counted.sum()),
                "steps": None if counted is None else int(counted.size),
            }
        )
        return original(*given, **named)

    layer.call = call
    try:
        yield
    finally:
        layer.call = original


def leak(model: Any, x: np.ndarray) -> float:
    """The largest change of any output when sequences are given without their padding.

    x: (N, T, F), padded with zeros after the end. Sequences of one length go together and the padded
    ones in the same batches, so that both are computed in the same order.
    """
    lengths = x.any(axis=2).cumsum(axis=1).argmax(axis=1) + 1
    changes = []
    for length in np.unique(lengths):
        padded = x[lengths == length]
        changes.append(np.abs(np.asarray(model(padded)) - np.asarray(model(padded[:, :length]))).max())
    return float(max(changes))
