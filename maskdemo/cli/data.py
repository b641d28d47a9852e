"""`--data FILE`: one's own sequences in place of a task's, for every command that trains or exports."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskdemo.errors import InvalidTable
from maskdemo.experiment import Experiment

if TYPE_CHECKING:
    from maskdemo.uploads.columns import Columns
    from maskdemo.uploads.roles import Guess
    from maskdemo.uploads.task import OwnTask

#: Role -> what its option says; a value without a name chooses none.
ROLES = {
    "id": "the column, or the columns with a comma between, that say which sequence a row belongs to",
    "order": "what the steps are sorted by, one column after the other; empty: as in the file",
    "features": "what the network reads",
    "label": "what it has to tell",
    "group": "sequences that stay together, such as those of one person",
    "split": "says train, validation or test",
}
SEVERAL = ("id", "order", "features")


def add_data(parser: ArgumentParser) -> None:
    """Let a command take a file of sequences."""
    data = parser.add_argument_group("Your own sequences")
    data.add_argument("--data", metavar="FILE", type=Path, help="a .csv, .tsv, .parquet or .npz file")
    for role, help in ROLES.items():
        data.add_argument(f"--{role}", metavar="COLUMN", help=help)
    data.add_argument("--label-per-step", choices=("yes", "no"), help="whether each step has a label")
    data.add_argument("--steps", metavar="first|last|every:N",
                      help="keep the first or last 200 steps of each, or one in N")  # fmt: skip
    data.add_argument("--standardise", choices=("yes", "no"), help="numbers to mean 0 and spread 1")
    data.add_argument("--sample", action="store_true", help="draw as many sequences as are possible")
    data.add_argument("--split-seed", type=int, default=0, metavar="N",
                      help="draws the test part, and the sample (0)")  # fmt: skip
    data.add_argument("--dry-run", action="store_true", help="say what was taken for what, and stop")


def with_own_sequences(given: Namespace, like: Experiment, *, fit_padded_length: bool) -> Experiment:
    """These settings with the command's file. Raises ValueError with a sentence.

    fit_padded_length: change the padded length to the nearest that the sequences have room for.
    """
    # Whoever brings no file does not wait for pandas.
    from maskdemo.uploads.limits import usual_padded_length

    own = _own_task(given)
    if given.dry_run:
        raise SystemExit(0)
    if fit_padded_length:
        like = replace(like, padded_length=usual_padded_length(own))
    return replace(like, task=own.name, own=own)


def _own_task(given: Namespace) -> OwnTask:
    """The task in the command's file."""
    from maskdemo.uploads.columns import read_columns
    from maskdemo.uploads.guess import guess
    from maskdemo.uploads.reading import read_file
    from maskdemo.uploads.task import task_of

    if given.split_seed < 0:
        raise ValueError("--split-seed counts from 0.")
    preparation = _preparation(given)
    try:
        table = read_file(given.data)
        columns = read_columns(table)
        guessed = guess(table, columns, _roles(given))
        for sentence in _described(columns, guessed):
            print(sentence, file=sys.stderr)
        own = task_of(table, columns, guessed, preparation)
    except InvalidTable as error:
        hint = f" Say it with --{error.offer}." if error.offer in ROLES else ""
        code = f"\n\n{error.code}" if error.code else ""
        raise InvalidTable(f"{error}{hint}{code}") from None
    for sentence in (own.summary, *own.notes):
        print(sentence, file=sys.stderr)
    return own


def _preparation(given: Namespace) -> Any:
    from maskdemo.uploads.limits import MAX_STEPS
    from maskdemo.uploads.task import Preparation

    which, _, number = (given.steps or "").partition(":")
    if which not in ("", "first", "last", "every") or (which == "every") != bool(number):
        raise ValueError("--steps is first, last or every:N, such as every:5.")
    if number and not (number.isdecimal() and int(number) > 0):
        raise ValueError("--steps every:N takes a whole number from 1.")
    return Preparation(
        standardise=None if given.standardise is None else given.standardise == "yes",
        first=MAX_STEPS if which == "first" else None,
        last=MAX_STEPS if which == "last" else None,
        every=int(number or 1),
        sample=given.sample,
        seed=given.split_seed,
    )


def _roles(given: Namespace) -> dict[str, Any]:
    """What was said of the columns."""
    said: dict[str, Any] = {role: getattr(given, role) for role in ROLES}
    roles = {
        role: tuple(each for each in text.split(",") if each) if role in SEVERAL else text or None
        for role, text in said.items()
        if text is not None
    }
    if given.label_per_step is not None:
        roles["per_step"] = given.label_per_step == "yes"
    return roles


def _described(columns: Columns, guess: Guess) -> list[str]:
    """A line for each column: what it was taken for, an example and its use, or why it has none."""
    from maskdemo.uploads.roles import unused

    used = {name: role for role, name in reversed(guess.roles.used())}
    lines = [
        f"{name}: {each.summary}, such as {each.example}: {used[name]}"
        for name, each in columns.items()
        if name in used
    ]
    lines += [
        f"{name}: {columns[name].summary}: not used, {why}" for name, why in unused(columns, guess)
    ]
    return [*lines, f"A label for each {'step' if guess.roles.per_step else 'sequence'}."]
