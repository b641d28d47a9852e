"""The model that `audit` is given: built from a configuration, or loaded where it is trusted."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from maskdemo.audit.error_sentences import short_reason
from maskdemo.errors import UnsupportedModel


def model_in(
    path: Path, *, trained: bool = False, trust: bool = False, imports: Sequence[str] = ()
) -> Any:
    """Return the model in a .keras file or a configuration.

    trained: with the file's weights. trust: Lambda and custom layers are allowed, so code of the file
    is run. imports: names of modules that have the custom layers. Raises UnsupportedModel.
    """
    from maskdemo.audit.keras_file import config_text, naming_version
    from maskdemo.audit.rebuild import model_of

    content = _read_bytes(path)
    if trust:
        return _trusted_model(path, content, imports)
    if imports:
        raise UnsupportedModel("--import runs code of your own: say --trust as well.")
    with naming_version(content):
        model = model_of(config_text(content))
        return _load_model(path, safe_mode=True) if trained else model


def _trusted_model(path: Path, content: bytes, imports: Sequence[str]) -> Any:
    """Return the model, whatever code the file or these modules bring."""
    import keras

    from maskdemo.audit.keras_file import config_text, is_json, naming_version

    custom = {name: each for module in imports for name, each in _classes_of(_imported(module)).items()}
    with keras.saving.custom_object_scope(custom), naming_version(content):
        if not is_json(content):
            return _load_model(path, safe_mode=False)
        text = config_text(content)
        keras.config.enable_unsafe_deserialization()
        try:
            return keras.models.model_from_json(text)
        except Exception as refused:  # a class that is not known
            raise UnsupportedModel(_load_sentence(path, refused)) from None


def _imported(name: str) -> ModuleType:
    """Return a module that is installed or stands in the current folder."""
    if "" not in sys.path and (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)  # as `python -m` does, and a command that is installed does not
    try:
        return importlib.import_module(name)
    except Exception as refused:  # whatever a module raises while it runs
        reason = f"{type(refused).__name__}: {short_reason(refused)}"
        raise UnsupportedModel(
            f"--import {name} fails: {reason}. It takes the name of a module, as `import` does."
        ) from None


def _classes_of(module: ModuleType) -> dict[str, Any]:
    """Return what a configuration may name: the classes and functions of a module."""
    return {name: each for name, each in vars(module).items() if callable(each) and name[0] != "_"}


def _load_model(path: Path, *, safe_mode: bool) -> Any:
    import keras

    try:
        return keras.models.load_model(path, safe_mode=safe_mode)
    except Exception as refused:  # a class that is not known, a file that is damaged
        raise UnsupportedModel(_load_sentence(path, refused)) from None


def _load_sentence(path: Path, refused: Exception) -> str:
    hint = (
        " If the class is your own, name its module: --import my_layers --trust."
        if "Could not locate" in str(refused) or "Unknown layer" in str(refused)
        else ""
    )
    return f"Keras cannot load {path.name}: {short_reason(refused)}{hint}"


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as refused:
        raise UnsupportedModel(f"{path} cannot be read: {refused.strerror}.") from None
