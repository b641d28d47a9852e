"""`audit FILE` says whether padding leaks into a Keras model, and at which layer."""

from __future__ import annotations

import csv
import sys
import warnings
import zipfile
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

#: What the command returns: nothing leaks, something does, nothing can be said.
CLEAN, LEAKS, CANNOT = 0, 1, 2


def add_to(commands) -> None:
    """Add the command to the parser's."""
    audit = commands.add_parser(
        "audit",
        help="say whether padding leaks into a Keras model",
        description="Exit code 0: nothing leaks. 1: something does. 2: it cannot be audited.",
    )
    audit.add_argument("model", type=Path, help="a .keras file, or a configuration as model.to_json()")
    audit.add_argument(
        "--sequences",
        type=Path,
        metavar="FILE",
        help="an .npz with an array a sequence, named input/sequence where there are several inputs; "
        "or a .csv: a row a step, the sequence's name first",
    )
    audit.add_argument("--json", action="store_true", help="print everything as JSON")
    audit.add_argument("--html", type=Path, metavar="FILE", help="also write the report as a page")
    audit.add_argument("--pad-value", type=float, help="what padded steps hold")
    audit.add_argument(
        "--trained",
        action="store_true",
        help="load the file's weights and measure with them, rather than with drawn ones",
    )
    audit.add_argument(
        "--trust",
        action="store_true",
        help="allow Lambda and custom layers: this runs code that the file brings",
    )
    audit.set_defaults(answer=_answer)


def _answer(given: Namespace) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns of masks; the report says what is true of it
        return _audited(given)


def _audited(given: Namespace) -> int:
    from maskdemo.audit import audit
    from maskdemo.audit.page import as_page

    report = audit(
        _model(given),
        _sequences(given.sequences) if given.sequences else None,
        pad_value=given.pad_value,
        trained=given.trained,
        saved=given.trained or given.trust,
        tell=lambda stage: print(f"{stage} ...", file=sys.stderr),
    )
    if given.html:
        given.html.write_text(as_page(report), encoding="utf-8")
    print(report.to_json() if given.json else report)
    return CLEAN if report.clean else LEAKS


def _model(given: Namespace) -> Any:
    """Built anew from the configuration in the file, unless its weights or its code are wanted."""
    from maskdemo.audit.archive import config_text
    from maskdemo.audit.rebuild import model_of

    if given.trust:
        return _loaded(given.model, safe_mode=False)
    config = config_text(_read(given.model))
    model = model_of(config)
    return _loaded(given.model, safe_mode=True) if given.trained else model


def _loaded(path: Path, *, safe_mode: bool) -> Any:
    import keras

    from maskdemo.audit.trying import reason

    try:
        return keras.models.load_model(path, safe_mode=safe_mode)
    except Exception as refused:  # a class that is not known, a file that is damaged
        raise ValueError(f"Keras cannot load {path.name}: {reason(refused)}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as refused:
        raise ValueError(f"{path} cannot be read: {refused.strerror}.") from None


def _sequences(path: Path) -> Any:
    """Sequences from a file: a list, or lists by the name of the input."""
    try:
        found = _from_csv(path) if path.suffix == ".csv" else _from_npz(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as refused:
        raise ValueError(f"{path.name} holds no sequences: {refused}") from None
    if not found:
        raise ValueError(f"{path.name} holds no sequences.")
    return found


def _from_npz(path: Path) -> Any:
    with np.load(path, allow_pickle=False) as arrays:
        if not all("/" in name for name in arrays):
            return [arrays[name] for name in arrays]
        inputs: dict[str, list[np.ndarray]] = {}
        for name in arrays:
            inputs.setdefault(name.partition("/")[0], []).append(arrays[name])
        return inputs


def _from_csv(path: Path) -> list[np.ndarray]:
    rows: dict[str, list[list[float]]] = {}
    with path.open(newline="", encoding="utf-8") as lines:
        for at, (name, *values) in enumerate(csv.reader(lines)):
            try:
                rows.setdefault(name, []).append([float(value) for value in values])
            except ValueError:
                if at:  # the first line may be a head
                    raise
                del rows[name]
    return [np.array(steps, "float32") for steps in rows.values()]
