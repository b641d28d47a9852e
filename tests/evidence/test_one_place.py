"""Nothing outside `maskdemo.evidence` makes an interval."""

from __future__ import annotations

import re

from tests.test_architecture import ROOT, modules

#: What computes a spread or a quantile. Exported programs are text and would be found too.
INTERVALS = re.compile(
    r"stdtrit|ddof|scipy\.stats|import statistics|\bstdev\b|\bsem\(|\bppf\(|\b1\.96\b|bootstrap|\.std\("
)


def test_intervals_are_made_in_one_place():
    offenders = [
        f"{name}:{number}: {line.strip()}"
        for name, path in modules(ROOT).items()
        if not name.startswith("maskdemo.evidence")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if INTERVALS.search(line)
    ]
    assert not offenders
