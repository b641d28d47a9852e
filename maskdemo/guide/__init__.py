"""Whether a setup of somebody's own needs a mask, answered by what was measured on setups like it."""

from maskdemo.guide.guidance import (
    Case,
    CaseResult,
    Guidance,
    cases_of,
    experiments,
    guidance_for,
)
from maskdemo.guide.setup import QUESTIONS, Setup

__all__ = [
    "QUESTIONS",
    "Case",
    "CaseResult",
    "Guidance",
    "Setup",
    "cases_of",
    "experiments",
    "guidance_for",
]
