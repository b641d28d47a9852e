"""A person's own sequences: a table in, a task out."""

from maskdemo.own.columns import Columns, guess
from maskdemo.own.limits import Unusable
from maskdemo.own.reading import read, read_file
from maskdemo.own.table import Layout, Table
from maskdemo.own.task import Own, Preparation, fine_as_they_are, fitted, task_of

__all__ = [
    "read",
    "read_file",
    "Table",
    "Layout",
    "guess",
    "Columns",
    "fine_as_they_are",
    "Preparation",
    "task_of",
    "Own",
    "fitted",
    "Unusable",
]
