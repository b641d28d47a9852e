"""Many small experiments, to see when padding matters: a study, run anywhere, and its findings."""

from maskdemo.study.findings import Findings, detectable_effect
from maskdemo.study.grid import Study, Training, default_study
from maskdemo.study.runner import run_study
from maskdemo.study.summary import summary
from maskdemo.study.variables import VARIABLES, Cell, Value
from maskdemo.training.snapshot import Outcome
