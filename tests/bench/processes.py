"""The opening experiment as whole processes: its exported Keras script, and our command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from maskdemo.scenarios import OPENING
from tests.bench.contender import ROOT


def figures(log: Path) -> dict[str, float]:
    """How many times as long the script takes, with and without programs of an earlier process."""
    with TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        ours = ("-m", "maskdemo", "run", OPENING)
        _seconds(log, folder, "-m", "maskdemo", "export", OPENING, "--to", "script", str(script))
        uncompiled = _seconds(log, folder, *ours)
        compiled = min(_seconds(log, folder, *ours) for _ in range(2))
        keras = _seconds(log, folder, str(script))
    return {
        "run_vs_keras_script": keras / compiled,
        "run_vs_keras_script_uncompiled": keras / uncompiled,
        "keras_script_s": keras,
        "run_compiled_s": compiled,
        "run_uncompiled_s": uncompiled,
    }


def _seconds(log: Path, store: str, *command: str) -> float:
    """Of a whole process that keeps what it compiles in `store`."""
    given = {key: value for key, value in os.environ.items() if key != "TF_XLA_FLAGS"}
    began = time.perf_counter()
    with log.open("a") as sink:
        subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env={**given, "MASKDEMO_STORE": store},
            stdout=sink,
            stderr=sink,
            check=True,
        )
    return time.perf_counter() - began
