"""The documents name everything that can be set, and nothing that cannot."""

from __future__ import annotations

import doctest
import importlib
import re
from dataclasses import fields
from pathlib import Path

import pytest

from maskdemo.experiment import SETTINGS, Experiment
from maskdemo.scenarios import SCENARIOS
from maskdemo.settings import Number
from maskdemo.strategies import STRATEGIES
from maskdemo.study import VARIABLES
from maskdemo.tasks import TASKS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
#: Heading -> the table whose names its section lists.
TABLES = {
    "Tasks": TASKS,
    "The strategies": STRATEGIES,
    "What a study varies": VARIABLES,
    "Scenarios": SCENARIOS,
}


def rows(text: str) -> list[list[str]]:
    """The cells of the rows of Markdown tables whose first cell is a name."""
    lines = re.findall(r"^\| (`.*) \|$", text, re.M)
    return [line.split(" | ") for line in lines]


def section(title: str) -> str:
    return DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_setting_stands_in_its_group_with_its_limits_and_default():
    listed = {}
    for group in dict.fromkeys(each.group for each in SETTINGS.values()):
        for name, _, allowed, default in rows(section(group)):
            listed[name.strip("`")] = (group, allowed, default.strip("`"))
    assert listed.keys() == SETTINGS.keys()
    defaults = {each.name: each.default for each in fields(Experiment)}
    for name, setting in SETTINGS.items():
        group, allowed, default = listed[name]
        assert group == setting.group
        assert setting.read(default) == defaults[name]
        if isinstance(setting, Number):
            assert allowed == setting.allowed


@pytest.mark.parametrize("title", TABLES)
def test_every_name_stands_in_its_list(title):
    assert [name.strip("`") for name, *_ in rows(section(title))] == list(TABLES[title])


def test_the_readme_leads_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for document in ("docs/settings.md", "docs/architecture.md"):
        assert f"({document})" in readme and (ROOT / document).exists()


def test_links_between_documents_lead_somewhere():
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


EXAMPLES = [
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    for path in sorted((ROOT / "maskdemo").rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", EXAMPLES)
def test_the_examples_in_docstrings_are_true(module):
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried and not failed


def test_the_modules_that_the_plan_names_are_there():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:[\w]+/)*\w+(?:\.py|/))`", text)
    assert len(named) > 15
    for name in named:
        assert any((folder / name).exists() for folder in (ROOT, ROOT / "maskdemo")), name
