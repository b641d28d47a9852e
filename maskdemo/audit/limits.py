"""Limits of the audit that the page states: sizes of what it takes, and its time."""

from __future__ import annotations

#: Characters of a configuration that is pasted, and MB of a file.
MAX_TEXT, MAX_FILE_MB = 1_000_000, 20
#: Seconds after which the process of an audit is ended from outside.
TIMEOUT_S = 120.0
#: Rows that an Embedding keeps: padding does the same with fewer words.
VOCABULARY = 1_000
