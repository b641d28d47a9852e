"""`evidence` computes in advance what the pages show on arrival; 25 minutes on two cores."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from maskdemo.results.precomputed import FOLDER


def add_command(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add `maskdemo evidence` and its options to the subcommands."""
    parser = commands.add_parser("evidence", help="compute in advance what the pages show on arrival")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write it")
    parser.set_defaults(answer=_run_command)


def _run_command(args: Namespace) -> None:
    """Compute all evidence anew into the command's folder, printing a line for each piece."""
    from maskdemo.results.precompute import compute_results

    for line in compute_results(args.folder):
        print(line, flush=True)
