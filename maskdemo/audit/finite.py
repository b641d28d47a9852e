"""Sequences for which a model's outputs are NaN or infinite, and where that begins.

A difference to NaN says nothing, so such a sequence cannot show whether padding leaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maskdemo.audit.behaviour import inside
from maskdemo.audit.entries import Entry
from maskdemo.audit.running import numbers
from maskdemo.audit.samples import Row, Samples
from maskdemo.audit.trace import Call, trace

#: Sequences whose numbers a sentence lists before it counts the others.
_LISTED = 5


@dataclass(frozen=True)
class LeftOut:
    """A sequence that is left out. index: its place among all of them. why: a clause."""

    index: int
    why: str


def in_sequence(entries: Iterable[Entry], row: Row) -> str:
    """A clause that says where a sequence itself is not finite; empty where it is."""
    for entry in entries:
        array = _as_received(row[entry.name], entry)
        finite = np.isfinite(array) if array.dtype.kind == "f" else np.True_
        if finite.all():
            continue
        if not entry.is_sequence:
            return f"{_kind(array)} stands in {entry.name!r}"
        step = int(np.argmin(finite.reshape(len(array), -1).all(axis=1)))
        return f"{_kind(array[step])} stands at step {step + 1} of {entry.name!r}"
    return ""


def in_whole_numbers(entries: Iterable[Entry], row: Row) -> str:
    """The same for inputs of whole numbers, among which NaN and infinity turn into some number."""
    whole = [each for each in entries if each.kind == "tokens" or "int" in each.dtype]
    return in_sequence(whole, row)


def in_model(model: Any, samples: Samples, rows: Sequence[int], steps: int | None) -> dict[int, str]:
    """A clause for each of these sequences: the first layer in the computation that is not finite."""
    if steps is not None:
        for entry in samples.entries:
            if entry.is_sequence and not np.isfinite(entry.pad_value):
                return dict.fromkeys(rows, f"no finite number stands at padded steps of {entry.name!r}")
    found: dict[int, str] = {}
    for group in samples.by_length().values():
        mine = [row for row in group if row in rows]
        if not mine:
            continue
        alone = steps is None
        batch = samples.rectangle(mine, "post") if alone else inside(samples, mine, "post", steps)
        calls = trace(model, batch).calls
        found |= {row: _begins(calls, at, len(mine)) for at, row in enumerate(mine)}
    return found


def sentences(left_out: Sequence[LeftOut], of: int) -> tuple[str, ...]:
    """One sentence for each reason: in which sequences, of how many, what is not finite."""
    places: dict[str, list[int]] = {}
    for each in left_out:
        places.setdefault(each.why, []).append(each.index + 1)
    return tuple(f"In {_listed(mine, of)} {why}." for why, mine in places.items())


def _listed(places: list[int], of: int) -> str:
    if len(places) == of and of > 1:
        return f"all {of} sequences"
    if len(places) == 1:
        return f"sequence {places[0]} of {of}"
    more = f" and {len(places) - _LISTED} more" if len(places) > _LISTED else ""
    return f"sequences {', '.join(map(str, places[:_LISTED]))}{more} of {of}"


def _begins(calls: Sequence[Call], at: int, of: int) -> str:
    for call in calls:
        for output in call.outputs:
            mine = output[at] if output.ndim and len(output) == of else output
            if not np.isfinite(mine).all():
                return (
                    f"{call.name!r} ({type(call.layer).__name__}) is the first layer that puts out "
                    f"{_kind(mine)}{_of_weights(call.layer)}"
                )
    return "the model puts out NaN or infinity as one graph, though not layer by layer"


def _of_weights(layer: Any) -> str:
    for variable in getattr(layer, "weights", ()):
        values = numbers(variable)
        if not np.isfinite(values).all():
            return f"; its weights hold {_kind(values)}"
    return ""


def _kind(array: np.ndarray) -> str:
    return "NaN" if np.isnan(array).any() else "infinity"


def _as_received(array: np.ndarray, entry: Entry) -> np.ndarray:
    """The numbers in the precision of the input, where a large one may be infinite."""
    if array.dtype.kind != "f" or not entry.dtype.startswith("float"):
        return array
    with np.errstate(over="ignore"):
        return array.astype(entry.dtype)
