"""The command line in this process, as a shell sees it."""

from __future__ import annotations

import pytest

from maskdemo.cli import main


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of a command."""
    try:
        code = main(argv)
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    out, err = capsys.readouterr()
    return code, out, err
