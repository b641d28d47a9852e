"""TensorFlow is imported once, without garbage collection, which is on again whatever goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: In place of TensorFlow, which takes seconds.
IMPORTED = """
import gc
assert not gc.isenabled()
print("imported")
made = [[] for _ in range(100_000)]
"""
#: Is not there before all four have asked for it.
AWAITED = f"""
from __main__ import asking
for _ in range(4): asking.acquire()
{IMPORTED}
"""
THREADS = """
import gc, sys, threading
sys.setswitchinterval(1e-6)
from maskdemo.loading import load_tensorflow

loaded, asking = [], threading.Semaphore(0)
def load():
    asking.release()
    load_tensorflow()
    loaded.append(len(sys.modules["tensorflow"].made))  # an import would wait by itself

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
        (AWAITED, THREADS, "imported"),
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
