"""The arguments that name an experiment: a scenario or task, settings, and one's own sequences.

Settings are written as in a link; `--data FILE` has sequences in place of a task's.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskdemo.data.tasks import OWN, TASKS
from maskdemo.errors import InvalidTable, quoted
from maskdemo.experiment import GROUPS, NUMBERS, SETTINGS, Experiment
from maskdemo.scenarios import SCENARIOS
from maskdemo.setting_kinds import Setting, Titled
from maskdemo.strategies import STRATEGIES

if TYPE_CHECKING:
    from maskdemo.uploads.columns import Columns
    from maskdemo.uploads.roles import Guess
    from maskdemo.uploads.task import OwnTask

#: The task whose place one's own sequences take: of one step, so that no padded length is too small.
NO_SEQUENCES = {"task": "last_sign", "min_length": "1", "max_length": "1"}
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
#: Options that mean nothing without `--data`.
ONLY_WITH_DATA = (*ROLES, "label_per_step", "steps", "standardise", "sample", "dry_run")


def add_settings(parser: ArgumentParser, **more: Mapping[str, Titled]) -> None:
    """Let a command take a name, settings and own sequences. more: further tables for its help."""
    parser.add_argument("name", metavar="NAME",
                        help="a scenario, a task with default settings, or own")  # fmt: skip
    parser.add_argument("--set", dest="settings", nargs="+", action="extend", default=[],
                        metavar="key=value", help="change settings, written as in a link")  # fmt: skip
    for group in GROUPS:
        options = parser.add_argument_group(group)
        for name, setting in SETTINGS.items():
            if setting.group == group:
                options.add_argument(f"--{name.replace('_', '-')}", help=_help_text(setting))
    _add_own_sequences(parser)
    tables = {"scenarios": SCENARIOS, "tasks": TASKS, "strategies": STRATEGIES, **more}
    parser.epilog = "\n\n".join(_table_text(title, table) for title, table in tables.items())
    parser.formatter_class = RawDescriptionHelpFormatter


def named_experiment(args: Namespace) -> Experiment:
    """Return the experiment that the command names and sets, perhaps with the sequences of `--data`.

    Raises ValueError with a sentence; SystemExit where `--dry-run` was to say no more than that.
    """
    if args.name in SCENARIOS:
        start = SCENARIOS[args.name].experiment.to_params()
    elif args.name in TASKS:
        start = {"task": args.name}
    elif args.name == OWN:
        start = {"task": OWN}
    else:
        names = ", ".join([*SCENARIOS, *TASKS])
        raise ValueError(f"There is no scenario or task {quoted(args.name)}. Known are: {names}.")
    settings = _settings_of(args)
    wanted = {**start, **settings}
    if args.data is None:
        if unused := [name for name in ONLY_WITH_DATA if getattr(args, name) not in (None, False)]:
            raise ValueError(f"--{unused[0].replace('_', '-')} is about a file: name it with --data.")
        return Experiment.from_params(wanted)
    like = Experiment.from_params(wanted | NO_SEQUENCES)
    return _with_own_sequences(args, like, fit_padded_length="padded_length" not in settings)


def _settings_of(args: Namespace) -> dict[str, str]:
    """Return the settings of the command as text, by name. Raises ValueError for other names."""
    settings = {}
    for text in args.settings:
        name, equals, value = text.partition("=")
        if not equals or name not in SETTINGS:
            raise ValueError(f"{quoted(text)} is not a setting: write key=value, such as epochs=10.")
        settings[name] = value
    options = {name: getattr(args, name) for name in SETTINGS}
    return settings | {name: value for name, value in options.items() if value is not None}


def _help_text(setting: Setting) -> str:
    """Return a setting's help for argparse, with the allowed values if they are no list of names."""
    # The names to choose among stand below, with their titles.
    allowed = "" if setting.allowed.count(",") > 1 else f" ({setting.allowed})"
    return f"{setting.help[:-1]}{allowed}".replace("%", "%%")


def _table_text(title: str, table: Mapping[str, Titled]) -> str:
    """Return a heading and a line with name and title for each entry of a table."""
    return "\n".join([f"{title}:", *(f"  {name:20} {each.title}" for name, each in table.items())])


def _add_own_sequences(parser: ArgumentParser) -> None:
    """Let a command take a file of sequences, and say what its columns are for."""
    data = parser.add_argument_group("Your own sequences")
    data.add_argument("--data", metavar="FILE", type=Path, help="a .csv, .tsv, .parquet or .npz file")
    for role, help in ROLES.items():
        data.add_argument(f"--{role}", metavar="COLUMN", help=help)
    data.add_argument("--label-per-step", choices=("yes", "no"), help="whether each step has a label")
    most = NUMBERS["padded_length"].high
    data.add_argument("--steps", metavar="first|last|every:N",
                      help=f"keep the first or last {most:g} steps of each, or one in N")  # fmt: skip
    data.add_argument("--standardise", choices=("yes", "no"), help="numbers to mean 0 and spread 1")
    data.add_argument("--sample", action="store_true", help="draw as many sequences as are possible")
    data.add_argument("--split-seed", type=int, default=0, metavar="N",
                      help="draws the test part, and the sample (0)")  # fmt: skip
    data.add_argument("--dry-run", action="store_true", help="say what was taken for what, and stop")


def _with_own_sequences(args: Namespace, like: Experiment, *, fit_padded_length: bool) -> Experiment:
    """Return the experiment `like` with the sequences in the command's file; end with `--dry-run`.

    fit_padded_length: set the padded length that uploaded data begin with. Raises ValueError with a
    sentence.
    """
    # Whoever brings no file does not wait for pandas.
    from maskdemo.uploads.limits import usual_padded_length

    own = _own_task(args)
    if args.dry_run:
        raise SystemExit(0)
    if fit_padded_length:
        like = replace(like, padded_length=usual_padded_length(own))
    return replace(like, task=own.name, own=own)


def _own_task(args: Namespace) -> OwnTask:
    """Return the task that the command's file makes, with a line on standard error for each column."""
    from maskdemo.uploads.columns import read_columns
    from maskdemo.uploads.guess_roles import guess_roles
    from maskdemo.uploads.reading import read_table_file
    from maskdemo.uploads.task import task_of

    if args.split_seed < 0:
        raise ValueError("--split-seed counts from 0.")
    preparation = _preparation(args)
    try:
        table = read_table_file(args.data)
        columns = read_columns(table)
        guessed = guess_roles(table, columns, _roles(args))
        for sentence in _column_lines(columns, guessed):
            print(sentence, file=sys.stderr)
        own = task_of(table, columns, guessed, preparation)
    except InvalidTable as error:
        hint = f" Say it with --{error.offer}." if error.offer in ROLES else ""
        code = f"\n\n{error.code}" if error.code else ""
        raise InvalidTable(f"{error}{hint}{code}") from None
    for sentence in (own.summary, *own.notes):
        print(sentence, file=sys.stderr)
    return own


def _preparation(args: Namespace) -> Any:
    """Return the preparation that the command asks for. Raises ValueError for an invalid `--steps`."""
    from maskdemo.uploads.limits import MAX_STEPS
    from maskdemo.uploads.roles import Preparation

    which, _, number = (args.steps or "").partition(":")
    if which not in ("", "first", "last", "every") or (which == "every") != bool(number):
        raise ValueError("--steps is first, last or every:N, such as every:5.")
    if number and not (number.isdecimal() and int(number) > 0):
        raise ValueError("--steps every:N takes a whole number from 1.")
    return Preparation(
        standardise=None if args.standardise is None else args.standardise == "yes",
        first=MAX_STEPS if which == "first" else None,
        last=MAX_STEPS if which == "last" else None,
        every=int(number or 1),
        sample=args.sample,
        seed=args.split_seed,
    )


def _roles(args: Namespace) -> dict[str, Any]:
    """Return role -> name, names or None, of the roles that the command gives; see `guess_roles`."""
    texts: dict[str, Any] = {role: getattr(args, role) for role in ROLES}
    roles = {
        role: tuple(each for each in text.split(",") if each) if role in SEVERAL else text or None
        for role, text in texts.items()
        if text is not None
    }
    if args.label_per_step is not None:
        roles["per_step"] = args.label_per_step == "yes"
    return roles


def _column_lines(columns: Columns, guess: Guess) -> list[str]:
    """Return a line for each column: its kind, an example and its role, or why it has none."""
    from maskdemo.uploads.roles import unused_columns

    used = {name: role for role, name in reversed(guess.roles.used())}
    lines = [
        f"{name}: {each.summary}, such as {each.example}: {used[name]}"
        for name, each in columns.items()
        if name in used
    ]
    lines += [
        f"{name}: {columns[name].summary}: not used, {why}"
        for name, why in unused_columns(columns, guess)
    ]
    return [*lines, f"A label for each {'step' if guess.roles.per_step else 'sequence'}."]
