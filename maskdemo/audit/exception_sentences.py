"""Turn an exception that a model raised into one short sentence."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Any

from maskdemo.errors import UnsupportedModel, quoted

#: Characters of the longest reason.
MAX_REASON = 240
#: Colours of a terminal, and names of TensorFlow's operations.
_NOISE = re.compile(
    r"\x1b\[\d+m|\{\{function_node [^{}]*\}\} ?|\[Op:\w+\](?: name: ?\S*)?"
    r"| for '\{\{node [^{}]*\}\} = [^']*'"
)
_CALLING = re.compile(r"Exception encountered when calling (.+)\(\)\.")


def failure_sentence(failure: BaseException) -> str:
    """Return why an audit came to no answer, in sentences; of an UnsupportedModel its own text."""
    if isinstance(failure, UnsupportedModel):
        return str(failure)
    if isinstance(failure, MemoryError):
        return "The model needs more memory than there is for an audit."
    kind, why = type(failure).__name__, short_reason(failure)
    message = kind if why == kind else f"{kind}: {why}"
    return (
        f"The audit stopped because of an unexpected error. {message.rstrip('.')}. So nothing is said "
        "about the model. Sequences of your own, or a part of the model, may get further."
    )


def short_reason(failure: BaseException, layer: Any = None) -> str:
    """Return an exception's message, cut to MAX_REASON characters, without what Keras wraps around.

    layer: what raised it, or None; its name and class replace "Class.call" in front. An empty message
    gives the exception's class.

    >>> short_reason(ValueError("Exception encountered when calling LSTM.call().\\n\\nToo wide."))
    'LSTM.call: Too wide.'
    """
    message = failure.args[0] if isinstance(failure, KeyError) and failure.args else ""
    # The text of a KeyError is quoted and on one line.
    text = _NOISE.sub("", message if isinstance(message, str) and "\n" in message else str(failure))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = _core_message(lines)
    if layer is not None:
        kind = type(layer).__name__
        reason = f"{quoted(layer.name)} ({kind}): {reason.removeprefix(f'{kind}.call').lstrip(': ')}"
    if not reason or reason.endswith((".call", "): ")):
        reason = f"{reason.rstrip(': ')}: {type(failure).__name__}".removeprefix(": ")
    return reason if len(reason) <= MAX_REASON else f"{reason[: MAX_REASON - 1]}…"


def _core_message(lines: list[str]) -> str:
    """Return a message without what Keras and TensorFlow wrap around, as "X.call: text"; "" if none."""
    if not lines:
        return ""
    if calling := _CALLING.fullmatch(lines[0]):
        inner = takewhile(lambda line: not line.startswith("Arguments received by "), lines[1:])
        return f"{calling[1]}: {_core_message(list(inner))}".removesuffix(": ")
    if lines[0].startswith("Graph execution error"):
        rest = [line for line in lines[1:] if not line.startswith(("Detected at ", "File ", "[["))]
        return " ".join(rest) or lines[0]
    wrapped = [line for line in lines if line.startswith("Exception encountered: ")]
    within = [line for line in lines if "Error: " in line and "File " not in line]
    return (wrapped or within or [" ".join(lines)])[0]
