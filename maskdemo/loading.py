"""Import TensorFlow: in one thread at a time, and without garbage collection.

    load_tensorflow()
    import keras  # takes no time any more

The objects of an import stay for ever, but Python's garbage collector goes through them again and again
during the import, and later in every full collection. Without: 2.8 s of the processor instead of 3.9,
and a full collection takes milliseconds instead of 0.3 s (Python 3.11, TensorFlow 2.21).
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOADING = threading.Lock()


@contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """Pause garbage collection for an import; all objects that exist at its end are never collected.

    After an exception, they are collected as usual.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()


def load_tensorflow() -> None:
    """Import TensorFlow, and with it Keras, once; other threads wait.

    One thread at a time: two that import TensorFlow at once deadlock over its circular imports.
    """
    with _LOADING:
        if "tensorflow" in sys.modules:
            return
        with garbage_collection_paused():
            import tensorflow  # noqa: F401
