"""The audit over the zoo: seconds a model, false alarms, and what was missed.

`python -m tests.bench.audit` prints the figures as JSON; `figures` runs that in a process of its own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

from tests.bench.contender import ROOT

#: Audits before those that count, so that TensorFlow is awake.
WARM_UP = 2


def figures(log: Path) -> dict[str, float]:
    """audit_median_s, audit_false_alarms, audit_missed."""
    with log.open("a") as sink:
        run = subprocess.run(
            [sys.executable, "-m", "tests.bench.audit"],
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            check=True,
        )
    return json.loads(run.stdout.splitlines()[-1])


def measured() -> dict[str, float]:
    """The same, measured in this process."""
    import keras

    from maskdemo.audit import audit
    from tests.audit.zoo import ZOO

    # Of the others no verdict is possible: the zoo's tests hold the reason that they give.
    specimens = [each for each in ZOO.values() if not each.cannot]
    seconds, false_alarms, missed = [], 0, 0
    for at, specimen in enumerate([*specimens[:WARM_UP], *specimens]):
        keras.utils.clear_session(free_memory=False)
        model = specimen.build()
        keras.config.set_dtype_policy("float32")
        began = time.perf_counter()
        report = audit(model, **specimen.given)
        if at < WARM_UP:
            continue
        seconds.append(time.perf_counter() - began)
        found = [(each.cause, each.layer) for each in report.leaks]
        if specimen.cause:
            missed += (specimen.cause, specimen.layer) not in found
        else:
            false_alarms += not report.clean
    return {
        "audit_median_s": statistics.median(seconds),
        "audit_false_alarms": float(false_alarms),
        "audit_missed": float(missed),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(measured()))
