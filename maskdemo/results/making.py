"""Compute everything that is shipped, by the code that the pages use, and write it down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from maskdemo.article import running
from maskdemo.article.claims import CLAIMS
from maskdemo.article.examples import EXAMPLES, Program
from maskdemo.article.measured import Measurements, measure
from maskdemo.article.outcome import ProgramRun
from maskdemo.experiment import Experiment
from maskdemo.results import article_file, run_file, study_file
from maskdemo.results.provenance import FOLDER, now, write
from maskdemo.scenarios import OPENING, SCENARIOS
from maskdemo.study import run as run_study
from maskdemo.study.questions import QUESTIONS
from maskdemo.training.snapshot import Snapshot

T = TypeVar("T")

#: All files together; more would make every clone and every start slower.
MOST_BYTES = 5 * 2**20
#: Epochs whose networks are shipped with the opening scenario, for looking inside.
NETWORKS = 6


def make(folder: Path = FOLDER) -> Iterator[str]:
    """Write everything into the folder; yields a line on what comes next.

    What is there is stale from the first file on, so `made.json` goes first and comes last. Raises
    ValueError where it does not fit into `MOST_BYTES`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "made.json").unlink(missing_ok=True)
    made = now()
    runs: dict[Experiment, Snapshot] = {}
    for name, scenario in SCENARIOS.items():
        yield f"Scenario {name}"
        runs[scenario.experiment] = trained(scenario.experiment)
        networks = NETWORKS if name == OPENING else 0
        run_file.write(runs[scenario.experiment], folder / f"run-{name}.npz", networks=networks)
    for name, question in QUESTIONS.items():
        yield f"Study {name}"
        study_file.write(_last(run_study(question.study)), folder / f"study-{name}.json")
    known = Measurements()
    for name, found in _measurements(runs):
        yield f"Claims, {name}"
        known |= found
    _write_json(article_file.write_claims(known), folder / "claims.json")
    programs: dict[str, ProgramRun] = {}
    for example in EXAMPLES:
        for program in example.programs:
            yield f"Program {program.name}"
            programs[program.name] = run_in_clean_process(program)
    _write_json(article_file.write_programs(programs), folder / "programs.json")
    size = sum(path.stat().st_size for path in folder.iterdir())
    if size > MOST_BYTES:
        raise ValueError(f"{size} bytes are more than the {MOST_BYTES} that may be shipped.")
    write(made, folder)
    yield f"{size / 2**20:.1f} MB in {folder}"


def trained(experiment: Experiment) -> Snapshot:
    """The finished run."""
    from maskdemo.training.run import train

    return _last(train(experiment))


def _measurements(runs: dict[Experiment, Snapshot]) -> Iterator[tuple[str, Measurements]]:
    """What the claims need, piece by piece; a scenario's run is not trained again."""
    from maskdemo.article.keras_checks import check

    for experiment in dict.fromkeys(each for claim in CLAIMS.values() for each in claim.experiments):
        run = runs.get(experiment) or trained(experiment)
        yield "trained", Measurements(runs={experiment: measure(run)})
    for name in dict.fromkeys(each for claim in CLAIMS.values() for each in claim.checks):
        yield name, Measurements(checks={name: check(name)})


def run_in_clean_process(program: Program) -> ProgramRun:
    """What happens when an article's program runs in a process of its own."""
    # Keras keeps global state, so no program may meet what another one, or the training here, left.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as clean:
        return clean.submit(running.run, program.name, program.text).result()


def _last(stream: Iterator[T]) -> T:
    *_, last = stream
    return last


def _write_json(what: object, path: Path) -> None:
    path.write_text(json.dumps(what, indent=1) + "\n", encoding="utf-8")
