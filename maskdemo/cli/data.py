"""`--data FILE`: one's own sequences in place of a task's, for every command that trains or exports."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from maskdemo.experiment import Experiment

if TYPE_CHECKING:
    from maskdemo.uploads.columns import Columns
    from maskdemo.uploads.task import OwnTask

#: What `--columns` can name.
ROLES = ("id", "order", "length", "features", "label", "group", "split")


def add_data(parser: ArgumentParser) -> None:
    """Let a command take a file of sequences."""
    data = parser.add_argument_group("Your own sequences")
    data.add_argument("--data", metavar="FILE", type=Path, help="a .csv, .parquet or .npz file")
    data.add_argument(
        "--columns",
        nargs="+",
        action="extend",
        default=[],
        metavar="role=name",
        help=f"what is not as guessed, of {', '.join(ROLES)}: features=a,b group=",
    )
    data.add_argument("--label-per-step", choices=("yes", "no"), help="whether each step has a label")
    data.add_argument("--standardise", choices=("yes", "no"), help="numbers to mean 0 and spread 1")
    data.add_argument("--every", type=int, default=1, metavar="N", help="take one step in N")
    data.add_argument("--sample", action="store_true", help="draw as many sequences as are possible")
    data.add_argument("--split-seed", type=int, default=0, metavar="N",
                      help="draws the test part, and the sample (0)")  # fmt: skip


def with_own_sequences(given: Namespace, like: Experiment, *, fit_padded_length: bool) -> Experiment:
    """These settings with the command's file. Raises ValueError with a sentence.

    fit_padded_length: change the padded length to the nearest that the sequences have room for.
    """
    # Whoever brings no file does not wait for pandas.
    from maskdemo.uploads.task import experiment_with

    own = _own_task(given)
    return experiment_with(own, like) if fit_padded_length else replace(like, task=own.task.name)


def _own_task(given: Namespace) -> OwnTask:
    """The sequences in the file, lent to this process."""
    from maskdemo.uploads.columns import guess
    from maskdemo.uploads.reading import read_file
    from maskdemo.uploads.registry import register
    from maskdemo.uploads.task import Preparation, needs_no_scaling, task_of

    if given.every < 1 or given.split_seed < 0:
        raise ValueError("--every counts from 1 and --split-seed from 0.")
    table = read_file(given.data)
    columns = _columns(given, guess(table.frame))
    fine = needs_no_scaling(table.frame, columns)
    preparation = Preparation(
        standardise=not fine if given.standardise is None else given.standardise == "yes",
        every=given.every,
        sample=given.sample,
        seed=given.split_seed,
    )
    own = task_of(table, columns, preparation)
    register(own)
    for sentence in (_described(columns), own.task.summary, *own.notes):
        print(sentence, file=sys.stderr)
    return own


def _described(columns: Columns) -> str:
    """The meaning of the columns, as `--columns` would be told it."""
    named = {role: getattr(columns, role) for role in ROLES} | {"features": ",".join(columns.features)}
    told = " ".join(f"{role}={name}" for role, name in named.items() if name is not None)
    return f"Columns: {told}, a label {'a step' if columns.per_step else 'a sequence'}."


def _columns(given: Namespace, guessed: Columns) -> Columns:
    changes = {}
    for text in given.columns:
        role, equals, name = text.partition("=")
        if not equals or role not in ROLES:
            raise ValueError(f"'{text}': write role=name, with a role among {', '.join(ROLES)}.")
        changes[role] = tuple(name.split(",")) if role == "features" else name or None
    if given.label_per_step is not None:
        changes["per_step"] = given.label_per_step == "yes"
    return replace(guessed, **changes)
