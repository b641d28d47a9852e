"""What a worker may take: memory, compiled programs, seconds of silence."""

from __future__ import annotations

from maskdemo.machine import MEMORY_IS_SHORT

#: Bytes of its own that a worker may hold between two jobs. Measured (TensorFlow 2.21): 305 MB after
#: its first run, 9 more for each program. For as long as it lasts, a run needs up to 150 more: for the
#: programs of a new shape, then for its sequences. The server has up to 200, and the smallest host
#: 690. Where there is more, new workers are not needed as often.
MAX_MEMORY_BYTES = (320 if MEMORY_IS_SHORT else 700) * 2**20
#: Bytes of its own that a worker may hold and still compile for later: so much less than lets the
#: server replace it as the next program may add.
MAX_BYTES_FOR_LATER = MAX_MEMORY_BYTES - 20 * 2**20
#: Programs that a worker may have compiled: what bounds it where its memory is not known.
MAX_WORKER_PROGRAMS = 48
#: Seconds without a word after which a worker that has a job is taken for hung.
SILENCE_S = 300.0
#: Workers in a row that may die with nothing to do, before the next one waits for something to do.
MAX_IDLE_DEATHS = 2
