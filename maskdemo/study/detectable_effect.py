"""What effect the repeats of a study can show, from the scatter of what is measured already."""

from __future__ import annotations

from collections.abc import Iterable

from maskdemo.evidence import BASELINE, half_widths, min_repeats
from maskdemo.evidence.phrases import counted, number
from maskdemo.study.findings import Findings
from maskdemo.study.grid import Study


def detectable_effect(study: Study, measured: Iterable[Findings]) -> str:
    """A sentence on the smallest effect that can be told; measured: results of the same task."""
    comparisons = len(study.cells) * (len(study.base.strategies) - 1)
    if not comparisons:
        return ""
    repeats, needed = study.base.repeats, min_repeats(comparisons)
    these = f"{counted(repeats, 'repeat')} and {counted(comparisons, 'comparison')}"
    if repeats < needed:
        return f"With {these} no effect can be told from luck: that takes {needed} repeats."
    rows = [row for findings in measured for row in _differences(findings)]
    if not rows:
        return ""
    resolution = 1 / study.base.test_size
    typical, largest = half_widths(rows, count=repeats, resolution=resolution, comparisons=comparisons)
    return (
        f"{these} can show an effect of {_points(typical)} points where networks scatter as they "
        f"typically do in the {len(rows)} comparisons measured, and of {_points(largest)} where they "
        "scatter most."
    )


def _differences(findings: Findings) -> Iterable[list[float]]:
    """The differences to no mask, paired by repeat: a row for each cell and strategy."""
    for cell in findings.study.cells:
        base = findings.accuracies(cell, BASELINE)
        for name in findings.study.base.strategies:
            mine = findings.accuracies(cell, name)
            row = [value - base[repeat] for repeat, value in mine.items() if repeat in base]
            if name != BASELINE and len(row) > 1:
                yield row


def _points(share: float) -> str:
    return number(100 * min(share, 1), ".0f" if share >= 0.01 else ".1f")
