"""A person's own sequences: a table in, a task out."""

from maskdemo.own.columns import Columns, guess
from maskdemo.own.limits import Unusable
from maskdemo.own.reading import read
from maskdemo.own.table import Layout, Table
from maskdemo.own.task import Own, Preparation, fine_as_they_are, task_of

__all__ = [
    "read",
    "Table",
    "Layout",
    "guess",
    "Columns",
    "fine_as_they_are",
    "Preparation",
    "task_of",
    "Own",
    "Unusable",
]
