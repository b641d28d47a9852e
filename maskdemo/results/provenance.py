"""When, on what and with which versions the shipped results were computed."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

from maskdemo.results import digest

FOLDER = Path(__file__).parents[1] / "data" / "results"


@dataclass(frozen=True)
class Made:
    """digests: kind of result -> its digest (`maskdemo.results.digest`). day: as ISO date.

    libraries: name -> version.
    """

    digests: Mapping[str, str]
    day: str
    processor: str
    libraries: Mapping[str, str]

    @property
    def date(self) -> str:
        """The day as people write it: `29 November 2026`."""
        day = date.fromisoformat(self.day)
        return f"{day.day} {day:%B %Y}"

    @property
    def words(self) -> str:
        """One quiet line for whoever looks at such a result."""
        with_these = ", ".join(f"{name} {number}" for name, number in self.libraries.items())
        return f"Computed in advance on {self.date} with {with_these} ({self.processor})."


def now() -> Made:
    """What results computed here and now are made with."""
    digests = {kind: digest.version(kind) for kind in digest.SOURCES}
    return Made(digests, datetime.now(UTC).date().isoformat(), processor(), digest.libraries())


def made(kind: str, folder: Path = FOLDER) -> Made | None:
    """What shipped results of this kind were made with; None where they are missing or stale."""
    found = _read(folder)
    fresh = found is not None and found.digests.get(kind) == digest.version(kind)
    return found if fresh else None


@lru_cache(maxsize=2)
def _read(folder: Path) -> Made | None:
    try:
        found = Made(**json.loads((folder / "made.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return found if isinstance(found.digests, dict) else None


def write(what: Made, folder: Path = FOLDER) -> None:
    """Say what the results in the folder were made with."""
    text = json.dumps(asdict(what), indent=1)
    (folder / "made.json").write_text(text + "\n", encoding="utf-8")


def processor() -> str:
    """The kind of processor, for people."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
