"""Read the files of `audit`: a model, whose code is run only where it is trusted, and sequences."""

from __future__ import annotations

import csv
import importlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from maskdemo.audit.exception_sentences import short_reason
from maskdemo.errors import UnsupportedModel, quoted


def read_model(
    path: Path, *, trained: bool = False, trust: bool = False, imports: Sequence[str] = ()
) -> Any:
    """Return the Keras model in a .keras file, or of a configuration as JSON.

    trained: with the file's weights, not drawn ones. trust: Lambda and custom layers are allowed, so
    code of the file is run, and weights are loaded from any but JSON. imports: names of modules that
    have the custom layers, only with trust. Raises UnsupportedModel.
    """
    from maskdemo.audit.build_from_config import model_of
    from maskdemo.audit.keras_file import config_text, naming_version

    try:
        content = path.read_bytes()
    except OSError as refused:
        raise UnsupportedModel(f"{path} cannot be read: {refused.strerror}.") from None
    if trust:
        return _trusted_model(path, content, imports)
    if imports:
        raise UnsupportedModel("--import runs code of your own: say --trust as well.")
    with naming_version(content):
        model = model_of(config_text(content))
        return _load_model(path, safe_mode=True) if trained else model


def _trusted_model(path: Path, content: bytes, imports: Sequence[str]) -> Any:
    """Return the model, running code of the file and of the modules `imports`. Raises UnsupportedModel.

    content: of the file. For JSON Keras's safe mode is off from then on.
    """
    import keras

    from maskdemo.audit.keras_file import config_text, is_json, naming_version

    modules = map(_import_module, imports)
    custom = {name: each for module in modules for name, each in _public_callables(module).items()}
    with keras.saving.custom_object_scope(custom), naming_version(content):
        if not is_json(content):
            return _load_model(path, safe_mode=False)
        text = config_text(content)
        keras.config.enable_unsafe_deserialization()
        try:
            return keras.models.model_from_json(text)
        except Exception as refused:  # a class that is not known
            raise UnsupportedModel(_load_sentence(path, refused)) from None


def _import_module(name: str) -> ModuleType:
    """Import a module, from now on also from the current folder; UnsupportedModel if it fails."""
    if "" not in sys.path and (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)  # as `python -m` does, and a command that is installed does not
    try:
        return importlib.import_module(name)
    except Exception as refused:  # whatever a module raises while it runs
        reason = f"{type(refused).__name__}: {short_reason(refused)}"
        raise UnsupportedModel(
            f"--import {name} fails: {reason}. It takes the name of a module, as `import` does."
        ) from None


def _public_callables(module: ModuleType) -> dict[str, Any]:
    """Return name -> callable of a module, also what it imports, without names that begin with "_"."""
    return {name: each for name, each in vars(module).items() if callable(each) and name[0] != "_"}


def _load_model(path: Path, *, safe_mode: bool) -> Any:
    """Load a model, compiled if saved so. safe_mode: run none of its code. Raises UnsupportedModel."""
    import keras

    try:
        return keras.models.load_model(path, safe_mode=safe_mode)
    except Exception as refused:  # a class that is not known, a file that is damaged
        raise UnsupportedModel(_load_sentence(path, refused)) from None


def _load_sentence(path: Path, refused: Exception) -> str:
    """Return a sentence on why Keras cannot load a file, with `--import` if a class is missing."""
    hint = (
        " If the class is your own, name its module: --import my_layers --trust."
        if "Could not locate" in str(refused) or "Unknown layer" in str(refused)
        else ""
    )
    return f"Keras cannot load {path.name}: {short_reason(refused)}{hint}"


def read_sequences(path: Path) -> Any:
    """Return the sequences of a .csv file or, else, a NumPy archive: a list, or input -> list.

    Raises UnsupportedModel, also for none.
    """
    try:
        if path.suffix.lower() == ".csv":
            with path.open(newline="", encoding="utf-8-sig") as lines:
                sequences = sequences_in(lines)
        else:
            sequences = _from_npz(path)
    except UnicodeDecodeError:
        raise UnsupportedModel(f"{path.name} holds no sequences: it is no text in UTF-8.") from None
    except Exception as refused:  # whatever a damaged file makes of its readers
        raise UnsupportedModel(f"{path.name} holds no sequences: {short_reason(refused)}") from None
    if not sequences:
        raise UnsupportedModel(f"{path.name} holds no sequences.")
    return sequences


def _from_npz(path: Path) -> Any:
    """Return an archive's arrays, in its order, as a list; if all names are like "input/1", by input.

    Raises UnsupportedModel for a single array.
    """
    arrays = np.load(path, allow_pickle=False)
    if isinstance(arrays, np.ndarray):
        raise UnsupportedModel("it is a single array; save one a sequence with numpy.savez.")
    with arrays:
        if not all("/" in name for name in arrays):
            return [arrays[name] for name in arrays]
        inputs: dict[str, list[np.ndarray]] = {}
        for name in arrays:
            inputs.setdefault(name.partition("/")[0], []).append(arrays[name])
        return inputs


def sequences_in(lines: Iterable[str]) -> list[np.ndarray]:
    """Return the sequences, (T, F) float32, of a CSV table: a row a step, the sequence's name first.

    Rows of one name are one sequence, wherever they stand. Empty rows are skipped, and so is a first
    row with a word among its values. Raises UnsupportedModel for rows that differ in columns, or hold
    no number.

    >>> sequences_in(["name,x", "a,1", "", "a,2", "b,3"])
    [array([[1.],
           [2.]], dtype=float32), array([[3.]], dtype=float32)]
    """
    rows: dict[str, list[list[float]]] = {}
    reader = csv.reader(lines)
    width = first = 0
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        name, *values = row
        if not width:
            first, width = reader.line_num, len(row)
        elif len(row) != width:
            raise UnsupportedModel(
                f"lines {first} and {reader.line_num} differ in columns: {width} and {len(row)}."
            )
        if not values:
            raise UnsupportedModel(
                f"line {reader.line_num} has no comma; each line is the sequence's name and its values."
            )
        numbers = [_number(value) for value in values]
        if None not in numbers:
            rows.setdefault(name, []).append([each for each in numbers if each is not None])
        elif reader.line_num != first:
            column = numbers.index(None)
            raise UnsupportedModel(
                f"line {reader.line_num}, column {column + 2}: {quoted(values[column])} is no number."
            )
    with np.errstate(over="ignore"):  # the audit tells of numbers that are too large
        return [np.array(steps, "float32") for steps in rows.values()]


def _number(text: str) -> float | None:
    """Return the number of a cell, or None; `1_0` is no number, `nan` and `inf` are numbers."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
