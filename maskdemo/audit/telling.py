"""From faults and measures to findings: what was seen, in sentences, each said once."""

from __future__ import annotations

import math
from collections.abc import Iterable

from maskdemo.audit.behaviour import Measure
from maskdemo.audit.blame import Fault
from maskdemo.audit.causes import CAUSES
from maskdemo.audit.report import Finding
from maskdemo.titles import SIDES

_RANK = ("leak", "trap", "inherent", "note")


def told(
    found: list[Fault], leaking: list[Measure], model: tuple[str, str], rest: bool
) -> list[Finding]:
    """One finding a cause and layer; of layers that lack a mask altogether, only the first.

    model: its name and class. rest: whether outputs still move when all that was found is put right.
    """
    seen = _seen(leaking)
    largest = max((each.largest for each in leaking), default=0.0)
    kept: dict[tuple[str, str], Fault] = {}
    for fault in sorted(found, key=lambda each: each.order):
        kept.setdefault((fault.cause, "" if fault.cause == "no_mask" else fault.layer), fault)
    findings = [
        Finding(
            cause=fault.cause,
            layer=fault.layer,
            of_class=fault.of_class,
            seen=f"{seen}, first after {fault.mover}.",
            largest=largest,
        )
        for fault in kept.values()
    ]
    if leaking and rest and not any(CAUSES[each.cause].severity == "leak" for each in found):
        findings.append(
            Finding(
                cause="unrecorded", layer=model[0], of_class=model[1], seen=f"{seen}.", largest=largest
            )
        )
    return findings


def _seen(leaking: list[Measure]) -> str:
    if not leaking:
        return ""
    worst = max(leaking, key=lambda each: (each.largest, each.added))
    side = SIDES[worst.side].phrase
    steps = f"{worst.added} {'step' if worst.added == 1 else 'steps'} of padding"
    where = f"With {steps} {side}" if worst.added else f"In a batch with longer ones, padded {side}"
    far = "altogether" if math.isinf(worst.largest) else f"by up to {worst.largest:.2g}"
    return (
        f"{where}, outputs move {far} ({worst.moved} of {worst.of} sequences; rounding is below "
        f"{worst.tolerance:.1g})"
    )


def new(found: Iterable[Finding], known: list[Finding]) -> list[Finding]:
    """What a known leak does not say already: a mask that is lost spoils the loss as well."""
    guilty = {each.layer for each in known if each.severity == "leak"}
    no_mask = any(each.cause == "no_mask" for each in known)
    return [
        each
        for each in found
        if not (each.cause == "loss_counts_padding" and each.layer in guilty)
        and not (each.cause == "output_unmasked" and no_mask)
    ]


def ranked(findings: list[Finding]) -> tuple[Finding, ...]:
    """Leaks first, notes last."""
    return tuple(sorted(findings, key=lambda each: _RANK.index(each.severity)))
