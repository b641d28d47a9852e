"""What an audit takes from strangers: how large, and for how long. The page knows no more of it."""

from __future__ import annotations

#: Characters of a configuration that is pasted, and MB of a file.
MAX_TEXT, MAX_FILE_MB = 1_000_000, 20
#: Seconds after which the process of an audit is ended from outside.
TIMEOUT_S = 120.0
#: Embedding tables are cut to so many rows: what padding does is the same with fewer words.
VOCABULARY = 1_000
