"""What goes wrong for people: each error is a sentence that says what to change."""

from __future__ import annotations


class MaskdemoError(Exception):
    """The base of all errors that a person may be shown."""


class InvalidSettings(MaskdemoError, ValueError):
    """Settings that cannot be used: a sentence for people, and which settings to give up first."""

    def __init__(self, sentence: str, *settings: str) -> None:
        super().__init__(sentence)
        self.settings = settings


class InvalidTable(MaskdemoError, ValueError):
    """Data that cannot be used: a sentence with the place and what to change.

    offer: the setting of `Preparation` that would make it usable, if one would.
    """

    def __init__(self, sentence: str, *, offer: str = "") -> None:
        super().__init__(sentence)
        self.offer = offer


class UnsupportedModel(MaskdemoError, ValueError):
    """The model cannot be audited: one plain sentence that says why."""


class QueueFull(MaskdemoError):
    """No place is left in the queue; the message is meant for the viewer."""


class ProtocolError(MaskdemoError):
    """What came through the pipe is no message."""
