"""TensorFlow is imported once, unsearched, and whatever goes wrong garbage is searched for again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: In place of TensorFlow, which takes seconds.
IMPORTED = """
import gc, time
assert not gc.isenabled()
print("imported")
time.sleep(0.05)
made = [[] for _ in range(100_000)]
"""
THREADS = """
import gc, threading
from maskdemo.loading import load_tensorflow

loaded = []
def load():
    load_tensorflow()
    import tensorflow
    loaded.append(len(tensorflow.made))

threads = [threading.Thread(target=load) for _ in range(4)]
for each in threads: each.start()
for each in threads: each.join()
assert loaded == 4 * [100_000]
spared = gc.get_freeze_count()
assert gc.isenabled() and spared > 100_000
new = [[] for _ in range(1000)]
load_tensorflow()
assert gc.get_freeze_count() == spared, "what is made later may be garbage"
"""
BROKEN = """
import gc
from maskdemo.loading import load_tensorflow
try:
    load_tensorflow()
except ImportError:
    assert gc.isenabled() and not gc.get_freeze_count()
    print("refused")
"""
OFF = """
import gc
gc.disable()
from maskdemo.loading import load_tensorflow
load_tensorflow()
assert not gc.isenabled()
"""


@pytest.mark.parametrize(
    ("module", "program", "said"),
    [
        (IMPORTED, THREADS, "imported"),
        ("raise ImportError('no such library')", BROKEN, "refused"),
        (IMPORTED, OFF, "imported"),
    ],
    ids=["four threads", "an import that fails", "a process that never searches"],
)
def test_once_and_unsearched(tmp_path: Path, module: str, program: str, said: str):
    (tmp_path / "tensorflow.py").write_text(module)
    found = os.pathsep.join((str(tmp_path), str(ROOT)))
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": found},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [said]
