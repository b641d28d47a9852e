"""Write a result to a file and read it back, without pickle: reading a file runs nobody's code.

A result is a dataclass of plain values, tuples, mappings, arrays and other such dataclasses. The file
is an `.npz` archive. Its member `json` holds everything but the arrays; floats come back to the bit.
All arrays of one data type lie end to end in one member, because a run has hundreds of small arrays,
and a member each would take longer than their bytes.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import IO, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
#: The exceptions that `from_plain` raises for a value of another form.
OTHER_FORM = (ValueError, TypeError, KeyError, AttributeError)
#: Name of a data type -> arrays of it, flat, each with where it starts among all their numbers.
_FlatArrays = dict[str, list[tuple[int, NDArray]]]
log = logging.getLogger(__name__)

#: Type of a field -> types of values that may stand there. JSON has one kind of number.
_SCALARS: dict[Any, tuple[type, ...]] = {
    **{each: (each,) for each in (bool, int, str, NoneType)},
    float: (float, int),
}
#: Types of values that JSON holds as they are.
_PLAIN = frozenset(_SCALARS)


def write(result: object, file: Path | IO[bytes], *, compressed: bool = False) -> None:
    """Write a result over a file, an .npz archive, for `read`. Raises OSError where it cannot."""
    arrays: _FlatArrays = defaultdict(list)
    text = json.dumps(to_plain(result, arrays))
    members = {name: np.concatenate([flat for _, flat in each]) for name, each in arrays.items()}
    members["json"] = np.frombuffer(text.encode(), np.uint8)
    save = np.savez_compressed if compressed else np.savez
    save(file, **members)  # pyrefly: ignore[bad-argument-type]


def read(form: type[T], file: Path | IO[bytes], *, part: bool = False) -> T | None:
    """Return the result of type `form` in a file; None if that is missing, damaged or of another form.

    part: `form` has only some top fields of the written result, none with arrays: only these are read.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            plain = json.loads(archive["json"].tobytes())
            if part:
                return from_plain(form, {name: plain[name] for name in _field_types(form)})
            members = {name: archive[name] for name in archive.files if name != "json"}
        return from_plain(form, plain, members)
    except Exception as error:  # a damaged archive raises nearly anything
        log.warning("A kept result cannot be read from %s: %s", getattr(file, "name", file), error)
        return None


def to_plain(value: Any, arrays: _FlatArrays | None = None) -> Any:
    """Return a value in the types that JSON has; a mapping is pairs unless all its keys are text.

    Dataclasses become dicts, tuples lists; a value of any other type stays as it is.

    arrays: receives the value's arrays, of which the result has type, start (in numbers) and shape.
    Without, AssertionError is raised for an array.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, np.ndarray):
        assert arrays is not None, "only files have arrays"
        name = _dtype_name(value.dtype)
        earlier = arrays[name]
        start = earlier[-1][0] + earlier[-1][1].size if earlier else 0
        earlier.append((start, value.ravel()))
        return [name, start, value.shape]
    if is_dataclass(value):
        return {each.name: to_plain(getattr(value, each.name), arrays) for each in fields(value)}
    if isinstance(value, Mapping):
        plain = [(to_plain(key, arrays), to_plain(each, arrays)) for key, each in value.items()]
        return dict(plain) if all(isinstance(key, str) for key in value) else plain
    if isinstance(value, tuple | list):
        # A run has thousands of numbers in its curves: a call for each took most of the time.
        if _PLAIN.issuperset(map(type, value)):
            return list(value)
        return [to_plain(each, arrays) for each in value]
    return value


def from_plain(form: Any, plain: Any, arrays: Mapping[str, NDArray] | None = None) -> Any:
    """Return the value of type `form` that `to_plain` made `plain` of. Raises one of `OTHER_FORM`.

    arrays: data type -> all numbers of that type. An array is cast to the data type of the form; an
    int for a float stays int. A field that is missing has its default, a surplus field is an error.
    """
    kind, of = get_origin(form) or form, get_args(form)
    if kind in _SCALARS:
        if type(plain) not in _SCALARS[kind]:
            raise TypeError(f"{type(plain).__name__} in the place of {kind.__name__}")
        return plain
    if kind in (Union, UnionType):
        return _from_plain_union(of, plain, arrays)
    if kind is np.ndarray:
        (data_type,) = get_args(of[1])
        name, start, shape = plain
        flat = (arrays or {})[name][start : start + int(np.prod(shape))]
        return flat.reshape(shape).astype(data_type, copy=False)
    if kind is tuple:
        forms = of[:1] * len(plain) if of[1:] == (...,) else of
        return tuple(from_plain(*each, arrays) for each in zip(forms, plain, strict=True))
    if kind is Mapping:
        pairs = plain.items() if isinstance(plain, dict) else plain
        return {from_plain(of[0], k, arrays): from_plain(of[1], v, arrays) for k, v in pairs}
    if is_dataclass(kind):
        forms = _field_types(kind)
        make: Any = kind
        return make(**{name: from_plain(forms[name], each, arrays) for name, each in plain.items()})
    return plain  # of any form


def _from_plain_union(forms: tuple[Any, ...], plain: Any, arrays: Mapping[str, NDArray] | None) -> Any:
    """Return the value in the first of the forms that it fits. Raises one of `OTHER_FORM` if none."""
    for form in forms[:-1]:
        try:
            return from_plain(form, plain, arrays)
        except OTHER_FORM:
            continue
    return from_plain(forms[-1], plain, arrays)


@lru_cache(maxsize=64)
def _dtype_name(data_type: np.dtype) -> str:
    """Return `data_type.name`, cached because NumPy makes it anew at each call."""
    return data_type.name


@lru_cache(maxsize=64)
def _field_types(kind: Any) -> dict[str, Any]:
    """Return the type of each field of a dataclass."""
    return get_type_hints(kind)
