"""What went wrong in somebody's model, in a sentence: Keras's reason without what surrounds it."""

from __future__ import annotations

import re
from itertools import takewhile

from maskdemo.errors import UnsupportedModel

#: The longest reason, in characters.
_LONGEST = 240
#: Colours of a terminal, and what TensorFlow says of its own operations.
_NOISE = re.compile(r"\x1b\[\d+m|\{\{function_node [^{}]*\}\} ?|\[Op:\w+\](?: name: ?\S*)?")
_CALLING = re.compile(r"Exception encountered when calling (.+)\(\)\.")


def unanswered(failure: BaseException) -> str:
    """Why an audit came to no answer, as a sentence for people."""
    if isinstance(failure, UnsupportedModel):
        return str(failure)
    if isinstance(failure, MemoryError):
        return "The model needs more memory than there is for an audit."
    kind, why = type(failure).__name__, reason(failure)
    told = kind if why == kind else f"{kind}: {why}"
    return f"The audit stopped because of an unexpected error. {told}"


def reason(failure: BaseException) -> str:
    """What an exception says, in one line short enough to be read.

    >>> reason(ValueError("Exception encountered when calling LSTM.call().\\n\\nToo wide."))
    'LSTM.call: Too wide.'
    """
    text = _NOISE.sub("", str(failure))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _short(_told(lines) or type(failure).__name__)


def _told(lines: list[str]) -> str:
    if not lines:
        return ""
    if calling := _CALLING.fullmatch(lines[0]):
        inner = takewhile(lambda line: not line.startswith("Arguments received by "), lines[1:])
        return f"{calling[1]}: {_told(list(inner))}".removesuffix(": ")
    if lines[0].startswith("Graph execution error"):
        rest = [line for line in lines[1:] if not line.startswith(("Detected at ", "File ", "[["))]
        return " ".join(rest) or lines[0]
    wrapped = [line for line in lines if line.startswith("Exception encountered: ")]
    within = [line for line in lines if "Error: " in line and "File " not in line]
    return (wrapped or within or [" ".join(lines)])[0]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
