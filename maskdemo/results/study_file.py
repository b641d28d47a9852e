"""What a finished study found as one JSON file, and back: a row a training, in the study's order.

Which trainings these are is decided by code that is in no digest (defaults, what a variable changes,
the order of training), so the file has a hash of all their settings: with others it cannot be read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, fields
from pathlib import Path

from maskdemo.study import Findings, Study
from maskdemo.training.snapshot import Outcome

COLUMNS = tuple(each.name for each in fields(Outcome))


def write(findings: Findings, path: Path) -> None:
    """Write a finished study. Raises KeyError where a training is missing."""
    rows = [astuple(findings.outcomes[each]) for each in findings.study.trainings()]
    said = {"study": findings.study.to_params(), "seconds": findings.seconds, "columns": COLUMNS}
    said["trainings"] = _hash_of_trainings(findings.study)
    lines = ",\n".join(json.dumps(row) for row in rows)
    path.write_text(f'{json.dumps(said)[:-1]}, "rows": [\n{lines}\n]}}\n', encoding="utf-8")


def read(path: Path) -> Findings:
    """The findings of a file. Raises OSError, ValueError, KeyError or TypeError where it is none."""
    said = json.loads(path.read_text(encoding="utf-8"))
    study = Study.from_params(said["study"])
    if said["trainings"] != _hash_of_trainings(study):
        raise ValueError("the study has other trainings by now")
    outcomes = (Outcome(**dict(zip(said["columns"], row, strict=True))) for row in said["rows"])
    return Findings(
        study=study,
        outcomes=dict(zip(study.trainings(), outcomes, strict=True)),
        seconds=said["seconds"],
        finished=True,
    )


def _hash_of_trainings(study: Study) -> str:
    settings = [[each.experiment.to_json(), each.repeat] for each in study.trainings()]
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()
