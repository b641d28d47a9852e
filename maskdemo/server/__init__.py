"""Many viewers: a queue, one worker process that holds TensorFlow, and the results that are kept.

Looked at before writing it: multiprocessing's `spawn` imports the main module again, which here is
Streamlit's, and its `fork` copies a process full of threads; so the worker is a program of its own,
started as one. From loky we took that a worker's memory is looked at between two pieces of work and a
grown worker is replaced there; from pebble, one pipe each way, whose end tells either side that the
other is gone, however it went; from distributed's Nanny and scheduler, that a worker that died is
started again and a piece of work that has killed its second one is given up. None of them could be
used as it is: they run functions that return once, and send them as pickles, while here commands are
plain data and what is known grows as one watches.
"""

from maskdemo.server.jobs import Status
from maskdemo.server.supervisor import Server
from maskdemo.server.work import Audit, Run, StudyRun, Work

__all__ = [
    "Server",
    "Status",
    "Work",
    "Run",
    "StudyRun",
    "Audit",
]
