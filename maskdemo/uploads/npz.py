"""A NumPy archive's bytes -> a frame in long form.

Two forms, with `lengths` (N,) and `labels`, one a sequence (N,) or one a step:

- end to end: `values` (all steps, F), labels (N,) or (all steps,);
- a padded batch: `values` (N, T, F), padding behind the end, labels (N,) or (N, T).

With the prefixes `train_` and `test_` before each name the archive also says which part is which.
Nothing in it is unpickled.
"""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.archives import open_archive
from maskdemo.errors import InvalidTable, quoted
from maskdemo.uploads.limits import MAX_ROWS, MAX_TABLE_BYTES
from maskdemo.uploads.recipe import long_table

NAMES = ("values", "lengths", "labels")


def table_of_archive(content: bytes) -> pd.DataFrame:
    """The long form of an archive. Raises `InvalidTable` with a sentence."""
    arrays = _loaded(content)
    parts = ("train_", "test_") if "train_values" in arrays else ("",)
    wanted = [part + name for part in parts for name in NAMES]
    missing = [name for name in wanted if name not in arrays]
    if missing:
        raise InvalidTable(
            f"The archive has no array {quoted(missing[0])}. It needs values, lengths and labels, or "
            "the same three for train_ and test_."
        )
    for part in parts:
        _check(part, *(arrays[part + name] for name in NAMES))
    return long_table(arrays)


def _loaded(content: bytes) -> dict[str, NDArray]:
    with open_archive(
        content,
        max_unpacked=MAX_TABLE_BYTES,
        error=InvalidTable,
        damaged="This is not a NumPy archive of plain arrays. Write it with np.savez_compressed(file, "
        "values=..., lengths=..., labels=...).",
    ) as archive:
        for info in archive.infolist():
            with archive.open(info) as member:
                _check_header(member, info)
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}


def _check_header(member, info: zipfile.ZipInfo) -> None:
    """An array is no larger than what is stored of it: NumPy takes the memory before it reads."""
    first = np.lib.format.read_magic(member) == (1, 0)
    header = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(member)
    if dtype.hasobject:
        raise InvalidTable(f"The array {quoted(info.filename)} holds Python objects. Use numbers.")
    if int(np.prod([int(each) for each in shape], dtype=object)) * dtype.itemsize > info.file_size:
        raise InvalidTable(f"The array {quoted(info.filename)} is not stored whole.")


def _check(part: str, values: NDArray, lengths: NDArray, labels: NDArray) -> None:
    """Shapes that fit each other, with the names as the archive has them."""
    if values.ndim not in (2, 3) or values.dtype.kind not in "fiub":
        raise InvalidTable(
            f"{part}values must be numbers, (steps, features) end to end or (sequences, steps, "
            f"features), not {values.dtype} {values.shape}."
        )
    if lengths.ndim != 1 or lengths.dtype.kind not in "iuf" or not len(lengths):
        raise InvalidTable(f"{part}lengths must be one whole number a sequence, not {lengths.shape}.")
    bad = np.flatnonzero(~((lengths >= 1) & (lengths == np.floor(lengths))))
    if len(bad):
        raise InvalidTable(
            f"Entry {bad[0] + 1} of {part}lengths is {lengths[bad[0]]}; a length is a whole number "
            "from 1."
        )
    steps, count = int(lengths.sum(dtype=object)), len(lengths)
    if steps > MAX_ROWS:
        raise InvalidTable(f"The lengths add up to {steps:,} steps; {MAX_ROWS:,} are possible.")
    if values.ndim == 2 and len(values) != steps:
        raise InvalidTable(f"{part}values has {len(values)} steps, but the lengths add up to {steps}.")
    if values.ndim == 3 and (len(values) != count or lengths.max() > values.shape[1]):
        raise InvalidTable(
            f"{part}values {values.shape} has no room for {count} sequences of up to "
            f"{int(lengths.max())} steps."
        )
    if values.ndim == 3:
        _check_padding(part, values, lengths.astype(int))
    fitting = {(count,), (steps,)} if values.ndim == 2 else {(count,), values.shape[:2]}
    if labels.shape not in fitting or labels.dtype.kind not in "iubUf":
        raise InvalidTable(f"{part}labels must be one a sequence or one a step, not {labels.shape}.")


def _check_padding(part: str, values: NDArray, lengths: NDArray) -> None:
    """Whatever stands behind the lengths is one value: padding in front would be read as readings."""
    behind = np.arange(values.shape[1]) >= lengths[:, None]
    padding = values[behind]
    if not len(padding) or bool((padding == padding.flat[0]).all() or (padding != padding).all()):
        return
    row = int(np.flatnonzero(behind.any(axis=1))[0])
    head = values[np.arange(values.shape[1]) < (values.shape[1] - lengths)[:, None]]
    in_front = bool((head == head.flat[0]).all() or (head != head).all())
    where = "in front of them" if in_front else "of many values"
    raise InvalidTable(
        f"Sequence {row + 1} of {part}values goes on behind its length of {lengths[row]}: the padding "
        f"seems to be {where}. Padding has to stand behind the end and be one value.",
        code="values = np.stack([np.roll(each, n, axis=0) for each, n in zip(values, lengths)])"
        if in_front
        else "",
    )
