"""Run one program as a person would, and record what happens; in a process that does nothing else.

The program's text is not touched. What Keras's `fit` reports is recorded, and after it the model is run
twice more: which mask does each layer receive, and do the outputs change without the padding?
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
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from maskdemo.article.program_run import Failure, Point, ProgramRun, Received
from maskdemo.loading import load_tensorflow

#: Characters of printed text that are kept, the newest ones.
MAX_OUTPUT = 20_000
#: What a terminal would turn into colours and cursor movements.
_TERMINAL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def run_program(name: str, text: str) -> ProgramRun:
    """Run a program's source in this process, and return what happened. name: of its file, no `.py`."""
    load_tensorflow()
    import keras
    import tensorflow as tf

    observed: dict[str, Any] = {}
    printed = io.StringIO()

    def print_warning(
        message: Warning | str, category: type[Warning], *place: Any, **rest: Any
    ) -> None:
        printed.write(f"{category.__name__}: {message}\n")

    with tempfile.TemporaryDirectory() as folder:
        # A file, because TensorFlow reads the source of what it traces.
        path = Path(folder, f"{name}.py")
        path.write_text(text, encoding="utf-8")
        started = time.monotonic()
        fit = _observed_fit(keras.Model.fit, observed)
        with (
            patch.object(keras.Model, "fit", fit),
            contextlib.redirect_stdout(printed),
            warnings.catch_warnings(),
        ):
            warnings.showwarning = print_warning
            try:
                runpy.run_path(str(path), run_name="__main__")
            except Exception as error:
                observed["failure"] = _failure(error, path)
        seconds = time.monotonic() - started
    return ProgramRun(
        name,
        versions={
            "Keras": keras.__version__,
            "TensorFlow": tf.__version__,
            "Python": platform.python_version(),
        },
        **observed,
        output=visible_text(printed.getvalue())[-MAX_OUTPUT:],
        seconds=seconds,
    )


def visible_text(text: str) -> str:
    """Return printed text without colour codes and "\\b"; of a line, what follows its inner "\\r"."""
    return re.sub(r"[^\n]*\r(?=[^\r\n])", "", _TERMINAL.sub("", text)).replace("\b", "")


def _failure(error: Exception, path: Path) -> Failure:
    """Return the failure of the program in the file `path`, with the line that was being run."""
    trace = traceback.extract_tb(error.__traceback__)
    own_frames = [frame for frame in trace if frame.filename == str(path)]
    if isinstance(error, SyntaxError) and error.filename == str(path):
        line, source = error.lineno, error.text or ""
    elif own_frames:
        line, source = own_frames[-1].lineno, own_frames[-1].line or ""
    else:
        line, source = None, ""
    message = _TERMINAL.sub("", str(error)).replace(f"{path.parent}/", "")
    return Failure(type(error).__name__, message, line, source.strip())


def _observed_fit(fit: Callable, observed: dict[str, Any]) -> Callable:
    """Return a `fit` that also notes in `observed` the fields of `ProgramRun` from `epochs` to `leak`.

    `received` also if `fit` fails; `leak` only if not and the model leaves the number of steps open.
    """
    import keras

    class Recorder(keras.callbacks.Callback):
        """A callback that notes epochs, batches and, after each batch, a point in `observed`."""

        def on_train_begin(self, logs: dict | None = None) -> None:
            self.epoch = 0
            assert self.params is not None
            observed.update(epochs=self.params["epochs"], batches=self.params["steps"])

        def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
            self.epoch = epoch + 1

        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            numbers = {name: float(value) for name, value in (logs or {}).items()}
            point = Point(epoch=self.epoch, batch=batch + 1, **numbers)
            observed["points"] = (*observed.get("points", ()), point)

    @functools.wraps(fit)
    def observed_fit(model: Any, x: Any, y: Any, **options: Any) -> Any:
        options["callbacks"] = [*(options.get("callbacks") or []), Recorder()]
        observed["commonest"] = float(np.unique(y, return_counts=True)[1].max() / len(y))
        fitted = False
        try:
            history = fit(model, x, y, **options)
            fitted = True
        finally:
            # Whatever goes wrong here must not take the place of the program's own error.
            with contextlib.suppress(Exception):
                observed["received"] = received_masks(model, np.asarray(x))
                # Only a model that leaves the number of steps open can do without the padding.
                if fitted and (model.input_shape or ())[1:2] == (None,):
                    observed["leak"] = change_without_padding(model, np.asarray(x))
        return history

    return observed_fit


def received_masks(model: Any, x: np.ndarray) -> tuple[Received, ...]:
    """Return the mask that arrives at each of `model.layers` whose call takes it, for x, (N, T, F)."""
    received: list[Received] = []
    with contextlib.ExitStack() as recorders:
        for layer in model.layers:
            if "mask" in inspect.signature(layer.call).parameters:
                recorders.enter_context(_record_mask(layer, received))
        model(x)
    return tuple(received)


@contextlib.contextmanager
def _record_mask(layer: Any, received: list[Received]) -> Iterator[None]:
    """Add the mask of each call of a layer to `received`, within the context."""
    original = layer.call

    def call(*args: Any, **kwargs: Any) -> Any:
        kind, mask = type(layer).__name__, kwargs.get("mask")
        if mask is None:
            received.append(Received(kind, None, None))
        else:
            received.append(Received(kind, int(np.asarray(mask).sum()), int(np.asarray(mask).size)))
        return original(*args, **kwargs)

    layer.call = call
    try:
        yield
    finally:
        layer.call = original


def change_without_padding(model: Any, x: np.ndarray) -> float:
    """Return the largest change of any output when sequences are read without their padding.

    x: (N, T, F), each read to its last step that is not all 0, at least 1 step. Sequences of one length
    go together and the padded ones in the same batches, so that both are computed in the same order.
    """
    lengths = x.any(axis=2).cumsum(axis=1).argmax(axis=1) + 1
    changes = []
    for length in np.unique(lengths):
        padded = x[lengths == length]
        changes.append(np.abs(np.asarray(model(padded)) - np.asarray(model(padded[:, :length]))).max())
    return float(max(changes))
