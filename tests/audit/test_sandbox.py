"""An audit in a process of its own: told step by step, bounded, and gone afterwards."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from maskdemo.audit.example_models import EXAMPLES
from maskdemo.audit.report import Report
from maskdemo.audit.sandbox import STAGES, AuditRun
from tests.audit.hostile import archive, layer, model

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import json, sys
from dataclasses import asdict
from maskdemo.audit.sandbox import audit_in_sandbox
runs = list(audit_in_sandbox(sys.stdin.buffer.read()))
try:
    with open("canary", "w") as canary:
        canary.write("x")
    written = True
except OSError:
    written = False
import resource
print(json.dumps({"runs": [asdict(run) for run in runs], "written": written,
                  "bounded": resource.getrlimit(resource.RLIMIT_AS)[0] > 0,
                  "keras": "keras" in sys.modules}))
"""


def told_by_a_process(content: bytes, folder: Path) -> dict:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=content,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "PATH": ""},
        capture_output=True,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX's")
def test_a_process_tells_its_steps_and_can_write_nothing(tmp_path):
    told = told_by_a_process(EXAMPLES["convolution"].config.encode(), tmp_path)
    runs = [AuditRun(**each) for each in told["runs"]]
    stages = list(dict.fromkeys(run.stage for run in runs))
    assert stages == list(STAGES)
    assert [run.done for run in runs] == sorted(run.done for run in runs)
    report = runs[-1].parsed_report
    assert isinstance(report, Report) and report.leaks[0].layer == "convolution"
    assert not told["written"] and told["bounded"]
    assert (tmp_path / "canary").exists() is False or not (tmp_path / "canary").read_bytes()


def test_what_is_refused_is_refused_before_keras_is_loaded(tmp_path):
    told = told_by_a_process(archive(model(layer("Lambda"))), tmp_path)
    runs = [AuditRun(**each) for each in told["runs"]]
    assert "'Lambda' is no layer" in runs[-1].error and not told["keras"]
    assert {run.stage for run in runs} == {STAGES[0]}


def test_a_sentence_where_there_is_no_report():
    run = AuditRun(STAGES[1], error="It has no layers.")
    assert run.done == 1.0 and run.parsed_report is None
