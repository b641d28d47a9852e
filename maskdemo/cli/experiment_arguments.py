"""The arguments that name an experiment: a scenario or task, settings, and one's own sequences.

Settings are written as in a link; `--data FILE` has sequences in place of a task's.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskdemo.data.tasks import OWN, TASKS
from maskdemo.errors import InvalidTable, quoted
from maskdemo.experiment import GROUPS, MAX_PADDED_LENGTH, SETTINGS, Experiment
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
#: Options that mean nothing without `--data`, and what argparse is given for each.
ONLY_WITH_DATA: dict[str, dict[str, Any]] = {
    **{role: {"metavar": "COLUMN", "help": text} for role, text in ROLES.items()},
    "label_per_step": {"choices": ("yes", "no"), "help": "whether each step has a label"},
    "steps": {"metavar": "first|last|every:N",
              "help": f"keep the first or last {MAX_PADDED_LENGTH} steps of each, or one in N"},
    "standardise": {"choices": ("yes", "no"), "help": "numbers to mean 0 and spread 1"},
    "sample": {"action": "store_true", "help": "draw as many sequences as are possible"},
    "split_seed": {"metavar": "N", "type": int, "default": 0,
                   "help": "draws the test part, and the sample (0)"},
    "dry_run": {"action": "store_true", "help": "say what was taken for what, and stop"},
}  # fmt: skip


def add_settings(parser: ArgumentParser, **tables: Mapping[str, Titled]) -> None:
    """Add NAME, `--set`, an option for each setting, `--data` and `ONLY_WITH_DATA` to a command.

    Its help ends with the scenarios, tasks and strategies, and with the tables: heading -> entries.
    """
    parser.add_argument("name", metavar="NAME",
                        help="a scenario, a task with default settings, or own")  # fmt: skip
    parser.add_argument("--set", dest="settings", nargs="+", action="extend", default=[],
                        metavar="key=value", help="change settings, written as in a link")  # fmt: skip
    for group in GROUPS:
        options = parser.add_argument_group(group)
        for name, setting in SETTINGS.items():
            if setting.group == group:
                options.add_argument(_flag(name), help=_help_text(setting))
    data = parser.add_argument_group("Your own sequences")
    data.add_argument("--data", metavar="FILE", type=Path, help="a .csv, .tsv, .parquet or .npz file")
    for name, described in ONLY_WITH_DATA.items():
        data.add_argument(_flag(name), **described)
    tables = {"scenarios": SCENARIOS, "tasks": TASKS, "strategies": STRATEGIES, **tables}
    parser.epilog = "\n\n".join(
        "\n".join([f"{heading}:", *(f"  {name:20} {each.title}" for name, each in entries.items())])
        for heading, entries in tables.items()
    )
    parser.formatter_class = RawDescriptionHelpFormatter


def _flag(name: str) -> str:
    """Return the option for a name: "--padded-length" for "padded_length"."""
    return f"--{name.replace('_', '-')}"


def named_experiment(args: Namespace) -> Experiment:
    """Return the experiment of the command's NAME and settings, with the sequences of any `--data`.

    The padded length then fits them unless it is set. Raises ValueError with a sentence, and
    SystemExit(0) with `--dry-run`, after the file's columns are printed.
    """
    if args.name in SCENARIOS:
        start = SCENARIOS[args.name].experiment.to_params()
    elif args.name in (*TASKS, OWN):
        start = {"task": args.name}
    else:
        names = ", ".join(dict.fromkeys([*SCENARIOS, *TASKS]))
        raise ValueError(f"There is no scenario or task {quoted(args.name)}. Known are: {names}.")
    settings = _settings_of(args)
    wanted = {**start, **settings}
    if args.data is None:
        if unused := [name for name in ONLY_WITH_DATA if getattr(args, name) not in (None, False)]:
            raise ValueError(f"{_flag(unused[0])} is about a file: name it with --data.")
        if wanted.get("task") == OWN:
            raise ValueError(f"{OWN} is your own sequences: name their file with --data.")
        return Experiment.from_params(wanted)
    # Whoever brings no file does not wait for pandas.
    from maskdemo.uploads.limits import usual_padded_length

    like = Experiment.from_params(wanted | NO_SEQUENCES)
    own = _own_task(args)
    if args.dry_run:
        raise SystemExit(0)
    if "padded_length" not in settings:
        like = replace(like, padded_length=usual_padded_length(own))
    return replace(like, task=own.name, own=own)


def _settings_of(args: Namespace) -> dict[str, str]:
    """Return name -> text, unchecked, of `--set` and of the settings' own options, which win.

    Raises ValueError for a `--set` that is no key=value, or of no setting.
    """
    settings = {}
    for text in args.settings:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ValueError(f"{quoted(text)} is not a setting: write key=value, such as epochs=10.")
        if name not in SETTINGS:
            near = get_close_matches(name, SETTINGS, n=1)
            hint = f"The nearest is {near[0]}." if near else "The command settings lists all of them."
            raise ValueError(f"There is no setting {quoted(name)}. {hint}")
        settings[name] = value
    options = {name: getattr(args, name) for name in SETTINGS}
    return settings | {name: value for name, value in options.items() if value is not None}


def _help_text(setting: Setting) -> str:
    """Return a setting's help for argparse, and in brackets what it allows, if not 3 names or more."""
    # Of three or more names each stands below, with its title.
    allowed = "" if setting.allowed.count(",") > 1 else f" ({setting.allowed})"
    return f"{setting.help[:-1]}{allowed}".replace("%", "%%")


def _own_task(args: Namespace) -> OwnTask:
    """Return the task of `--data`; print columns and notes to standard error. Raises ValueError."""
    from maskdemo.uploads.columns import read_columns
    from maskdemo.uploads.guess_roles import guess_roles
    from maskdemo.uploads.reading import read_table_file
    from maskdemo.uploads.task import task_of

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
    """Return `Preparation`; ValueError for `--split-seed` < 0, `--steps` not first, last, every:N."""
    from maskdemo.uploads.roles import Preparation

    if args.split_seed < 0:
        raise ValueError("--split-seed counts from 0.")
    which, _, number = (args.steps or "").partition(":")
    if which not in ("", "first", "last", "every") or (which == "every") != bool(number):
        raise ValueError("--steps is first, last or every:N, such as every:5.")
    if number and not (number.isdecimal() and int(number) > 0):
        raise ValueError("--steps every:N takes a whole number from 1.")
    return Preparation(
        standardise=None if args.standardise is None else args.standardise == "yes",
        first=MAX_PADDED_LENGTH if which == "first" else None,
        last=MAX_PADDED_LENGTH if which == "last" else None,
        every=int(number or 1),
        sample=args.sample,
        seed=args.split_seed,
    )


def _roles(args: Namespace) -> dict[str, Any]:
    """Return role -> column, or columns split at commas for `SEVERAL`, of the roles that are given.

    An empty text is None or (). "per_step" -> bool, if `--label-per-step` is given.
    """
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
    """Return a line for each column: kind, example and role, or why none; last, what has a label."""
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
