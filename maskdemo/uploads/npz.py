"""A NumPy archive's bytes -> a frame in long form.

`labels` (or `y`), one a sequence (N,) or one a step, with `values` (or `X`):

- a batch: `values` (N, T, F), labels (N,) or (N, T). With `lengths` (N,) padding stands behind the end;
- end to end: `values` (all steps, F) with `lengths`, labels (N,) or (all steps,).

With train, val and test before or behind each name the archive also says which part is which. Nothing
in it is unpickled, and arrays of other names are not read.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maskdemo.archives import open_archive
from maskdemo.errors import InvalidTable, quoted
from maskdemo.evidence.phrases import counted, listed
from maskdemo.uploads.limits import MAX_FEATURES, MAX_TABLE_BYTES, check_size
from maskdemo.uploads.table_to_sequences import arrays_by_name, long_table, without_last_of_one

_UNPICKLED = """\
import numpy as np
arrays = np.load("data.npz", allow_pickle=True)  # only if you wrote it yourself: a pickle can run code
"""
#: NAME: an array of Python objects: a sequence of its own length in each place, or else texts.
SEQUENCES = f"""{_UNPICKLED}\
values, lengths = np.concatenate(list(arrays["NAME"])), [len(each) for each in arrays["NAME"]]
np.savez_compressed("long.npz", values=values, lengths=lengths, labels=arrays["LABELS"])"""
TEXTS = f"""{_UNPICKLED}\
np.savez_compressed("plain.npz", **dict(arrays) | {{"NAME": arrays["NAME"].astype(str)}})"""
#: Padding behind the end, steps that are EQUAL to it; ROLL: or in front of it.
LENGTHS = """\
padded = EQUAL.all(axis=2)
lengths = values.shape[1] - np.cumprod(padded[:, ORDER], axis=1).sum(axis=1)
"""
ROLL = "values = np.stack([np.roll(each, n, axis=0) for each, n in zip(values, lengths)])\n"
#: With lengths nothing is asked about a batch.
WHOLE = "# or, if all steps are real: lengths = np.full(len(values), values.shape[1])"


def table_of_archive(content: bytes) -> pd.DataFrame:
    """Return the long form of an archive, with names of arrays not read in `attrs["unread"]`.

    Raises `InvalidTable` with a sentence.
    """
    with open_archive(
        content,
        max_unpacked=MAX_TABLE_BYTES,
        error=InvalidTable,
        damaged="This is not a NumPy archive of plain arrays. Write it with np.savez_compressed(file, "
        "values=..., lengths=..., labels=...).",
    ) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        names = arrays_by_name({name: name for name in members})
        for name in names.values():
            with archive.open(members[name]) as member:
                _check_header(member, members[name], names)
        parts = _parts(list(members), names)
        with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
            arrays = arrays_by_name(loaded)
    # pandas sorts and counts in the byte order of this machine alone.
    arrays = {
        name: each.astype(each.dtype.newbyteorder("="), copy=False) for name, each in arrays.items()
    }
    for part in parts:
        lengths = arrays.get(f"{part}lengths")
        _check_shapes(part, arrays[f"{part}values"], lengths, arrays[f"{part}labels"])
    counts = {f"{part}values": arrays[f"{part}values"].shape[-1] for part in parts}
    if len(set(counts.values())) > 1:
        found = listed(f"{counted(count, 'feature')} in {name}" for name, count in counts.items())
        raise InvalidTable(f"There are {found}. All parts need the same features.")
    frame = long_table(arrays)
    read = {names.get(part + each) for part in parts for each in ("values", "labels", "lengths")}
    frame.attrs["unread"] = sorted(members.keys() - read)
    return frame


def _parts(members: list[str], names: dict[str, str]) -> list[str]:
    """Return the prefix of each part, such as "train_", or [""]; raise `InvalidTable` if it lacks any.

    Also raises for a mask and for two arrays of one meaning. names: meaning -> name of the member.
    """
    if masks := [name for name in members if "mask" in name.lower()]:
        mask = masks[0] if masks[0].isidentifier() else "mask"
        raise InvalidTable(
            f"The array {quoted(masks[0])} is not read: give lengths, one a sequence, in its place.",
            code=f"lengths = {mask}.sum(axis=1)  # if it is 1 at real steps, and no reading is missing",
        )
    for name in members:
        for meaning in arrays_by_name({name: name}):
            if names[meaning] != name:
                both = f"{quoted(name)} and {quoted(names[meaning])}"
                raise InvalidTable(f"The arrays {both} have the same meaning. Leave one of them out.")
    parts = [part for part in ("train_", "val_", "test_") if f"{part}values" in names] or [""]
    named = [f"{part}{name}" for part in parts for name in ("values", "labels")]
    if missing := [name for name in named if name not in names]:
        raise InvalidTable(
            f"The archive has no array {quoted(missing[0])} but {listed(map(quoted, members[:4]))}. It "
            "needs values and labels (or X and y), and lengths where sequences are padded; or the same "
            "for each of train_, val_ and test_."
        )
    return parts


def _check_header(member: Any, info: zipfile.ZipInfo, names: dict[str, str]) -> None:
    """Raise `InvalidTable` for an array of objects, or if it is larger than its bytes.

    member: the open file. names: meaning -> name of the member.
    """
    form = np.lib.format
    first = form.read_magic(member) == (1, 0)
    read = form.read_array_header_1_0 if first else form.read_array_header_2_0
    shape, _, dtype = read(member)
    name = quoted(info.filename)
    if dtype.hasobject:
        own = info.filename.removesuffix(".npy")
        code = TEXTS if own == names.get("labels") else SEQUENCES
        raise InvalidTable(
            f"The array {name} holds Python objects, and nothing is unpickled here.",
            code=code.replace("NAME", own).replace("LABELS", names.get("labels", "y")),
        )
    if int(np.prod([int(each) for each in shape], dtype=object)) * dtype.itemsize > info.file_size:
        raise InvalidTable(f"The array {name} is not stored whole.")


def _check_shapes(part: str, values: NDArray, lengths: NDArray | None, labels: NDArray) -> None:
    """Raise `InvalidTable` where types, shapes, lengths or padding do not fit. part: "train_" or ""."""
    if values.ndim not in (2, 3) or values.dtype.kind not in "fiub":
        shapes = "(steps, features) end to end or (sequences, steps, features)"
        found = f"{quoted(values.dtype)} {values.shape}"
        raise InvalidTable(f"{part}values must be numbers, {shapes}, not {found}.")
    if not values.size:
        raise InvalidTable(f"{part}values is {values.shape}: nothing is in it.")
    whole = lengths is None
    lengths = lengths if lengths is None else without_last_of_one(lengths)
    batch = " A batch has three dimensions: (sequences, steps, features)."
    code = "values = values[:, :, None]  # if each row is a sequence of one feature"
    if lengths is None:
        if values.ndim == 2:
            nothing = "and without lengths nothing says which of its rows are a sequence"
            raise InvalidTable(f"{part}values is {values.shape}, {nothing}.{batch}", code=code)
        _check_whole(part, values)
        lengths = np.full(len(values), values.shape[1])
    if lengths.ndim != 1 or lengths.dtype.kind not in "iuf" or not len(lengths):
        raise InvalidTable(f"{part}lengths must be one whole number a sequence, not {lengths.shape}.")
    bad = np.flatnonzero(~(np.isfinite(lengths) & (lengths >= 1) & (lengths == np.floor(lengths))))
    if len(bad):
        entry = f"Entry {bad[0] + 1} of {part}lengths is {lengths[bad[0]]}"
        raise InvalidTable(f"{entry}; a length is a whole number from 1. Leave out empty sequences.")
    steps, count = int(lengths.sum(dtype=object)), len(lengths)
    check_size(steps)
    longest = int(lengths.max())
    if values.ndim == 2 and len(values) != steps:
        adds_up = f"{part}values has {len(values)} steps, but the lengths add up to {steps}."
        raise InvalidTable(adds_up + batch, code=code if len(values) == count else "")
    if values.ndim == 3:
        if len(values) != count or longest > values.shape[1]:
            room = f"no room for {count} sequences of up to {longest} steps"
            raise InvalidTable(f"{part}values {values.shape} has {room}.")
        _check_padding(part, values, lengths.astype(int))
    labels = without_last_of_one(labels)
    fitting = {(count,), (steps,) if values.ndim == 2 else values.shape[:2]}
    numbers, plain = labels.dtype.kind in "iubf", labels.dtype.kind in "iubfU"
    one_hot = numbers and labels.shape[:-1] in fitting and labels.shape[-1] > 1
    one_hot = one_hot and bool(np.isin(labels, (0, 1)).all() and (labels.sum(axis=-1) == 1).all())
    if labels.shape not in fitting or not plain or (one_hot and whole):
        code = "argmax(axis=-1)" if one_hot else "astype(str)"
        raise InvalidTable(
            f"{part}labels must be one a sequence or one a step, not {quoted(labels.dtype)} "
            f"{labels.shape}{', a column for each class' * one_hot}.",
            code=f"{part}labels = {part}labels.{code}" if one_hot or labels.shape in fitting else "",
        )


def _check_whole(part: str, values: NDArray) -> None:
    """Raise `InvalidTable` where a batch without lengths seems padded, or to have its steps last.

    Steps seem last if F > T, and F > MAX_FEATURES, or T is 1, or steps differ by 0.8 or more of what
    features do. Padded: as `apparent_padding` says, behind or in front.
    """
    if values.shape[1] < values.shape[2]:
        # Steps that follow each other are more alike than features that stand side by side.
        by_step, by_feature = (_mean_difference(values, axis) for axis in (1, 2))
        if values.shape[2] > MAX_FEATURES or not by_step < 0.8 * by_feature:
            steps = counted(values.shape[1], "step")
            raise InvalidTable(
                f"{part}values is {values.shape}: {steps} with {values.shape[2]} features, or the "
                "other way round. Steps stand before features: (sequences, steps, features). If they "
                "do, give lengths, one a sequence.",
                code="values = np.swapaxes(values, 1, 2)\n" + WHOLE,
            )
    for at, (where, order) in enumerate((("end", "::-1"), ("begin", ":"))):
        if (found := apparent_padding(values if at else values[:, ::-1])) is None:
            continue
        count, row, alike = found
        step, code = values[row, at - 1].astype(float), ""
        fill, number = "steps that repeat each other", f"{step[0] + 0.0:g}"
        if alike:
            missing, one = np.isnan(step).all(), (step == float(number)).all()
            fill = f"steps of {number}" if one or missing else "one and the same step"
            equal = f"(values == {number if one else f'values[{row}, {at - 1}]'})"
            code = LENGTHS.replace("EQUAL", "np.isnan(values)" if missing else equal)
            code = code.replace("ORDER", order) + ROLL * at
        raise InvalidTable(
            f"{count} of {len(values)} sequences in {part}values {where} with {fill}, which seem to be "
            "padding, and nothing says how long they are. Give lengths, one a sequence, with the "
            "padding behind the end.",
            code=code + WHOLE,
        )


def _mean_difference(values: NDArray, axis: int) -> float:
    """Return the mean |difference| of neighbours along an axis; infinite without finite ones."""
    with np.errstate(all="ignore"):
        apart = np.abs(np.diff(values.astype(np.float32), axis=axis))
        return float(apart[np.isfinite(apart)].mean()) if np.isfinite(apart).any() else np.inf


def apparent_padding(steps: NDArray) -> tuple[int, int, bool] | None:
    """Return (how many sequences seem padded, the first's index, whether all alike); None if none.

    steps: (N, T, F), padding in front. A sequence seems padded if it begins with the step that begins
    most sequences (alike), or repeats its first; far more must than by the share of such steps later.
    The first kind, of a single feature or NaN, is none if any comes later.
    """
    first = np.where(steps[:, 0] == steps[:, 0], steps[:, 0], np.inf)
    _, rows, counts = np.unique(first, axis=0, return_index=True, return_counts=True)
    common = steps[rows[counts.argmax()], 0]
    same, again = _equal_steps(steps, common), _equal_steps(steps[:, 1:], steps[:, :-1])
    lone = steps.shape[2] == 1 or np.isnan(common).all()
    for alike, padded in ((True, same), (True, same[:, 1:] & again), (False, again)):
        run = np.cumprod(padded, axis=1).sum(axis=1)
        run[run == padded.shape[1]] = 0  # nothing would be left
        within = padded[np.arange(padded.shape[1]) > run[:, None]]
        share = float(within.mean()) if len(within) else 0.0
        usual = len(steps) * share
        if padded is same and lone and share:
            continue
        if (run > 0).sum() > 1 + usual + 4 * np.sqrt(usual * (1 - share)) and (run > 1).any():
            return int((run > 0).sum()), int((run > 0).argmax()), alike
    return None


def _check_padding(part: str, values: NDArray, lengths: NDArray) -> None:
    """Raise `InvalidTable` unless all steps of the batch behind the lengths, (N,), are the same."""
    behind = np.arange(values.shape[1]) >= lengths[:, None]
    if _all_alike(values[behind]):
        return
    in_front = _all_alike(values[np.arange(values.shape[1]) < (values.shape[1] - lengths)[:, None]])
    row = int(np.flatnonzero(behind.any(axis=1))[0])
    raise InvalidTable(
        f"Sequence {row + 1} of {part}values goes on behind its length of {lengths[row]}: the padding "
        f"seems to be {'in front of them' if in_front else 'of many values'}. Padding has to stand "
        "behind the end and be the same everywhere.",
        code=ROLL if in_front else "values[np.arange(values.shape[1]) >= lengths[:, None]] = 0",
    )


def _all_alike(steps: NDArray) -> bool:
    """Whether all steps, (n, F), are the same; True without any."""
    return not len(steps) or bool(_equal_steps(steps, steps[0]).all())


def _equal_steps(one: NDArray, other: NDArray) -> NDArray[np.bool_]:
    """Return which steps, (..., F), are the same in every feature, (...); NaN equals NaN."""
    return ((one == other) | ((one != one) & (other != other))).all(axis=-1)
