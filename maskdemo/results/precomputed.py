"""Find a result that was computed in advance; None where there is none, or it is stale or damaged.

`make evidence` writes one file per result, and `made.json` with when and with what each kind is made.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from maskdemo.article.measurements import Measurements
from maskdemo.article.program_run import ProgramRun
from maskdemo.audit.report import Report
from maskdemo.data.inputs import Chance
from maskdemo.evidence import Accuracies, Mark, mark
from maskdemo.experiment import Experiment
from maskdemo.results import codec, digest
from maskdemo.scenarios import SCENARIOS, scenario_of
from maskdemo.study import Findings, Study
from maskdemo.study.questions import question_of
from maskdemo.training.snapshot import Curve, Snapshot

FOLDER = Path(__file__).parents[1] / "data" / "results"


@dataclass(frozen=True)
class Provenance:
    """When and with what a kind of result was computed.

    digest: of the kind (`maskdemo.results.digest`). day: as ISO date. libraries: name -> version.
    """

    digest: str
    day: str
    processor: str
    libraries: Mapping[str, str]

    @property
    def date(self) -> str:
        """The day as people write it: `29 November 2026`."""
        day = date.fromisoformat(self.day)
        return f"{day.day} {day:%B %Y}"

    @property
    def sentence(self) -> str:
        """A sentence on day, libraries and processor, shown with the result."""
        with_these = ", ".join(f"{name} {number}" for name, number in self.libraries.items())
        return f"Computed in advance on {self.date} with {with_these} ({self.processor})."


def run(experiment: Experiment, folder: Path = FOLDER) -> Snapshot | None:
    """Return the finished run of a scenario's experiment; None if not known or stale."""
    scenario = scenario_of(experiment)
    result = scenario and _fresh_result("run", Snapshot, folder / f"run-{scenario.name}.npz")
    # The scenario may have had other settings when it was run.
    return result if result and result.experiment == experiment else None


@dataclass(frozen=True)
class _Judged:
    """The fields of a `Snapshot` that `mark` reads."""

    experiment: Experiment
    curves: tuple[Curve, ...]
    chance: Chance


def marks() -> dict[str, Mark]:
    """Return scenario -> mark, of those with a precomputed run; empty if these are stale."""
    if not provenance("run"):
        return {}
    return {name: each for name in SCENARIOS if (each := _mark_of_scenario(name))}


@lru_cache(maxsize=len(SCENARIOS))
def _mark_of_scenario(scenario: str) -> Mark | None:
    """Return the mark of a scenario's precomputed run, even stale; None if missing or set otherwise."""
    judged: Any = codec.read(_Judged, FOLDER / f"run-{scenario}.npz", part=True)
    same = judged and judged.experiment == SCENARIOS[scenario].experiment
    return mark(judged) if same else None


def study(wanted: Study, folder: Path = FOLDER) -> Findings | None:
    """Return the findings of a named question's study; None if not known, incomplete or stale."""
    if not (question := question_of(wanted)):
        return None
    result = _fresh_result("training", Findings, folder / f"study-{question.name}.npz")
    # Which trainings a study has is decided by code that is in no digest.
    same = result and result.study == wanted and result.outcomes.keys() == set(wanted.trainings())
    return result if same else None


def claims(folder: Path = FOLDER) -> Measurements | None:
    """Return the measurements that the article's claims are judged by; None if not known or stale."""
    return _fresh_result("claims", Measurements, folder / "claims.npz")


def guide(folder: Path = FOLDER) -> Mapping[Experiment, Accuracies]:
    """Return the accuracies of the guide's experiments; empty where not known or stale."""
    return _fresh_result("guide", Mapping[Experiment, Accuracies], folder / "guide.npz") or {}


def programs(folder: Path = FOLDER) -> dict[str, ProgramRun]:
    """Return name -> outcome of the article's programs, without those not known or stale."""
    runs = _read_result(Mapping[str, ProgramRun], folder / "programs.npz") or {}
    return {name: each for name, each in runs.items() if provenance(f"program {name}", folder)}


def audit_report(content: bytes, folder: Path = FOLDER) -> Report | None:
    """Return the report on the ready example of this JSON, to the byte; None if not known or stale."""
    reports = _fresh_result("audit", Mapping[str, str], folder / "audits.npz") or {}
    return _report(reports.get(audit_key(content), ""))


def audit_key(content: bytes) -> str:
    """Return the SHA-256 of a configuration's bytes, under which the report on it is kept."""
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=24)
def _report(text: str) -> Report | None:
    """Return the report in a JSON text; None for ""."""
    return Report.from_json(text) if text else None


def provenance_note(result: Snapshot | Findings | Report | None) -> str:
    """Return a sentence on when and with what a precomputed result was computed, else "".

    A report is taken to be precomputed; a run or findings are if they are the object that was read.
    """
    if isinstance(result, Report):
        source = provenance("audit")
    elif isinstance(result, Snapshot):
        source = provenance("run") if result is run(result.experiment) else None
    else:
        source = provenance("training") if result and result is study(result.study) else None
    return source.sentence if source else ""


def provenance(kind: str, folder: Path = FOLDER) -> Provenance | None:
    """Return how the results of a kind of `digest.SOURCES` were computed; None if unknown or stale."""
    source = read_provenance(folder).get(kind)
    return source if source and source.digest == digest.digest_of(kind) else None


def provenance_here() -> dict[str, Provenance]:
    """Return kind -> how a result would be computed in this process, today."""
    day = datetime.now(UTC).date().isoformat()
    return {
        kind: Provenance(digest.digest_of(kind), day, processor(), digest.libraries())
        for kind in digest.SOURCES
    }


def write_provenance(sources: Mapping[str, Provenance], folder: Path) -> None:
    """Write `made.json`, which `read_provenance` then reads anew. sources: by kind."""
    text = json.dumps({kind: asdict(source) for kind, source in sources.items()}, indent=1)
    (folder / "made.json").write_text(text + "\n", encoding="utf-8")
    read_provenance.cache_clear()


def processor() -> str:
    """Return the model of this machine's processor, for people."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


@lru_cache(maxsize=2)
def read_provenance(folder: Path) -> Mapping[str, Provenance]:
    """Return how the results in the folder were computed, by kind, stale or not; empty if unknown."""
    try:
        plain = json.loads((folder / "made.json").read_text("utf-8"))
        return {kind: codec.from_plain(Provenance, source) for kind, source in plain.items()}
    except (OSError, AttributeError, *codec.OTHER_FORM):
        return {}


def _fresh_result(kind: str, form: Any, path: Path) -> Any:
    """Return the result in a file, read once a process; None if this kind in its folder is stale.

    Also where the file is missing, damaged or of another form.
    """
    return _read_result(form, path) if provenance(kind, path.parent) else None


@lru_cache(maxsize=24)
def _read_result(form: Any, path: Path) -> Any:
    """Return the result in a file, read once a process; None where there is none of this form."""
    return codec.read(form, path)
