"""Numbers and looks apart: what decides a kept number changes its digest, and nothing else does."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from maskdemo.article import claim_rules
from maskdemo.article.claims import CLAIMS
from maskdemo.article.measurements import Measurements
from maskdemo.data.tasks import TASKS
from maskdemo.experiment import SETTINGS
from maskdemo.results import codec
from maskdemo.results.digest import PACKAGE, PROGRAMS, SOURCES, _file_digest, digest_of
from maskdemo.strategies import STRATEGIES
from maskdemo.titles import SIDES
from tests.article.test_claims import evidence_of, run_with
from tests.samples import small
from tests.test_architecture import imports, modules

EVERY_PROGRAM = {kind for kind in SOURCES if kind.startswith("program ")}
TRAINED = {"training", "run", "claims", "guide"}


def replaced(file: str, before: str, after: str, folder: Path) -> Path:
    """A file of the package with one place of it changed, under its name in this folder."""
    text, changed = (PACKAGE / file).read_text(encoding="utf-8"), folder / file
    assert before in text, f"{file} has changed: edit something else in it"
    changed.parent.mkdir(parents=True, exist_ok=True)
    changed.write_text(text.replace(before, after, 1), encoding="utf-8")
    return changed


def taken(file: str, before: str, after: str, folder: Path) -> set[str]:
    """The kinds of results that this change takes, by the digest of the one file that differs."""
    same = _file_digest(replaced(file, before, after, folder)) == _file_digest(PACKAGE / file)
    return set() if same else {kind for kind, files in SOURCES.items() if file in files}


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        pytest.param("charts/style.py", "#0157b4", "#0157b5", id="a colour"),
        pytest.param("charts/style.py", '"diamond"', '"cross"', id="a marker"),
        pytest.param("audit/html_report.py", "#0072b2", "#0072b3", id="a colour of the mask's path"),
        pytest.param("titles.py", "Sign of the first value", "The first sign", id="a task's title"),
        pytest.param("titles.py", "Zeroed input", "Zeros", id="a strategy's title"),
        pytest.param("experiment.py", '"Padded length"', '"Padded to"', id="a setting's title"),
        pytest.param("experiment.py", "Where the padding goes.", "At which end.", id="a help text"),
        pytest.param("experiment.py", "low=1, high=200", "low=2, high=300", id="a slider's limit"),
        pytest.param("experiment.py", "setting_field(0.003,", "setting_field(0.001,", id="a default"),
        pytest.param("scenarios.py", "51 or more", "more than 50", id="a scenario's sentence"),
        pytest.param("titles.py", "erases what was read", "forgets it", id="a strategy's sentence"),
        pytest.param("evidence/verdict.py", "is above zero", "exceeds zero", id="a verdict's sentence"),
        pytest.param("data/padding.py", "is too short for it", "is less", id="a complaint"),
        pytest.param("training/program.py", '"""', '"""Also: ', id="a docstring"),
        pytest.param("training/program.py", "\nimport", "\n# A remark.\nimport", id="a comment"),
    ],
)
def test_what_people_read_keeps_every_result(file, before, after, tmp_path):
    assert taken(file, before, after, tmp_path) == set()


@pytest.mark.parametrize(
    ("file", "before", "after", "gone"),
    [
        pytest.param("training/lstm.py", "tf.tanh(", "tf.sin(", TRAINED, id="the step"),
        pytest.param("training/program.py", "rng.permutation", "rng.shuffle", TRAINED, id="the engine"),
        pytest.param("training/loss_and_adam.py", "0.999", "0.99", TRAINED, id="the optimiser"),
        pytest.param("strategies.py", "use, ~use", "use, use", TRAINED, id="a strategy's switches"),
        pytest.param("data/tasks.py", "rng.random((", "rng.normal(size=(", TRAINED, id="a task's draw"),
        pytest.param("data/tasks.py", "> 0)", "> 1)", TRAINED, id="a task's labels"),
        pytest.param("data/sequences.py", "[seed, repeat]", "[repeat, seed]", TRAINED,
                     id="a repeat's seed"),
        pytest.param("training/probes.py", "PROBES = 8", "PROBES = 6", {"run", "claims", "guide"},
                     id="PROBES"),
        pytest.param("article/keras_checks.py", "= 5, 8,", "= 6, 8,", {"claims"}, id="a check"),
        pytest.param("article/measurements.py", "each[-1]", "each[0]", {"claims"}, id="a measurement"),
        pytest.param("audit/resource_limits.py", "1_000", "2_000", {"audit"}, id="an audit"),
        pytest.param("article/run_program.py", "x.any(axis=2)", "x.all(axis=2)", EVERY_PROGRAM,
                     id="how programs are run"),
    ],
)  # fmt: skip
def test_what_decides_a_number_takes_what_came_from_it(file, before, after, gone, tmp_path):
    assert taken(file, before, after, tmp_path) == gone


def test_a_program_takes_its_own_outcome_and_no_other(tmp_path):
    for program in (path.stem for path in (PACKAGE / PROGRAMS).glob("*.py")):
        counted = taken(f"{PROGRAMS}/{program}.py", "import", "# Lines count.\nimport", tmp_path)
        assert counted == {f"program {program}"}


def test_the_recorded_data_decide(tmp_path):
    """Of the whole digest; the changes above are those of the digest of their file."""
    recorded = "data/japanese_vowels.npz"
    assert {kind for kind, files in SOURCES.items() if recorded in files} == TRAINED
    for folder in ("same", "changed"):
        for file in SOURCES["training"]:
            copy = tmp_path / folder / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PACKAGE / file, copy)
    with (tmp_path / "changed" / recorded).open("ab") as file:
        file.write(b"!")
    assert digest_of("training", tmp_path / "same") == digest_of("training")
    assert digest_of("training", tmp_path / "changed") != digest_of("training")


def test_a_judges_rule_takes_its_verdict(monkeypatch):
    """Verdicts are computed as they are shown: with another rule the old one is nowhere to be found."""
    claim = CLAIMS["distorts"]
    known = evidence_of(claim, run_with(leak=0.2))
    kept = codec.to_plain(Measurements({small(): run_with()}, known.checks))
    assert kept.keys() == {"runs", "checks"}

    def word() -> str:
        judgement = claim.judgement(known)
        assert judgement is not None
        return judgement.word

    assert word() == "held"
    monkeypatch.setattr(claim_rules, "TRACE", 0.5)
    assert word() == "not held"


def test_no_title_or_help_text_is_written_where_numbers_are_computed():
    people_read = {each for task in TASKS.values() for each in (task.title, task.summary)}
    people_read |= {each for one in STRATEGIES.values() for each in (one.title, one.does, one.summary)}
    people_read |= {each for one in SETTINGS.values() for each in (one.title, one.help)}
    people_read |= {side.title for side in SIDES.values()}
    files = {file for sources in SOURCES.values() for file in sources if file.endswith(".py")}
    written = {
        f"{file}: {node.value}"
        for file in files
        if not file.startswith(PROGRAMS)
        for node in ast.walk(ast.parse((PACKAGE / file).read_bytes()))
        if isinstance(node, ast.Constant) and node.value in people_read
    }
    assert not written


#: Kind -> where its numbers begin, as modules of the package.
ROOTS = {
    "training": ("training.run",),
    "run": ("training.run",),
    "claims": ("training.run", "article.measurements", "article.keras_checks"),
    "guide": ("training.run", "evidence.accuracies"),
    "program example_1_as_written": ("article.run_program",),
}
#: Imported on the way, but a kept number does not depend on it. A reason for each.
NUMBERLESS = {
    "experiment": "A result is kept under its settings: what they are by default decides nothing.",
    "setting_kinds": "The words and the limits of a setting.",
    "titles": "Words.",
    "errors": "What is refused bears no number.",
    "training.snapshot": "The form of a result, without arithmetic.",
    "caching": "What is computed once and what twice.",
    "training.program_cache": "Which compiled program is kept in memory.",
    "training.compile_cache": "Which compiled program is kept on disk.",
    "machine": "How fast, not what.",
}
READ_LATER = {"inside.recurrence": "Pages look into kept networks with it, as they are shown."}
NOT_KEPT = {
    "training.probes": "What is looked into is no part of a training's outcome.",
    **READ_LATER,
}
JUDGED = {
    **dict.fromkeys(
        (
            *("evidence", "evidence.headline", "evidence.interval", "evidence.phrases"),
            *("evidence.mask_effect", "evidence.scenario_headline", "evidence.scenario_mark"),
            "evidence.strategy_result",
            "evidence.verdict",
            *("article.claims", "article.claim_rules", "article.judgement", "article.program_run"),
        ),
        "Judged as it is shown.",
    ),
    "scenarios": "Numbers are kept under the settings that they belong to.",
}
BESIDE = {
    "training": NUMBERLESS | NOT_KEPT,
    "run": NUMBERLESS | READ_LATER,
    "claims": NUMBERLESS | JUDGED,
    "guide": NUMBERLESS | READ_LATER,
    "program example_1_as_written": {
        "loading": "How fast, not what.",
        "article.program_run": "The form of an outcome, and its words.",
    },
}


def reached(roots: tuple[str, ...]) -> set[str]:
    """The package's modules that these import, near or far, by their names within it."""
    known = modules(PACKAGE.parent)
    found, left = set(), {f"{PACKAGE.name}.{root}" for root in roots}
    while left:
        module = left.pop()
        found.add(module)
        left |= {name for name in imports(known[module]) if name in known} - found
    return {name.removeprefix(f"{PACKAGE.name}.") for name in found}


@pytest.mark.parametrize("kind", ROOTS)
def test_whatever_is_imported_is_digested_or_decides_no_number(kind):
    files = (file for file in SOURCES[kind] if file.endswith(".py") and not file.startswith(PROGRAMS))
    digested = {file.removesuffix(".py").replace("/", ".") for file in files}
    assert not digested & BESIDE[kind].keys()
    assert reached(ROOTS[kind]) == digested | BESIDE[kind].keys()


def test_whatever_an_audit_imports_is_digested_or_decides_nothing_of_its_report():
    digested = {file.removesuffix(".py").replace("/", ".") for file in SOURCES["audit"]}
    assert reached(("audit.build_from_config",)) <= digested | {"errors", "titles"}
