"""Write the files that commands produce; whether that is possible is checked before the work."""

from __future__ import annotations

import os
from pathlib import Path


def must_be_writable(file: Path) -> None:
    """Raise ValueError with a sentence if the file cannot be written."""
    there = file if file.exists() else file.absolute().parent
    if file.is_dir() or not os.access(there, os.W_OK):
        raise ValueError(f"{file} cannot be written. Name a file in a folder that is there.")


def write(file: Path, text: str) -> None:
    """Write the text to the file and print so. Raises ValueError with a sentence if that fails."""
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ValueError(f"{file} cannot be written: {error.strerror}.") from None
    print(f"Written to {file}.")
