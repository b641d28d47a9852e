"""What an audit may take: sizes of files and models, time, memory."""

from __future__ import annotations

#: Characters of a configuration that is pasted, and MB of a file.
MAX_TEXT, MAX_FILE_MB = 1_000_000, 20
#: Seconds after which the process of an audit is ended from outside.
TIMEOUT_S = 120.0
#: Rows that an Embedding keeps: padding does the same with fewer words.
VOCABULARY = 1_000
#: Bytes of a .keras file, of the configuration in it, and of all its members unpacked.
MAX_FILE_BYTES, MAX_CONFIG, MAX_UNPACKED = 512 * 2**20, 4 * 2**20, 8 * 2**30
#: How many times larger than packed a member may be.
MAX_RATIO = 200
#: Layers of a model; its weights; the outputs of all layers for one sequence.
MAX_LAYERS, MAX_WEIGHTS, MAX_OUTPUTS = 400, 30_000_000, 8_000_000
#: Bytes that the process may take while it reads the file, and later with Keras loaded; open files.
READING_MEMORY, AUDIT_MEMORY, MAX_OPEN_FILES = 512 * 2**20, 2 * 2**30, 512
