"""How an uploaded task travels to the process that trains."""

from __future__ import annotations

import numpy as np

from maskdemo.server.worker_messages import pack, unpack
from tests.uploads.test_memory import own_of


def test_a_task_travels_as_bytes_without_its_names():
    own = own_of()
    again = unpack(pack(own))
    assert again is not None and own.recorded is not None and again.recorded is not None
    assert (again.features, again.classes, again.per_step) == (1, 2, False)
    assert again.fixed == own.fixed
    for mine, theirs in zip(again.recorded(), own.recorded(), strict=True):
        for name in ("values", "observed", "labels"):
            for one, other in zip(getattr(mine, name), getattr(theirs, name), strict=True):
                assert one.dtype == other.dtype
                np.testing.assert_array_equal(one, other)


def test_no_task_is_no_bytes():
    assert pack(None) == b"" and unpack(b"") is None
