"""Errors for people, each a sentence that says what to change, and how such a sentence quotes a value.

>>> quoted("a\\x1b[31m\\nb"), quoted("x" * 100), quoted(10**5000)
("'a\\\\x1b[31m b'", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'", "'so large a number'")
"""

from __future__ import annotations

import re

#: Characters of a value that a sentence quotes, and bits of a whole number.
MAX_QUOTED, MAX_BITS = 40, 10_000


def quoted(value: object) -> str:
    """Return the `one_line` of a stranger's value in single quotation marks; those in it stay."""
    return f"'{one_line(value)}'"


def one_line(value: object) -> str:
    """Return a stranger's value by `str` on one line, cut with "..." after `MAX_QUOTED` characters.

    Before the cut, white space becomes single blanks, and all else that is not printable is escaped. A
    whole number of more than `MAX_BITS` bits is "so large a number".
    """
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return "so large a number"  # Python refuses to write out more than 4,300 digits
    line = " ".join(str(value).split())
    text = "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in line[: MAX_QUOTED + 1]
    )
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}..."


def escape_markdown(text: str) -> str:
    """Return Markdown that shows the text as it stands: a sentence may quote whatever a link held."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!<>|~$:])", r"\\\1", text)


class MaskdemoError(Exception):
    """The base of all errors that a person may be shown."""


class InvalidSettings(MaskdemoError, ValueError):
    """Settings that cannot be used: a sentence for people.

    settings: the names of those at fault; `parse_leniently` drops the first that was given.
    """

    def __init__(self, sentence: str, *settings: str) -> None:
        """Take the sentence as the message, and keep the settings' names."""
        super().__init__(sentence)
        self.settings = settings


class InvalidTable(MaskdemoError, ValueError):
    """Data that cannot be used: a sentence with the place and what to change.

    offer: what could make it usable, or "": a role to choose ("label"), "sample" (draw fewer
    sequences), or "steps 5" (keep one in 5). code: lines of Python that make a table of the file.
    """

    def __init__(self, sentence: str, *, offer: str = "", code: str = "") -> None:
        """Take the sentence as the message, and keep `offer` and `code`."""
        super().__init__(sentence)
        self.offer, self.code = offer, code


class UnsupportedModel(MaskdemoError, ValueError):
    """The model cannot be audited: one plain sentence that says why."""


class QueueFull(MaskdemoError):
    """No place is left in the queue; the message is meant for the viewer."""


class ProtocolError(MaskdemoError):
    """What came through the pipe is no message."""
