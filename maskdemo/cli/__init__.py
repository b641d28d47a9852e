"""The command line: `python -m maskdemo scenarios`, `run`, `study` and the others.

Where the package is installed, `maskdemo` alone is the same command.

A name is a scenario's or a task's, and any setting is changed with `--set key=value`, written as in a
link's parameters. Results go to standard output, progress and complaints to standard error; the exit
code is 0, or 2 after a complaint; `audit` has 1 for a leak.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from maskdemo.cli import audit, export, guide, make, run, study
from maskdemo.errors import InvalidSettings
from maskdemo.experiment import SETTINGS
from maskdemo.guide import QUESTIONS
from maskdemo.setting_kinds import Choice, Setting

#: Each adds its own parsers, which name the function that answers.
COMMANDS = (run, study, guide, export, audit, make)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in `argv`, by default this process's, and return the exit code.

    It is 2 after a ValueError, which is printed as a sentence to standard error.
    """
    installed = Path(sys.argv[0]).stem == "maskdemo"
    parser = argparse.ArgumentParser(
        prog="maskdemo" if installed else "python -m maskdemo",
        description="Train small LSTMs that treat padding differently, and compare.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for each in COMMANDS:
        each.add_command(commands)
    args = parser.parse_args(argv)
    try:
        code = args.answer(args)
    except ValueError as error:
        settings = QUESTIONS if args.command == "guide" else SETTINGS
        print(error, *_allowed_sentence(error, settings), file=sys.stderr)
        return 2
    return code or 0


def _allowed_sentence(error: ValueError, settings: Mapping[str, Setting]) -> list[str]:
    """Return ["Written: <allowed names>."] if the first of `error.settings` is a choice, else []."""
    name = error.settings[0] if isinstance(error, InvalidSettings) and error.settings else ""
    setting = settings.get(name)
    return [f"Written: {setting.allowed}."] if isinstance(setting, Choice) else []
