"""A Dask cluster as the executor of studies."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

#: Seconds within which a scheduler has to answer.
TIMEOUT_S = 10


@contextmanager
def executor_of(address: str | None = None, *, stay: bool = False) -> Iterator[Executor | None]:
    """The executor of the Dask cluster whose scheduler is at `address`, closed on leaving.

    Without an address, that of `MASKDEMO_DASK`; without that, None: the local workers. stay: what is
    trained on must not leave this machine, so None as well. The cluster's workers must have this
    version of maskdemo. Raises ValueError with a sentence if Dask is not installed or nobody answers.
    """
    address = address or os.environ.get("MASKDEMO_DASK")
    if stay or not address:
        yield None
        return
    try:
        from distributed import Client
        from distributed.comm import get_address_host_port
    except ImportError:
        raise ValueError(
            "Dask is not installed here: run pip install -r requirements-dask.txt, or install maskdemo "
            "with its extra `dask`, or leave out the cluster's address."
        ) from None
    try:
        # A client that finds nobody is slow to give up and to go away, so knock first.
        socket.create_connection(get_address_host_port(address), TIMEOUT_S).close()
        client = Client(address, timeout=TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"No Dask scheduler answers at {address}. Check the address, such as tcp://host:8786."
        ) from error
    with client:
        # Not pure: two viewers who want the same training each wait for, and cancel, their own.
        yield client.get_executor(pure=False, retries=2)
