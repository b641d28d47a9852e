"""Importing TensorFlow: by one thread at a time, and without a search for garbage in what stays.

    load_tensorflow()
    import keras  # takes no time any more

What an import makes is there to stay, but Python looks through it for garbage again and again while it
grows, and after that at every full search. Without: 2.8 s of the processor instead of 3.9, and a full
search afterwards takes milliseconds instead of 0.3 s (Python 3.11, TensorFlow 2.21).
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOADING = threading.Lock()


@contextmanager
def unsearched() -> Iterator[None]:
    """Import within it. What the process holds at its end is never garbage, unless that failed."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if searching:
            gc.enable()


def load_tensorflow() -> None:
    """Import it, and with it Keras, `unsearched`; other threads wait.

    One thread at a time: two that import TensorFlow at once deadlock over its circular imports.
    """
    with _LOADING:
        if "tensorflow" in sys.modules:
            return
        with unsearched():
            import tensorflow  # noqa: F401
