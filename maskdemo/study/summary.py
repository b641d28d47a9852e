"""What the findings say, in sentences computed from them."""

from __future__ import annotations

from maskdemo.study.findings import Findings


def summary(findings: Findings) -> tuple[str, ...]:
    """Sentences, the headline first; empty until something can be said."""
    return ()
