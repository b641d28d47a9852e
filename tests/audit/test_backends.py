"""The audit on Keras's other backends, each in a process of its own: the same verdicts and layers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Small models and few sequences: JAX compiles every operation for every shape.
PROGRAM = """
import json, warnings
warnings.simplefilter("ignore")
import keras
from keras import layers
from maskdemo.audit import audit

def model(*between):
    first = [keras.Input((None, 3)), layers.Masking(), *between]
    return keras.Sequential([*first, layers.Dense(2), layers.GlobalAveragePooling1D(name="mean")])

def report_on(model):
    return audit(model, added=(1,), count=2, saved=False)

right, wrong = report_on(model()), report_on(model(layers.Conv1D(3, 1, name="conv")))
steps = keras.Sequential([keras.Input((None, 3)), layers.Masking(), layers.Lambda(lambda x: 2 * x)])
steps.compile("sgd", "mse", metrics=["mae"])
print(json.dumps({
    "backend": keras.backend.backend(),
    "right": right.clean,
    "wrong": [[each.cause, each.layer] for each in wrong.leaks],
    "steps": report_on(steps).clean,
    "also": right.tried.also,
}))
"""


@pytest.mark.fuzz
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_the_same_verdicts_and_what_needs_tensorflow_is_said(backend, tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["backend"] == backend and told["right"]
    assert told["wrong"] == [["dropped_with_warning", "conv"]]
    assert not told["steps"]
    assert any("that needs Keras on TensorFlow" in each for each in told["also"])
