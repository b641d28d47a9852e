"""One name for everything that a training's numbers depend on.

Results that outlive the process that made them (the store of trainings, what is shipped under `data/`)
are kept under it, so that a change of the code or of a library never shows old numbers as new ones.
"""

from __future__ import annotations

import ast
import hashlib
import platform
from functools import lru_cache
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).parent
#: What a training's numbers come from, relative to the package.
SOURCES = (
    "sequences.py",
    "tasks.py",
    "padding.py",
    "strategies.py",
    "layout.py",
    "scoring.py",
    "lstm.py",
    "learner.py",
    "engine.py",
    "experiment.py",
    "inputs.py",
    "inside",
    "shapes.py",
    "trainee.py",
    "training.py",
    "data/japanese_vowels.npz",
)
LIBRARIES = ("tensorflow", "tensorflow-cpu", "keras", "numpy")


@lru_cache(maxsize=4)
def version(package: Path = PACKAGE) -> str:
    """A digest of what results depend on: code, shipped data, libraries and the kind of processor."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = package / source
        for each in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(hashlib.sha256(_content(each)).digest())
    for name, number in libraries().items():
        digest.update(f"{name} {number};".encode())
    digest.update(platform.machine().encode())
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    """What of a file can change a number: of a module neither comments nor docstrings nor layout."""
    if path.suffix != ".py":
        return path.read_bytes()
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            del node.body[0]
    return ast.dump(tree).encode()


def libraries() -> dict[str, str]:
    """The libraries that compute here, and their versions."""
    found = {}
    for name in LIBRARIES:
        try:
            # The CPU build is the same code under another name.
            found[name.removesuffix("-cpu")] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
