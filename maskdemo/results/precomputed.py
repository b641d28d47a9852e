"""Find a shipped result; None where there is none, or where it is stale or damaged."""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

from maskdemo.article.measured import Measurements
from maskdemo.article.outcome import ProgramRun
from maskdemo.experiment import Experiment
from maskdemo.results import article_file, run_file, study_file
from maskdemo.results.provenance import FOLDER, made
from maskdemo.scenarios import scenario_of
from maskdemo.study import Findings, Study
from maskdemo.study.questions import question_of
from maskdemo.training.snapshot import Snapshot

#: What a damaged or foreign file raises when it is read.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, BadZipFile)

log = logging.getLogger(__name__)


def run(experiment: Experiment, folder: Path = FOLDER) -> Snapshot | None:
    """The finished run of a scenario's experiment."""
    scenario = scenario_of(experiment)
    found = _run(folder, scenario.name) if scenario and made("run", folder) else None
    # The scenario may have had other settings when it was run.
    return found if found and found.experiment == experiment else None


def study(wanted: Study, folder: Path = FOLDER) -> Findings | None:
    """What a named question's study found."""
    question = question_of(wanted)
    found = _study(folder, question.name) if question and made("training", folder) else None
    return found if found and found.study == wanted else None


def claims(folder: Path = FOLDER) -> Measurements | None:
    """What the article's claims are judged by."""
    return _claims(folder) if made("claims", folder) else None


def programs(folder: Path = FOLDER) -> dict[str, ProgramRun]:
    """What happened when the article's programs were run, by name; empty where nothing is known."""
    known = _programs(folder)
    return {name: each for name, each in known.items() if made(f"program {name}", folder)}


def words_of(result: Snapshot | Findings) -> str | None:
    """One line on when and with what it was computed, if this very result is a shipped one."""
    if isinstance(result, Snapshot):
        return made_words("run") if result is run(result.experiment) else None
    return made_words("training") if result is study(result.study) else None


def made_words(kind: str) -> str | None:
    """The same line, for results of a kind in `maskdemo.results.digest.SOURCES`; None if stale."""
    found = made(kind)
    return found and found.words


def made_on(kind: str) -> str | None:
    """The day on which shipped results of a kind were computed, as people write it; None if stale."""
    found = made(kind)
    return found and found.date


@lru_cache(maxsize=16)
def _run(folder: Path, name: str) -> Snapshot | None:
    try:
        return run_file.read(folder / f"run-{name}.npz")
    except UNREADABLE as error:
        log.warning("The shipped run %s cannot be read: %s", name, error)
        return None


@lru_cache(maxsize=8)
def _study(folder: Path, name: str) -> Findings | None:
    try:
        return study_file.read(folder / f"study-{name}.json")
    except UNREADABLE as error:
        log.warning("The shipped study %s cannot be read: %s", name, error)
        return None


@lru_cache(maxsize=1)
def _claims(folder: Path) -> Measurements | None:
    try:
        return article_file.read_claims(json.loads((folder / "claims.json").read_text("utf-8")))
    except UNREADABLE as error:
        log.warning("What the claims are judged by cannot be read: %s", error)
        return None


@lru_cache(maxsize=1)
def _programs(folder: Path) -> dict[str, ProgramRun]:
    try:
        return article_file.read_programs(json.loads((folder / "programs.json").read_text("utf-8")))
    except UNREADABLE as error:
        log.warning("What the article's programs did cannot be read: %s", error)
        return {}
