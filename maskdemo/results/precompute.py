"""Compute everything that is precomputed, by the code that the pages use, and write it to files."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from maskdemo.article.claims import CLAIMS
from maskdemo.article.examples import EXAMPLES, Program
from maskdemo.article.measurements import Measurements, measure_run
from maskdemo.article.program_run import ProgramRun
from maskdemo.article.run_program import run_program
from maskdemo.audit.example_models import EXAMPLES as AUDITED
from maskdemo.audit.example_models import ExampleModel
from maskdemo.data.sequences import evenly_spread
from maskdemo.evidence import Accuracies, accuracies
from maskdemo.experiment import Experiment
from maskdemo.guide import guide_experiments
from maskdemo.results import codec, precomputed
from maskdemo.scenarios import OPENING, SCENARIOS
from maskdemo.study import run_study
from maskdemo.study.questions import QUESTIONS
from maskdemo.training.snapshot import PRECOMPUTED_NETWORKS, Snapshot

T = TypeVar("T")

#: All files together; more would make every clone and every start slower.
MAX_BYTES = 5 * 2**20


def compute_results(
    folder: Path = precomputed.FOLDER,
    *,
    scenarios: Collection[str] = tuple(SCENARIOS),
    questions: Collection[str] = tuple(QUESTIONS),
    article: bool = True,
    audited: Collection[str] = tuple(AUDITED),
    guide: Collection[Experiment] | None = None,
) -> Iterator[str]:
    """Compute and write scenarios, studies, claims, audits and the guide; yield a line before each.

    The last line has their size. scenarios, questions, audited: names. guide: its experiments, by
    default all. A kind of which a part is given counts as computed now, so the caller sees to it that
    the folder has no other parts; a kind without any stays. `made.json` is deleted first and written
    last, so that it never belies a file. Raises ValueError instead, for more than `MAX_BYTES` of files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    earlier, here = precomputed.read_provenance(folder), precomputed.provenance_here()
    (folder / "made.json").unlink(missing_ok=True)
    fitting = guide_experiments() if guide is None else guide
    given = {"run": scenarios, "training": questions, "audit": audited, "guide": fitting}
    # What is not computed now stays what it was, and from where.
    sources = {kind: here[kind] if given.get(kind, article) else earlier.get(kind) for kind in here}
    runs: dict[Experiment, Snapshot] = {}
    for name in scenarios:
        yield f"Scenario {name}"
        experiment = SCENARIOS[name].experiment
        runs[experiment] = trained_run(experiment)
        networks = PRECOMPUTED_NETWORKS if name == OPENING else 1
        _write(shortened(runs[experiment], networks=networks), folder / f"run-{name}.npz")
    for name in questions:
        yield f"Study {name}"
        _write(_last_item(run_study(QUESTIONS[name].study)), folder / f"study-{name}.npz")
    if article:
        yield from _compute_article(folder, runs)
    if audited:
        yield "Audits of the ready examples"
        models = [AUDITED[name] for name in audited]
        _write(_audit_reports(models), folder / "audits.npz")
    if fitting:
        yield from _compute_guide(folder, fitting)
    size = sum(path.stat().st_size for path in folder.iterdir())
    if size > MAX_BYTES:
        raise ValueError(f"{size} bytes are more than the {MAX_BYTES} that may be kept.")
    precomputed.write_provenance({kind: each for kind, each in sources.items() if each}, folder)
    yield f"{size / 2**20:.1f} MB in {folder}"


def trained_run(experiment: Experiment) -> Snapshot:
    """Train an experiment, and return the finished run. This takes seconds to minutes."""
    from maskdemo.training.run import train

    return _last_item(train(experiment))


def shortened(run: Snapshot, *, networks: int) -> Snapshot:
    """Return the run with its probes' outputs in half precision and fewer networks.

    Half precision has three digits, as charts show them. networks: how many of each strategy's
    networks stay, chosen by `evenly_spread`: of 1, the last.
    """
    outputs: Any = {name: each.astype(np.float16) for name, each in run.probes.outputs.items()}
    networks_kept = {
        name: tuple(each[index] for index in evenly_spread(networks, len(each)))
        for name, each in run.networks.items()
    }
    return replace(run, probes=replace(run.probes, outputs=outputs), networks=networks_kept)


def _compute_article(folder: Path, runs: Mapping[Experiment, Snapshot]) -> Iterator[str]:
    """Compute and write the claims' measurements and the programs' runs; yield a line for each.

    runs: of scenarios that are trained already.
    """
    from maskdemo.article.keras_checks import check

    measurements = Measurements()
    for experiment in dict.fromkeys(each for claim in CLAIMS.values() for each in claim.experiments):
        yield "Claims, trained"
        run = runs.get(experiment) or trained_run(experiment)
        measurements |= Measurements(runs={experiment: measure_run(run)})
    for name in dict.fromkeys(each for claim in CLAIMS.values() for each in claim.checks):
        yield f"Claims, {name}"
        measurements |= Measurements(checks={name: check(name)})
    _write(measurements, folder / "claims.npz")
    programs: dict[str, ProgramRun] = {}
    for example in EXAMPLES:
        for program in example.programs:
            yield f"Program {program.name}"
            programs[program.name] = run_in_clean_process(program)
    _write(programs, folder / "programs.npz")


def _compute_guide(folder: Path, experiments: Collection[Experiment]) -> Iterator[str]:
    """Train the guide's experiments and write their accuracies; yield a line before each."""
    measured: dict[Experiment, Accuracies] = {}
    for index, experiment in enumerate(experiments, 1):
        yield f"Guide, {index} of {len(experiments)}"
        measured[experiment] = accuracies(trained_run(experiment))
    _write(measured, folder / "guide.npz")


def _audit_reports(examples: Iterable[ExampleModel]) -> dict[str, str]:
    """Return `precomputed.audit_key` -> report as JSON, on the examples and their mended versions."""
    from maskdemo.audit.build_from_config import audit_config
    from maskdemo.audit.configuration import safe_config

    configs = [each for one in examples for each in (one.config, one.fixed) if each]
    return {
        precomputed.audit_key(each.encode()): audit_config(safe_config(each)).to_json()
        for each in configs
    }


def run_in_clean_process(program: Program) -> ProgramRun:
    """Run a program of the article in a new process, and return the outcome."""
    # Keras keeps global state, so no program may meet what another one, or the training here, left.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as clean:
        return clean.submit(run_program, program.name, program.text).result()


def _last_item(stream: Iterator[T]) -> T:
    """Return the last item of a stream; raise ValueError for an empty stream."""
    (last,) = deque(stream, maxlen=1)  # a run's earlier snapshots would fill the memory
    return last


def _write(result: object, path: Path) -> None:
    """Write a result to a compressed file in a folder that is there."""
    codec.write(result, path, compressed=True)
