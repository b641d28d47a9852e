"""Measure every budget, show a table, write `build/bench.json`: `python -m tests.bench [PART ...]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.bench import audit, epochs, page, processes, study
from tests.bench.budgets import BUDGETS, table
from tests.bench.contender import ROOT

BUILD = ROOT / "build"
#: What is measured together; each takes one to three minutes on a machine with nothing else to do.
PARTS: Mapping[str, Callable[[Path], dict[str, float]]] = {
    "epochs": epochs.figures,
    "processes": processes.figures,
    "study": study.figures,
    "page": page.figures,
    "audit": audit.figures,
}


def machine() -> dict[str, str | int | None]:
    """What the figures belong to."""
    found: dict[str, str | int | None] = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    for package in ("tensorflow-cpu", "tensorflow", "keras", "torch", "jax", "streamlit"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def as_json(measured: Mapping[str, float]) -> dict[str, Any]:
    """The figures of budgets by name, a name with a dot in the mapping before it; the others behind."""
    budgets = {each.name for each in BUDGETS}
    found: dict[str, Any] = {"behind": {}, "machine": machine()}
    for name, figure in measured.items():
        place, _, within = name.partition(".")
        if name not in budgets:
            found["behind"][name] = figure
        elif within:
            found.setdefault(place, {})[within] = figure
        else:
            found[name] = figure
    return found


def main() -> None:
    """Measure, show, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; or all")
    parts = parser.parse_args().parts or list(PARTS)
    if unknown := set(parts) - set(PARTS):
        parser.error(f"There is no part {', '.join(sorted(unknown))}.")
    BUILD.mkdir(exist_ok=True)
    log = BUILD / "bench.log"
    log.write_text("")
    measured: dict[str, float] = {}
    for part in parts:
        began = time.monotonic()
        print(f"{part.capitalize()} ...", flush=True)
        figures = PARTS[part](log)
        measured |= figures
        # Shown at once, so that a later part that fails takes no figures with it.
        print(f"{table(figures)}\n  {time.monotonic() - began:.0f} s\n", flush=True)
    found = as_json(measured)
    for name, figure in found["behind"].items():
        print(f"{name:<48}{figure:>10.4g}")
    if set(parts) == set(PARTS):
        (BUILD / "bench.json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
