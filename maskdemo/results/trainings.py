"""A bounded store of finished trainings on disk, shared by processes and kept through restarts.

The key of an outcome is a digest of the exact training and of everything that its numbers depend on
(`digest_of`), so that a change of the code or of a library never shows old numbers as new ones. A file
that SQLite cannot read is renamed and a new file begun; an entry that is no outcome counts as absent.
A failure of this store costs a training again, never a result.

It is a store apart from `finished_runs`: outcomes are a hundred bytes each and outlive the process,
runs are megabytes each and end with it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from maskdemo.experiment import Experiment
from maskdemo.results import codec
from maskdemo.results.digest import digest_of
from maskdemo.training.snapshot import Outcome

#: Some 5 MB.
MAX_ENTRIES = 20_000

_TABLE = "CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, used INTEGER, value BLOB)"
_ORDER = "CREATE INDEX IF NOT EXISTS by_use ON entries (used)"

T = TypeVar("T")
log = logging.getLogger(__name__)


class TrainingStore:
    """Outcomes by training, at most `max_entries`; the least recently used go first. Thread-safe.

    folder: where the file is, by default `store_folder()`. `complaint`: a sentence for people if the
    last access failed, else None. A store that cannot be used finds nothing and keeps nothing.
    """

    def __init__(self, folder: Path | None = None, *, max_entries: int = MAX_ENTRIES) -> None:
        """Open the file at once; where that fails, `complaint` says so."""
        self._path = (folder or store_folder()) / "trainings.sqlite3"
        self._max_entries = max_entries
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        self._inode: int | None = None
        self.complaint: str | None = None
        with self._lock:
            self._guarded(lambda file: None)

    def find(self, experiment: Experiment, repeat: int) -> Outcome | None:
        """Return the outcome of this training; None if it is not stored. experiment: of one strategy.

        That of a person's own sequences never is; a damaged one is deleted.
        """
        if experiment.is_own:
            return None
        key = _key(experiment, repeat)

        def find(file: sqlite3.Connection) -> Outcome | None:
            rows = file.execute("SELECT value FROM entries WHERE key = ?", (key,)).fetchall()
            for (value,) in rows:
                try:
                    outcome = codec.from_plain(Outcome, json.loads(value))
                except codec.OTHER_FORM:
                    file.execute("DELETE FROM entries WHERE key = ?", (key,))
                else:
                    file.execute("UPDATE entries SET used = ? WHERE key = ?", (time.time_ns(), key))
                    return outcome
            return None

        with self._lock:
            return self._guarded(find)

    def keep(self, experiment: Experiment, repeat: int, outcome: Outcome) -> None:
        """Store the outcome of this training at once, unless of a person's own sequences."""
        if experiment.is_own:
            return  # people's own sequences leave no trace on disk
        key = _key(experiment, repeat)
        value = json.dumps(codec.to_plain(outcome)).encode()
        entry = (key, time.time_ns(), value)

        def write(file: sqlite3.Connection) -> None:
            file.execute("REPLACE INTO entries (key, used, value) VALUES (?, ?, ?)", entry)
            file.execute(
                "DELETE FROM entries WHERE key IN (SELECT key FROM entries ORDER BY used "
                "LIMIT max(0, (SELECT count(*) FROM entries) - ?))",
                (self._max_entries,),
            )

        with self._lock:
            self._guarded(write)

    def close(self) -> None:
        """Close the file; using the store again opens it again."""
        with self._lock:
            self._close()

    # From here on the caller holds the lock.

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Return `work(file)`; None where the file cannot be used, and `complaint` then says so.

        A damaged file is begun anew and `work`, a transaction, done again. The caller holds the lock.
        """
        for damaged in (False, True):
            try:
                if damaged:
                    self._set_aside()
                with self._open() as file:
                    result = work(file)
                self.complaint = None
                return result
            except (OSError, sqlite3.Error, MemoryError) as error:  # a damaged length may ask for much
                if damaged or not _shows_damage(error):
                    log.info("The store of finished trainings cannot be used: %s", error)
                    self.complaint = (
                        f"Finished trainings cannot be kept in {self._path.parent}, so they are "
                        "computed again next time."
                    )
                    return None
                log.warning("The store of finished trainings is damaged and begun anew: %s", error)
        return None

    def _open(self) -> sqlite3.Connection:
        """Return the connection to the file, which is opened and made if need be."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # One connection for all threads, which the lock lets in one by one.
            file = sqlite3.connect(self._path, timeout=5, check_same_thread=False)
            self._inode = self._path.stat().st_ino
            try:
                # Readers and a writer do not wait for each other; a crash leaves whole transactions.
                # Where the file is busy, another process is switching it already.
                with suppress(sqlite3.OperationalError):
                    file.execute("PRAGMA journal_mode = WAL")
                file.execute("PRAGMA synchronous = NORMAL")
                file.execute(_TABLE)
                file.execute(_ORDER)
            except BaseException:
                file.close()
                raise
            self._file = file
        return self._file

    def _close(self) -> None:
        """Close the connection, if it is open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _set_aside(self) -> None:
        """Replace the damaged file's suffix by .damaged, unless its inode shows that others did."""
        self._close()
        # Another process may have begun anew already: its file stays.
        if self._path.exists() and self._path.stat().st_ino == self._inode:
            self._path.replace(self._path.with_suffix(".damaged"))
            for ending in ("-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)


def _shows_damage(error: Exception) -> bool:
    """Whether an error means that the file is damaged or has other tables; not if busy or disk full."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.OperationalError):
        # Python's own errors, of text that is no UTF-8, have no code.
        return code in (None, sqlite3.SQLITE_ERROR)
    return not isinstance(error, OSError) and code != sqlite3.SQLITE_NOLFS


def store_folder() -> Path:
    """Return the folder of the store: `MASKDEMO_STORE`; if empty, platformdirs' user cache."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("MASKDEMO_STORE")
    return Path(chosen) if chosen else user_cache_path("maskdemo")


def _key(experiment: Experiment, repeat: int) -> bytes:
    """Return the digest of experiment (but for `repeats`), repeat, and `digest_of("training")`."""
    # How many repeats there are changes nothing in one of them.
    exact = json.loads(replace(experiment, repeats=1).to_json()) | {"repeat": repeat}
    text = json.dumps([digest_of("training"), exact], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()
