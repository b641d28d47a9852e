"""The documents are up to date: the list of settings, links, examples and names of modules."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

from maskdemo.cli.make import settings_page
from maskdemo.data.tasks import TASKS
from maskdemo.experiment import SETTINGS
from maskdemo.scenarios import SCENARIOS
from maskdemo.strategies import STRATEGIES
from maskdemo.study import VARIABLES

ROOT = Path(__file__).resolve().parents[1]


def test_the_list_of_settings_is_up_to_date():
    written = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written == settings_page(), "Run `make docs`."


@pytest.mark.parametrize(
    "declared", [SETTINGS, TASKS, STRATEGIES, VARIABLES, SCENARIOS],
    ids=["settings", "tasks", "strategies", "variables", "scenarios"],
)  # fmt: skip
def test_the_list_of_settings_names_everything(declared):
    page = settings_page()
    assert [name for name in declared if f"\n| `{name}` | " not in page] == []


def test_the_readme_leads_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for document in ("docs/settings.md", "docs/architecture.md"):
        assert f"({document})" in readme and (ROOT / document).exists()


def test_links_between_documents_lead_somewhere():
    for document in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
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
