"""Writing what was asked for: complaints before minutes of work rather than after them."""

from __future__ import annotations

import os
from pathlib import Path


def must_be_writable(file: Path) -> None:
    """ValueError with a sentence if it cannot be."""
    there = file if file.exists() else file.absolute().parent
    if file.is_dir() or not os.access(there, os.W_OK):
        raise ValueError(f"{file} cannot be written. Name a file in a folder that is there.")


def write(file: Path, text: str) -> None:
    """Write it in the place of an old one, and say so; ValueError with a sentence if that fails."""
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ValueError(f"{file} cannot be written: {error.strerror}.") from None
    print(f"Written to {file}.")
