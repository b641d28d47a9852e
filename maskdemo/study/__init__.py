"""Many small experiments, to see when padding matters: a study, run anywhere, and its findings."""

from maskdemo.study.findings import Findings
from maskdemo.study.grid import Cell, Study, Training, default_study
from maskdemo.study.runner import run_study
from maskdemo.study.summary import summary
from maskdemo.study.variables import VARIABLES, Value, Variable
from maskdemo.training.snapshot import Outcome

__all__ = [
    "VARIABLES",
    "Variable",
    "Value",
    "Cell",
    "Study",
    "default_study",
    "Training",
    "Outcome",
    "Findings",
    "run_study",
    "summary",
]
