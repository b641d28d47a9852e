"""The plan of the rooms, held: who may import whom, what stays light, how long a file may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "maskdemo"

# The rooms in their order: a room may import from rooms before it, never from one
# after it. A new room takes its place here; one that is not built yet does no harm.
ORDER = (
    # What needs nothing of the others.
    *("errors", "archives", "machine", "loading", "templates", "titles"),
    *("results.digest", "results.codec"),
    # What there is to learn, and the ways of handling its padding.
    *("data.sequences", "data.tasks", "data.padding", "strategies"),
    # What somebody wants to know.
    *("setting_kinds", "experiment", "caching", "data.batches", "data.inputs", "scenarios", "data"),
    # What a training results in; one sequence from the inside; how a network is trained.
    *("training.snapshot", "training.scoring", "inside", "training.probes"),
    "training.buckets",
    *("training.lstm", "training.compile_cache", "training.program_cache", "training.loss_and_adam"),
    *("training.program", "training.training_run", "training.run", "training"),
    # What it entitles us to say; trainings that are kept; over many experiments; about the article.
    *("evidence", "results.trainings", "study", "article", "guide"),
    # Other people's models; what is kept of all these; other people's data.
    *("audit", "results", "uploads"),
    # What people see and take away.
    *("charts", "export", "server", "cli", "__main__", "ui"),
)

# What a page needs before its first paint. TensorFlow takes seconds to import.
LIGHT = ("data.tasks", "data.padding", "strategies", "experiment", "charts", "server")
HEAVY = ("tensorflow", "keras", "torch", "jax")

MAX_LINES = 300


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules(root: Path) -> dict[str, Path]:
    """Every module of the package, the pages and the start script, by its dotted name."""
    return {name_of(path): path for path in (root / "app.py", *sources("maskdemo", "pages"))}


@cache
def imports(path: Path, *, top_level: bool = False) -> tuple[str, ...]:
    """Every module that a file imports, also inside functions and only for types.

    `from a import b` is the module `a.b` if there is one, else `a`: whoever asks a package for one of
    its modules does not need what the package's own file gathers.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = modules(ROOT)
    package = name_of(path).split(".")
    if path.name != "__init__.py":
        package.pop()
    found: list[str] = []
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                found.append(name if (name := f"{base}.{alias.name}") in known else base)
    return tuple(found)


def room_of(module: str) -> str | None:
    """The room of `maskdemo.room[.more]`: a module that has a place of its own, else its folder."""
    first, _, rest = module.partition(".")
    if first != PACKAGE.name or not rest:
        return None
    room = ".".join(rest.split(".")[:2])
    if room in ORDER:
        return room
    room = rest.partition(".")[0]
    there = (PACKAGE / f"{room}.py").exists() or (PACKAGE / room).is_dir()
    return room if there else None


def tracked_files() -> list[Path]:
    """What git has or would take; without git, nothing can be said."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("This is not a git work tree, so there is no list of tracked files.")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_only_the_ui_imports_streamlit():
    offenders = {
        name_of(path)
        for path in sources("maskdemo")
        if (PACKAGE / "ui") not in path.parents
        and any(name.split(".")[0] == "streamlit" for name in imports(path))
    }
    assert not offenders


def test_every_room_has_its_place():
    rooms = {room for path in sources("maskdemo") if (room := room_of(name_of(path)))}
    assert not rooms - set(ORDER), "Give the new room a place in ORDER above."


def test_imports_run_downward():
    upward = {
        f"{room} imports {other}"
        for path in sources("maskdemo")
        if (room := room_of(name_of(path)))
        for name in imports(path)
        if (other := room_of(name)) and ORDER.index(other) > ORDER.index(room)
    }
    assert not upward


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in turn, the first again at the end; none if there are none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_nothing_imports_in_a_circle():
    known = modules(ROOT)
    graph = {name: set(imports(path)) & known.keys() - {name} for name, path in known.items()}
    assert not circle(graph)


def test_a_circle_would_be_found():
    straight = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert not circle(straight)
    assert set(circle({**straight, "c": {"a"}})) >= {"a", "c"}


def test_an_import_is_found_wherever_it_stands(tmp_path, monkeypatch):
    file = tmp_path / "maskdemo" / "room" / "module.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "from typing import TYPE_CHECKING\n"
        "from . import other\n"
        "from ..data.tasks import TASKS\n"
        "if TYPE_CHECKING:\n    from maskdemo.training.snapshot import Snapshot\n"
        "def late():\n    import keras\n    from maskdemo import charts\n"
    )
    for module in ("room/other", "data/tasks", "training/snapshot", "charts"):
        path = tmp_path / "maskdemo" / f"{module}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    (tmp_path / "app.py").write_text("")
    monkeypatch.setattr("tests.test_architecture.ROOT", tmp_path)
    top = {"typing", "maskdemo.room.other", "maskdemo.data.tasks"}
    assert set(imports(file, top_level=True)) == top
    assert set(imports(file)) == top | {"maskdemo.training.snapshot", "keras", "maskdemo.charts"}


def test_the_server_looks_into_no_model_of_a_stranger():
    """It passes the bytes on. Only the process of an audit can be ended while it reads them."""
    looking = {
        f"maskdemo.audit.{each}" for each in ("keras_file", "configuration", "build_from_config")
    }
    assert all(is_module(each) for each in looking)
    offenders = {
        name_of(path)
        for path in sources("maskdemo/ui", "maskdemo/server", "pages")
        if looking & set(imports(path))
    }
    assert not offenders


def test_first_paint_does_not_wait_for_tensorflow():
    """The core a page needs, and all that pages import at the top, in a fresh process."""
    wanted = [name for room in LIGHT if is_module(name := f"maskdemo.{room}")]
    scripts = [path for path in (ROOT / "app.py", *sources("pages")) if path.exists()]
    imported = {name for path in scripts for name in imports(path, top_level=True)}
    wanted += sorted(name for name in imported if is_module(name))
    program = f"""
import importlib, sys
for name in {wanted!r}:
    importlib.import_module(name)
    heavy = [module for module in {HEAVY!r} if module in sys.modules]
    if heavy:
        sys.exit(f"importing {{name}} imports {{', '.join(heavy)}}")
"""
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def is_module(name: str) -> bool:
    """Whether a dotted name from an import is a module rather than something in one."""
    if not name.startswith("maskdemo"):
        return "." not in name and name != "__future__"
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def test_no_module_is_too_long():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "app.py", *sources("maskdemo", "pages"))
        if path.exists()
    }
    assert not {name: lines for name, lines in lengths.items() if lines > MAX_LINES}


def test_nothing_names_a_machine():
    # Put together here so that this file does not name them either.
    paths = [f"/{folder}/" for folder in ("work", "tmp", "home", "root")] + ["site-" + "packages"]
    pattern = re.compile("|".join(map(re.escape, paths)) + "|" + r"\bagents?" + r"\b", re.I)
    named = []
    for path in tracked_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, start=1):
            if found := pattern.search(line):
                named.append(f"{path.relative_to(ROOT)}:{number}: {found.group()}")
    assert not named
