"""Nothing outside `maskdemo.evidence` makes an interval or has words of its own for one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What computes a spread or a quantile. Exported programs are text and would be found too.
INTERVALS = re.compile(
    r"stdtrit|ddof|scipy\.stats|import statistics|\bstdev\b|\bsem\(|\bppf\(|\b1\.96\b|bootstrap|\.std\("
)
#: What used to be said of differences in several rooms, each with its own rule.
FORMER_WORDS = re.compile(r"not measurable|no measurable difference|differs (surely|perhaps)", re.I)


def offenders(pattern: re.Pattern[str]) -> list[str]:
    files = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "maskdemo").rglob("*.py")]
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        if ROOT / "maskdemo" / "evidence" not in path.parents
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_intervals_are_made_in_one_place():
    assert not offenders(INTERVALS)


def test_words_are_made_in_one_place():
    assert not offenders(FORMER_WORDS)
