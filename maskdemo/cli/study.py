"""`study NAME` trains a grid of experiments and says from which value on the padding matters."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from maskdemo.cli.experiment_arguments import add_settings, named_experiment
from maskdemo.cli.export import must_be_writable, write_file
from maskdemo.cli.run import infinity_as_null
from maskdemo.evidence import Interval, Verdict, between, percent
from maskdemo.results.trainings import TrainingStore
from maskdemo.strategies import STRATEGIES
from maskdemo.study import VARIABLES, Cell, Findings, Study, run_study, summary
from maskdemo.study.runner import executor_of
from maskdemo.study.variables import BETWEEN


def add_command(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add `maskdemo study` and its options to the subcommands."""
    study = commands.add_parser("study", help="vary one or two things, and see when padding matters")
    add_settings(study, variables=VARIABLES)
    study.add_argument(
        "--vary",
        default="padded_length",
        metavar="VARIABLE[=VALUE,VALUE...]",
        help="what to vary (padded_length), and at which values",
    )
    study.add_argument(
        "--and", dest="and_vary", metavar="VARIABLE[=VALUE,VALUE...]", help="a second thing to vary"
    )
    study.add_argument(
        "--dask", metavar="ADDRESS", help="the scheduler of a Dask cluster to train on (MASKDEMO_DASK)"
    )
    study.add_argument(
        "--no-store", action="store_true", help="train everything anew and keep nothing on disk"
    )
    form = study.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print everything as JSON")
    form.add_argument("--csv", type=Path, metavar="FILE", help="also write a table of all trainings")
    study.set_defaults(answer=_run_command)


def _run_command(args: Namespace) -> None:
    """Run the command's study, write `--csv`, print; then raise ValueError if any training failed."""
    study = _study_of(args)
    if args.csv:
        must_be_writable(args.csv)
    findings = _run_with_progress(study, args)
    if args.csv:
        from maskdemo.export.table import study_table

        write_file(args.csv, study_table(findings).to_csv(index=False))
    print(json.dumps(_as_json(findings), indent=2) if args.json else _as_text(findings))
    if findings.failures:
        raise ValueError("\n".join(findings.failures))


def _study_of(args: Namespace) -> Study:
    """Return the study of the command's arguments. Raises ValueError with a sentence."""
    base = named_experiment(args)
    params = {}
    for prefix, text in (("", args.vary), ("and_", args.and_vary)):
        if text:
            params[f"{prefix}vary"], equals, values = text.partition("=")
            if equals:
                params[f"{prefix}doses"] = values.replace(",", BETWEEN)
    return Study.over(base, params)


def _run_with_progress(study: Study, args: Namespace) -> Findings:
    """Return the study's findings at its end or at Ctrl+C, with a bar on standard error.

    Raises KeyboardInterrupt before the first findings, ValueError for own sequences with `--dask`.
    """
    from tqdm import tqdm

    findings = None
    store = None if args.no_store else TrainingStore()
    if args.dask and study.base.is_own:
        raise ValueError("Your own sequences stay on this machine: leave out the cluster's address.")
    with executor_of(args.dask, stay=study.base.is_own) as executor, tqdm(unit=" trainings") as bar:
        if store is not None and store.complaint:
            bar.write(store.complaint, file=sys.stderr)
        try:
            with closing(run_study(study, executor=executor, store=store)) as stream:
                for findings in stream:
                    bar.total = findings.total
                    bar.initial = findings.reused
                    bar.update(findings.done - bar.n)
        except KeyboardInterrupt:
            # What is there is worth showing, and in the store for the next time.
            if findings is None:
                raise
    assert findings is not None
    return findings


def _as_json(findings: Findings) -> dict:
    """Return a dictionary for JSON: base, vary, cells (by strategy), summary, failures and counts."""
    study = findings.study
    return {
        "base": study.base.settings,
        "vary": study.varied,
        "cells": [
            {
                "doses": cell,
                "chance": findings.chance(cell),
                "strategies": {
                    name: {
                        "accuracies": list(findings.accuracies(cell, name).values()),
                        "mean": _as_dict(findings.mean(cell, name)),
                        "verdict": _as_dict(findings.verdict(cell, name)),
                    }
                    for name in study.base.strategies
                },
            }
            for cell in study.cells
        ],
        "summary": summary(findings),
        "failures": findings.failures,
        "trainings": findings.done,
        "from_store": findings.reused,
        "seconds": findings.seconds,
        "finished": findings.finished,
    }


def _as_dict(result: Interval | Verdict | None) -> dict | None:
    """Return an interval or a verdict as a dictionary, None in place of infinity; None for None."""
    return infinity_as_null(asdict(result)) if result else None


def _as_text(findings: Findings) -> str:
    """Return the findings as lines of text: a table with a row for each cell, then the summary."""
    study = findings.study
    titles = [VARIABLES[name].title for name in study.varied]
    table = [[*titles, *(STRATEGIES[name].title for name in study.base.strategies), "Chance"]]
    for cell in study.cells:
        reached = [_cell_text(findings, cell, name) for name in study.base.strategies]
        table.append([*map(str, cell), *reached, f"{percent(findings.chance(cell))}"])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rows = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
    trained = findings.done - findings.reused
    return "\n".join(
        [
            "Accuracy on unseen sequences, its 95% interval, and the word for it against no mask.",
            *rows,
            *summary(findings),
            f"{trained} trainings in {findings.seconds:.1f} seconds, {findings.reused} from the store.",
        ]
    )


def _cell_text(findings: Findings, cell: Cell, strategy: str) -> str:
    """Return mean, 95% interval and verdict's word, if any, of a strategy in a cell; "-" untrained."""
    mean, verdict = findings.mean(cell, strategy), findings.verdict(cell, strategy)
    if mean is None:
        return "-"
    reached = f"{percent(mean.mean)} ({between(mean, percent)})"
    if verdict is None:
        return reached
    does = verdict.note.partition(":")[0]
    return f"{reached} {verdict.word}{f' ({does})' if does else ''}"
