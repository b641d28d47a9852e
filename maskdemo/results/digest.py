"""The digest of everything that a kept result was computed from: code, data, libraries.

Results that outlive the process that made them (the store of trainings, what is precomputed under
`data/results/`) are kept under it, so that a change never shows old numbers as new ones. `SOURCES` has
what decides a kept number and nothing else: no colour, title, limit of a setting or sentence. Verdicts
are in no digest because they are never kept: they are computed as they are shown.
"""

from __future__ import annotations

import ast
import hashlib
import platform
from functools import lru_cache
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

_TRAINING = (
    "data/sequences.py",
    "data/tasks.py",
    "data/padding.py",
    "strategies.py",
    "data/batches.py",
    "data/inputs.py",
    "inside/leak.py",
    "training/buckets.py",
    "training/scoring.py",
    "training/lstm.py",
    "training/loss_and_adam.py",
    "training/program.py",
    "training/training_run.py",
    "training/run.py",
    "data/japanese_vowels.npz",
)
_RUN = (*_TRAINING, "training/probes.py")
_CLAIMS = (
    *_RUN,
    "inside/recurrence.py",
    "inside/activations.py",
    "inside/gradient.py",
    "evidence/accuracies.py",
    "article/measurements.py",
    "article/keras_checks.py",
)
PROGRAMS = "article/programs"
#: Of the audit's files those that only read a file, draw, or run it elsewhere: a report is kept under
#: the configuration that it is about.
_BESIDE_AN_AUDIT = (
    "__init__",
    "example_models",
    "html_report",
    "keras_file",
    "pytest_checks",
    "sandbox",
)
_AUDIT = tuple(
    path.relative_to(PACKAGE).as_posix()
    for path in sorted((PACKAGE / "audit").rglob("*.py"))
    if path.stem not in _BESIDE_AN_AUDIT
)
#: Kind of result -> what its numbers come from, relative to the package. "training" is the outcome of
#: one training, of which a study has many; "audit" is a report on a ready example; each program of the
#: article is a kind of its own.
SOURCES = {
    "training": _TRAINING,
    "run": _RUN,
    "claims": _CLAIMS,
    "audit": _AUDIT,
    "guide": (*_RUN, "evidence/accuracies.py"),
    **{
        f"program {path.stem}": ("article/run_program.py", f"{PROGRAMS}/{path.name}")
        for path in sorted((PACKAGE / PROGRAMS).glob("*.py"))
    },
}
LIBRARIES = ("tensorflow", "tensorflow-cpu", "keras", "numpy")


@lru_cache(maxsize=64)
def digest_of(kind: str, package: Path = PACKAGE) -> str:
    """Return a kind's SHA-256 hex digest: of its `SOURCES`, libraries and `platform.machine()`."""
    digest = hashlib.sha256()
    for source in SOURCES[kind]:
        digest.update(_file_digest(package / source))
    for name, number in libraries().items():
        digest.update(f"{name} {number};".encode())
    digest.update(platform.machine().encode())
    return digest.hexdigest()


@lru_cache(maxsize=64)
def _file_digest(path: Path) -> bytes:
    """Return the digest of the part of a file that can change a number."""
    return hashlib.sha256(_deciding_content(path)).digest()


def _deciding_content(path: Path) -> bytes:
    """Return a module's syntax tree without docstrings and arguments of `raise`: what decides a number.

    Data, and a program of the article, whose lines are shown, are returned as they stand.
    """
    if path.suffix != ".py" or path.parent.name == Path(PROGRAMS).name:
        return path.read_bytes()
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            del node.body[0]
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        elif isinstance(node, ast.Assert):
            node.msg = None
    return ast.dump(tree).encode()


def libraries() -> dict[str, str]:
    """Return name -> version of the installed ones among `LIBRARIES`; "-cpu" is no part of a name."""
    numbers: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            # The CPU build is the same code under another name.
            numbers[name.removesuffix("-cpu")] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return numbers
