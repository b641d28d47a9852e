"""What is made of the code: `settings` prints docs/settings.md, `evidence` computes what pages show.

`make docs` and `make evidence` run them. The page of settings is from where each is declared.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from maskdemo.data.tasks import OWN, TASKS, Fixed
from maskdemo.evidence.phrases import listed
from maskdemo.experiment import DEFAULTS, GROUPS, MAX_CELLS, MAX_PADDED_LENGTH, SETTINGS
from maskdemo.export.settings_text import title_and_text
from maskdemo.results.precomputed import FOLDER
from maskdemo.scenarios import OPENING, SCENARIOS
from maskdemo.setting_kinds import Selection, Setting
from maskdemo.strategies import STRATEGIES
from maskdemo.study import VARIABLES
from maskdemo.uploads import limits

_PAGE = """\
<!-- `make docs` writes this page from the declarations in the code. -->

# Every setting

One experiment is a task, the way its sequences are padded, the strategies compared and the training.
The same names stand everywhere: in the controls, in a page's address
(`?task=last_sign&padded_length=40`), in the JSON of `run --json`, as options of the commands
(`--padded-length 40`) and behind `--set` (`--set padded_length=40`). Left out, a setting has its
default.

{groups}
Recorded data and your own sequences dictate {dictated}.

## Tasks

`{own}` stands for your own sequences: *Your own sequences* beside the task, or `--data FILE`, brings
them in. A CSV, TSV or Parquet file has a row for each step: its sequence, perhaps an order, features
and a label, told apart by their names or by `--id`, `--order`, `--features`, `--label`, `--group` and
`--split` (`--dry-run` says what was taken for what); an `.npz` archive has `values` and
`labels`, or `X` and `y`, and `lengths` where padded. Up to {limits}, and
{cells:g} million numbers once padded; beyond them a sentence says what to change.

{tasks}
## The strategies

{strategies}
## What a study varies

`vary` and `and_vary` name one or two of these, `doses` and `and_doses` their values, with `_` between
them in an address and commas in a command (`--vary padded_length=29,60,120 --and side`). In an address,
`more` names cells that have more repeats than the others (`more=35x10_70x8`).

{variables}
## Scenarios

Named experiments, for the playground and the commands (`python -m maskdemo run {scenario}`).

{scenarios}"""
#: Settings whose options are too many for a cell, and the section that lists the options.
_SECTIONS = {"task": "[task](#tasks)", "strategies": "[strategies](#the-strategies)"}


def add_command(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add `maskdemo evidence`, and `settings`, which has no options, to the subcommands."""
    evidence = commands.add_parser("evidence", help="compute in advance what the pages show on arrival")
    evidence.add_argument("--folder", type=Path, default=FOLDER, help="where to write it")
    evidence.set_defaults(answer=_compute_evidence)
    parser = commands.add_parser("settings", help="print every setting as a Markdown page")
    parser.set_defaults(answer=lambda args: print(settings_page(), end=""))


def _compute_evidence(args: Namespace) -> None:
    """Compute all evidence anew into the command's folder, 25 minutes on two cores; print pieces."""
    from maskdemo.results.precompute import compute_results

    for line in compute_results(args.folder):
        print(line, flush=True)


def settings_page() -> str:
    """Return every setting, task, strategy, study variable and scenario, as Markdown."""
    return _PAGE.format(
        groups="\n".join(_group_section(each) for each in GROUPS),
        dictated=listed(f"`{each.name}`" for each in fields(Fixed)),
        own=OWN,
        limits=listed(
            (
                f"{limits.MAX_FILE_BYTES // 2**20} MB",
                f"{limits.MAX_ROWS:,} rows",
                f"{limits.MAX_TRAIN + limits.MAX_TEST:,} sequences",
                f"{MAX_PADDED_LENGTH} steps",
                f"{limits.MAX_FEATURES} features",
                f"{limits.MAX_CLASSES} classes",
            )
        ),
        cells=MAX_CELLS / 1e6,
        tasks=_table(
            ("task", "what there is to learn"),
            ((name, title_and_text(each.title, each.summary)) for name, each in TASKS.items()),
        ),
        strategies=_table(
            ("strategy", "what it does"),
            ((name, title_and_text(each.title, each.summary)) for name, each in STRATEGIES.items()),
        ),
        variables=_table(
            ("variable", "what it is"),
            ((name, f"{each.title}.") for name, each in VARIABLES.items()),
        ),
        scenario=OPENING,
        scenarios=_table(
            ("scenario", "what to look for"),
            ((name, title_and_text(each.title, each.look_for)) for name, each in SCENARIOS.items()),
        ),
    )


def _group_section(group: str) -> str:
    """Return the Markdown section of a group: a table with its settings."""
    rows = (
        (
            name,
            title_and_text(each.title, each.help),
            _allowed_text(each),
            f"`{each.format(DEFAULTS[name])}`",
        )
        for name, each in SETTINGS.items()
        if each.group == group
    )
    return f"## {group}\n\n{_table(('setting', 'what it is', 'allowed', 'default'), rows)}"


def _allowed_text(setting: Setting) -> str:
    """Return the values that a setting allows, or the link to their section (`_SECTIONS`)."""
    section = _SECTIONS.get(setting.name)
    if section is None:
        return setting.allowed
    if isinstance(setting, Selection):
        return f"{section}, with dots or commas between them"
    return f"a {section}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table: first cells of rows set as code, bars in the others escaped."""
    cells = ((f"`{name}`", *(each.replace("|", r"\|") for each in more)) for name, *more in rows)
    lines = (" | ".join(each) for each in (head, ("---",) * len(head), *cells))
    return "".join(f"| {line} |\n" for line in lines)
