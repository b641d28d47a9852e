"""Models that people have handed in to be audited: bytes into which the server does not look."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field

import streamlit as st

#: Bytes of the files of all sessions together.
MAX_BYTES = 40 * 2**20


class NoRoom(Exception):
    """The server holds as many files as it can; the message is for the viewer."""


@dataclass(frozen=True)
class ModelFile:
    """A model to audit. name: how people call it. content: a .keras file, or a configuration."""

    name: str
    content: bytes = field(repr=False)


class HeldFiles:
    """Bounds the files of all sessions. A file counts for as long as anything refers to it."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._held: list[weakref.ref[ModelFile]] = []

    def hold(self, name: str, content: bytes) -> ModelFile:
        """Return the file as a model to audit. Raises `NoRoom` with a sentence."""
        with self._lock:
            held = [file for each in self._held if (file := each()) is not None]
            if sum(len(each.content) for each in held) + len(content) > self._max_bytes:
                raise NoRoom(
                    "The server has no room for this file just now, because others hold theirs. Try "
                    "again in a minute, or paste the configuration: print(model.to_json())."
                )
            file = ModelFile(name, content)
            self._held = [weakref.ref(each) for each in (*held, file)]
            return file


@st.cache_resource(show_spinner=False)
def held_files() -> HeldFiles:
    """Return the files that this server holds for audits."""
    return HeldFiles()
