"""A queue of the viewers' work, the one worker process that holds TensorFlow, and finished runs.

The worker is a program of its own: multiprocessing's `spawn` would import the main module again, which
is Streamlit's, and its `fork` would copy a process full of threads. As in loky, a worker that has grown
is replaced between two jobs; as in pebble, there is a pipe each way, whose end tells either side that
the other is gone; as in distributed's Nanny and scheduler, a worker that died is started again, and a
job that has lost two workers is given up. None of them could be used as it is: they send functions
as pickles and return once, while here commands are plain data and results grow while a viewer watches.
"""

from maskdemo.server.jobs import Status
from maskdemo.server.supervisor import Server
from maskdemo.server.work import Audit, Run, StudyRun, Work
