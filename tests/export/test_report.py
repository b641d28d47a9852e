"""Reports: the same numbers as the run, everything in one file, and nothing obeyed that a link says."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy import stats

from maskdemo.data.sequences import repeat_seed
from maskdemo.data.tasks import TASKS
from maskdemo.evidence import RULES, headline, verdicts
from maskdemo.experiment import Experiment
from maskdemo.export import settings_text
from maskdemo.export.report import run_report, study_report
from maskdemo.scenarios import SCENARIOS
from maskdemo.strategies import STRATEGIES
from maskdemo.study import Findings, Study
from maskdemo.training.snapshot import Outcome, Snapshot
from tests.samples import made_up, small

LINK = "http://localhost:8501/?task=sum_sign&seed=7"


class Reader(HTMLParser):
    """What a browser would make of the file: its tags, and the text outside scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.text, self.json, self._inside = "", "", ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        if tag in ("td", "th", "table", "script", "style", "pre"):
            self._inside = ""

    def handle_data(self, data):
        if self._inside in ("script", "style"):
            return
        self.text += data
        if self._inside == "pre":
            self.json += data
        if self._inside in ("td", "th", "i") and self.tables:
            self.tables[-1][-1][-1] += data.strip()


@pytest.fixture(scope="module")
def run() -> Snapshot:
    return made_up(small(repeats=3, seed=52))


@pytest.fixture(scope="module")
def report(run: Snapshot) -> str:
    return run_report(run, link=LINK)


def row(table: list[list[str]], name: str) -> list[str]:
    return next(cells for cells in table if cells[0] == name)


def test_everything_is_in_the_file_and_nothing_is_fetched(report):
    page = Reader(report)
    outward = {"src", "srcset", "data", "action", "poster", "background"}
    assert not [(tag, attrs) for tag, attrs in page.tags if outward & attrs.keys()]
    assert not [tag for tag, _ in page.tags if tag in ("link", "iframe", "object", "embed", "base")]
    assert [attrs["href"] for _, attrs in page.tags if "href" in attrs] == [LINK]
    (policy,) = (attrs["content"] for _, attrs in page.tags if "http-equiv" in attrs)
    assert policy and policy.startswith("default-src 'none'") and "http" not in policy
    assert report.count("Plotly.newPlot(") >= 6
    assert len(re.findall(r"plotly\.js v\d", report)) == 1, "the library once, not once a figure"
    assert len([tag for tag, _ in page.tags if tag == "figure"]) == 6


def test_numbers_are_those_of_the_run(run, report):
    page = Reader(report)
    accuracies, numbers = page.tables
    for name in run.experiment.strategies:
        finals = [c.test_valid_accuracy[-1] for c in run.curves if c.strategy == name]
        low, high = np.clip(
            stats.t.interval(0.95, 2, loc=np.mean(finals), scale=stats.sem(finals)), 0, 1
        )
        _, mean, interval, spread, leak = row(accuracies, STRATEGIES[name].title)
        assert mean == f"{np.mean(finals):.1%}"
        assert interval == f"{low:.1%} to {high:.1%}"
        assert spread == f"{min(finals):.1%} to {max(finals):.1%}"
        assert (leak == "none, exactly 0") == (name == "held_state")
    assert row(accuracies, "Chance")[1] == f"{run.chance.valid:.1%}"
    assert len(numbers) == 1 + 2 * 3
    for cells, curve in zip(numbers[1:], run.curves, strict=True):
        assert cells[:3] == [STRATEGIES[curve.strategy].title, str(curve.repeat + 1), "2"]
        found = (curve.loss, curve.accuracy, curve.test_loss, curve.test_accuracy)
        assert [float(cell) for cell in cells[3:]] == pytest.approx([x[-1] for x in found], abs=5e-5)


def test_verdict_rules_settings_and_seeds_are_said(run, report):
    page, experiment = Reader(report), run.experiment
    assert headline(run) in page.text
    assert all(each.sentence in page.text for each in verdicts(run))
    assert all(rule in page.text for rule in RULES.values())
    assert all(STRATEGIES[name].summary in page.text for name in experiment.strategies)
    assert Experiment.from_json(page.json) == experiment
    assert all(str(repeat_seed(experiment.seed, repeat)) in page.text for repeat in range(3))
    for package in ("Python", "keras", "tensorflow", "numpy"):
        assert re.search(rf"{package} \d+\.\d+", page.text)


@pytest.mark.parametrize(
    "link",
    [
        'http://x/?a="><script>alert(1)</script>',
        "http://x/?a='><img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        " data:text/html,<script>alert(1)</script>",
        "http://x/{{ content.json }}{% for %}</script></style>",
    ],
)
def test_a_hostile_link_is_quoted_and_not_obeyed(run, report, link):
    page, plain = Reader(run_report(run, link=link)), Reader(report)
    assert link.strip() in page.text

    def tags(page: Reader) -> list[str]:
        return [tag for tag, _ in page.tags if tag not in ("a", "code")]

    assert tags(page) == tags(plain), "no element that would not be there otherwise"
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]
    followed = [attrs["href"] for _, attrs in page.tags if "href" in attrs]
    assert followed == ([link] if link.startswith("http://") else [])


def test_a_run_that_was_stopped_says_so(run):
    first = replace(run, curves=run.curves[:2], finished=False, done=1 / 3)
    page = Reader(run_report(first, link=LINK))
    assert "33% of the training was done" in page.text
    assert "There is no verdict from 3 repeats" in page.text
    assert "At least 5 repeats are needed before a word is given here." in page.text
    begun = tuple(replace(each, leak=None) for each in first.curves)
    page = Reader(run_report(replace(first, curves=begun), link=LINK))
    assert row(page.tables[0], "No mask")[1] == f"{begun[0].test_valid_accuracy[-1]:.1%}"
    assert row(page.tables[0], "No mask")[-1] == "not measured"


def test_a_label_a_step_has_both_accuracies(run):
    changed = replace(run.experiment, task="running_sign", count_invalid=True)
    curves = tuple(replace(each, test_accuracy=(0.5, 0.987)) for each in run.curves)
    page = Reader(run_report(replace(run, experiment=changed, curves=curves), link=LINK))
    assert page.tables[0][0][-2] == "Reported"
    assert row(page.tables[0], "No mask")[-2] == "98.7%"
    assert row(page.tables[0], "No mask")[1] != "98.7%"
    assert "They count in the loss" in page.text


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("side", ["post", "pre"])
def test_settings_in_words_are_sentences(task, side):
    experiment = Experiment(task=task, side=side, pad_value=-2.5, missing_rate=0.25, units=7)
    said = dict(settings_text.setting_rows(experiment))
    assert all(re.search(r"[.?]$", each) for each in said.values()), said
    assert ("in front" in said["Padding"].lower()) == (side == "pre")
    assert "-2.5" in said["Padding"] and "60 steps" in said["Padding"]
    assert "25%" in said["Missing readings"]
    assert "7 units" in said["Network"]
    assert ("Invalid steps" in said) == TASKS[task].per_step


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"min_length": 10}, "None: every sequence is as long as the others."),
        (
            {"padded_length": 8},
            "After the end, to 8 steps, written as 0. Sequences of more than 8 steps",
        ),
        (
            {"padded_length": 5},
            "None: every sequence is as long as the others. Sequences of more than 5",
        ),
        ({"batches": "longest"}, "After the end, to the longest sequence of the batch, at most to 20"),
        ({"batches": "longest", "min_length": 10, "padded_length": 20}, "None: every sequence"),
        ({"min_length": 10, "padded_length": 20}, "After the end, to 20 steps"),
    ],
)
def test_padding_in_words_is_that_of_the_batches(changes, said):
    lengths = {"min_length": 5, "max_length": 10, "padded_length": 10}
    if changes.get("batches") == "longest" and "min_length" not in changes:
        lengths["padded_length"] = 20
    experiment = Experiment(task="sum_sign", **(lengths | changes))
    assert dict(settings_text.setting_rows(experiment))["Padding"].startswith(said)


def test_files_are_named_by_what_they_hold():
    for name, scenario in SCENARIOS.items():
        assert settings_text.file_name(scenario.experiment) == f"maskdemo-{name}"
    assert settings_text.file_name(small()) == "maskdemo-sum_sign"


def study_of(**changes) -> Findings:
    study = Study(base=small(repeats=2), vary="padded_length", values=(16, 20), **changes)
    outcomes = {}
    for training in study.trainings():
        _, strategy, repeat = study.coordinates(training)
        accuracy = 0.9 if strategy == "held_state" else 0.5 + 0.1 * repeat
        outcomes[training] = Outcome(accuracy, accuracy, 0.5, 1.0, 24)
    return Findings(study, outcomes, finished=True, failures=("One training failed.",))


@pytest.mark.parametrize(
    ("changes", "cells", "figures"),
    [({}, 2, 1), ({"and_vary": "side", "and_values": ("post", "pre")}, 4, 2)],
    ids=["one varied", "two varied"],
)
def test_a_study_has_its_cells_and_its_figures(changes, cells, figures):
    findings = study_of(**changes)
    page = Reader(study_report(findings, link=LINK))
    (numbers,) = page.tables
    assert len(numbers) == 1 + cells * 3
    assert row(numbers, "No mask")[2:4] == ["55.0%", "50.0% 60.0%"]
    held = row(numbers, "Held state")
    assert held[2:4] == ["90.0%", "90.0% 90.0%"] and held[4].startswith("+35.0 (")
    assert len([tag for tag, _ in page.tags if tag == "figure"]) == figures
    assert "One training failed." in page.text and "Not finished" not in page.text
    assert "20 steps" in page.text


def test_a_study_without_results_is_a_report_too():
    findings = replace(study_of(), outcomes={}, finished=False)
    page = Reader(study_report(findings, link=LINK))
    assert "Nothing can be said yet" in page.text and "Not finished" in page.text
