"""A NumPy archive's bytes -> a frame in long form.

`labels` (or `y`), one a sequence (N,) or one a step, with `values` (or `X`):

- a batch: `values` (N, T, F), labels (N,) or (N, T). With `lengths` (N,) padding stands behind the end;
- end to end: `values` (all steps, F) with `lengths`, labels (N,) or (all steps,).

With train, val and test before or behind each name the archive also says which part is which. Nothing
in it is unpickled.
"""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.archives import open_archive
from maskdemo.errors import InvalidTable, quoted
from maskdemo.uploads.limits import MAX_FEATURES, MAX_TABLE_BYTES, check_size
from maskdemo.uploads.recipe import arrays_by_name, long_table

#: `X` and `y` are arrays of objects, one a sequence, of different lengths.
FROM_OBJECTS = """\
import numpy as np
arrays = np.load("data.npz", allow_pickle=True)  # only if you wrote it yourself: a pickle can run code
values, lengths = np.concatenate(list(arrays["X"])), [len(each) for each in arrays["X"]]
np.savez_compressed("long.npz", values=values, lengths=lengths, labels=arrays["y"])"""
#: Padding of one VALUE behind the end; ROLL: or in front of it.
LENGTHS = """\
padded = (values == VALUE).all(axis=2)
lengths = values.shape[1] - np.cumprod(padded[:, ORDER], axis=1).sum(axis=1)"""
ROLL = "\nvalues = np.stack([np.roll(each, n, axis=0) for each, n in zip(values, lengths)])"


def table_of_archive(content: bytes) -> pd.DataFrame:
    """The long form of an archive. Raises `InvalidTable` with a sentence."""
    loaded = _loaded(content)
    arrays = arrays_by_name(loaded)
    if masks := [name for name in loaded if "mask" in name.lower()]:
        raise InvalidTable(
            f"The array {quoted(masks[0])} is not read: give lengths, one a sequence, in its place.",
            code=f"lengths = {masks[0] if masks[0].isidentifier() else 'mask'}.sum(axis=1)",
        )
    if len(arrays) < len(loaded):
        raise InvalidTable("Two arrays of the archive have the same meaning. Leave one of them out.")
    parts = [part for part in ("train_", "val_", "test_") if f"{part}values" in arrays] or [""]
    named = [f"{part}{name}" for part in parts for name in ("values", "labels")]
    if missing := [name for name in named if name not in arrays]:
        raise InvalidTable(
            f"The archive has no array {quoted(missing[0])}. It needs values and labels (or X and y), "
            "and lengths where sequences are padded; or the same for each of train_, val_ and test_."
        )
    for part in parts:
        lengths = arrays.get(f"{part}lengths")
        _check(part, arrays[f"{part}values"], lengths, arrays[f"{part}labels"])
    read = {*named, *(f"{part}lengths" for part in parts)}
    frame = long_table({name: array for name, array in arrays.items() if name in read})
    frame.attrs["unread"] = sorted(arrays.keys() - read)
    return frame


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
    name = quoted(info.filename)
    if dtype.hasobject:
        raise InvalidTable(f"The array {name} holds Python objects. Use numbers.", code=FROM_OBJECTS)
    if int(np.prod([int(each) for each in shape], dtype=object)) * dtype.itemsize > info.file_size:
        raise InvalidTable(f"The array {name} is not stored whole.")


def _check(part: str, values: NDArray, lengths: NDArray | None, labels: NDArray) -> None:
    """Shapes that fit each other, with the names as they are asked for."""
    if values.ndim not in (2, 3) or values.dtype.kind not in "fiub":
        raise InvalidTable(
            f"{part}values must be numbers, (steps, features) end to end or (sequences, steps, "
            f"features), not {values.dtype} {values.shape}."
        )
    whole = lengths is None
    if lengths is None:
        if values.ndim == 2:
            raise InvalidTable(
                f"{part}values is {values.shape}, and without lengths nothing says which of its rows "
                "are a sequence. A batch has three dimensions: (sequences, steps, features).",
                code="values = values[:, :, None]  # if each row is a sequence of one feature",
            )
        _check_whole(part, values)
        lengths = np.full(len(values), values.shape[1])
    if lengths.ndim != 1 or lengths.dtype.kind not in "iuf" or not len(lengths):
        raise InvalidTable(f"{part}lengths must be one whole number a sequence, not {lengths.shape}.")
    bad = np.flatnonzero(~((lengths >= 1) & (lengths == np.floor(lengths))))
    if len(bad):
        raise InvalidTable(
            f"Entry {bad[0] + 1} of {part}lengths is {lengths[bad[0]]}; a length is a whole number "
            "from 1."
        )
    steps, count = int(lengths.sum(dtype=object)), len(lengths)
    check_size(steps)
    if values.ndim == 2 and len(values) != steps:
        raise InvalidTable(f"{part}values has {len(values)} steps, but the lengths add up to {steps}.")
    if values.ndim == 3 and (len(values) != count or lengths.max() > values.shape[1]):
        raise InvalidTable(
            f"{part}values {values.shape} has no room for {count} sequences of up to "
            f"{int(lengths.max())} steps."
        )
    if values.ndim == 3:
        _check_padding(part, values, lengths.astype(int))
    fitting = {(count,), (count, 1), (steps,) if values.ndim == 2 else values.shape[:2]}
    one_hot = labels.ndim == 2 and labels.shape[1] > 1 and labels.dtype.kind in "iubf"
    one_hot = one_hot and bool((np.sort(labels)[:, :-1] == 0).all() and (labels.max(axis=1) == 1).all())
    if labels.shape not in fitting or labels.dtype.kind not in "iubUf" or (one_hot and whole):
        raise InvalidTable(
            f"{part}labels must be one a sequence or one a step, not {labels.dtype} {labels.shape}"
            f"{', a column for each class' * one_hot}.",
            code=f"{part}labels = {part}labels.argmax(axis=1)" if one_hot else "",
        )


def _check_whole(part: str, values: NDArray) -> None:
    """Raise where a batch without lengths seems to be padded, or to have its steps last."""
    if values.shape[1] < values.shape[2] and values.shape[2] > MAX_FEATURES:
        raise InvalidTable(
            f"{part}values is {values.shape}: {values.shape[1]} steps with {values.shape[2]} features. "
            "Steps stand before features: (sequences, steps, features).",
            code="values = np.swapaxes(values, 1, 2)",
        )
    for where, order in (("end", "::-1"), ("begin", ":")):
        steps = values[:, :: -1 if where == "end" else 1]
        alike = steps[:, 0, 0][steps[:, 0].max(axis=1) == steps[:, 0].min(axis=1)]
        found, counts = np.unique(alike, return_counts=True)
        fill = float(found[counts.argmax()]) if len(found) else np.nan
        gone = np.all(steps == fill if len(found) else steps != steps, axis=2)
        if not len(found) and gone.sum() > np.cumprod(gone, axis=1).sum():
            continue  # readings are missing within sequences too
        # Of one feature a reading may well be 0: two in a row are padding.
        padded = int(gone[:, : 3 - min(2, steps.shape[2])].all(axis=1).sum())
        if padded > 1:
            code = LENGTHS.replace("VALUE", f"{fill:g}").replace("ORDER", order)
            code = code.replace("values == nan", "np.isnan(values)")
            raise InvalidTable(
                f"{padded} of {len(values)} sequences in {part}values {where} with steps of {fill:g}, "
                "which seem to be padding, and nothing says how long they are. Give lengths, one a "
                "sequence, with the padding behind the end.",
                code=code if where == "end" else code + ROLL,
            )


def _check_padding(part: str, values: NDArray, lengths: NDArray) -> None:
    """Whatever stands behind the lengths is one value: padding in front would be read as readings."""
    behind = np.arange(values.shape[1]) >= lengths[:, None]
    padding = values[behind]
    if not len(padding) or _is_one_value(padding):
        return
    in_front = _is_one_value(values[np.arange(values.shape[1]) < (values.shape[1] - lengths)[:, None]])
    row = int(np.flatnonzero(behind.any(axis=1))[0])
    raise InvalidTable(
        f"Sequence {row + 1} of {part}values goes on behind its length of {lengths[row]}: the padding "
        f"seems to be {'in front of them' if in_front else 'of many values'}. Padding has to stand "
        "behind the end and be one value.",
        code=ROLL.strip() if in_front else "",
    )


def _is_one_value(values: NDArray) -> bool:
    return bool((values == values.flat[0]).all() or (values != values).all())
