"""Precomputed results are complete, small and not stale; a damaged file costs itself and no other."""

from __future__ import annotations

import shutil
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maskdemo.article.claims import CLAIMS
from maskdemo.article.examples import EXAMPLES
from maskdemo.article.measurements import measure_run
from maskdemo.audit.configuration import safe_config
from maskdemo.audit.example_models import EXAMPLES as AUDITED
from maskdemo.evidence import accuracies
from maskdemo.guide import guide_experiments
from maskdemo.results import precompute, precomputed
from maskdemo.results.digest import SOURCES
from maskdemo.results.precomputed import Provenance, processor
from maskdemo.scenarios import OPENING, SCENARIOS, Scenario
from maskdemo.study import Study
from maskdemo.study.questions import QUESTIONS, Question
from maskdemo.training.run import train, train_once
from tests.samples import made_up, small
from tests.ui.test_audit import CLEAN, LEAKING

TINY = Scenario("tiny", "Tiny", "Nothing.", small(epochs=2, repeats=1))
TINY_QUESTION = Question(
    "tiny",
    "Tiny?",
    "Nothing.",
    Study(base=small(strategies=("no_mask",), repeats=1), vary="padded_length", values=(16, 20)),
)
RUN_MAKE = (
    "Precomputed results come from other code, data or libraries. Run make evidence, or take back the "
    "change of a file that results/digest.py lists."
)


def ready_models() -> list[bytes]:
    """The ready examples of the audit's page, and these put right."""
    return [each.encode() for one in AUDITED.values() for each in (one.config, one.fixed) if each]


@pytest.fixture
def fresh() -> dict[str, Provenance]:
    """Kind of result -> what it was computed with."""
    found = {kind: precomputed.provenance(kind) for kind in SOURCES}
    known = {kind: source for kind, source in found.items() if source}
    stale = ", ".join(sorted(found.keys() - known.keys()))
    assert not stale, f"Of {stale}: {RUN_MAKE}"
    return known


def test_everything_that_pages_show_is_precomputed(fresh):
    for scenario in SCENARIOS.values():
        run = precomputed.run(scenario.experiment)
        assert run is not None and run.finished and run.experiment == scenario.experiment
    assert precomputed.run(SCENARIOS[OPENING].experiment).networks.keys() == set(
        SCENARIOS[OPENING].experiment.strategies
    )
    for question in QUESTIONS.values():
        found = precomputed.study(question.study)
        assert found is not None and found.finished and found.done == found.total
    known = precomputed.claims()
    assert known is not None and all(claim.judgement(known) for claim in CLAIMS.values())
    names = {program.name for example in EXAMPLES for program in example.programs}
    assert precomputed.programs().keys() == names
    for content in ready_models():
        assert precomputed.audit_report(content) is not None
    assert set(precomputed.guide()) == set(guide_experiments())


def test_what_is_precomputed_is_small(fresh):
    assert sum(path.stat().st_size for path in precomputed.FOLDER.iterdir()) <= precompute.MAX_BYTES


@pytest.mark.parametrize(
    "kind", ["run", "training", "claims", "audit", "guide", "program example_2_mended"]
)
def test_with_other_code_what_came_from_it_is_gone_and_nothing_else(fresh, kind, tmp_path):
    precomputed.write_provenance(fresh | {kind: replace(fresh[kind], digest="another")}, tmp_path)
    for path in precomputed.FOLDER.iterdir():
        if path.name != "made.json":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    found = {
        "run": precomputed.run(SCENARIOS[OPENING].experiment, tmp_path),
        "training": precomputed.study(QUESTIONS["side"].study, tmp_path),
        "claims": precomputed.claims(tmp_path),
        "audit": precomputed.audit_report(ready_models()[0], tmp_path),
        "guide": precomputed.guide(tmp_path) or None,
        **{f"program {name}": each for name, each in precomputed.programs(tmp_path).items()},
    }
    assert {kind for kind in SOURCES if found.get(kind) is None} == {kind}


def test_other_settings_have_no_result(fresh, tmp_path):
    """Settings are in no digest: a file says which it was made with."""
    precomputed.write_provenance(fresh, tmp_path)
    for file, other in (("run-masking_layer", "run-fixed_length"), ("study-side", "study-missing")):
        shutil.copy(precomputed.FOLDER / f"{other}.npz", tmp_path / f"{file}.npz")
    assert precomputed.run(SCENARIOS["masking_layer"].experiment, tmp_path) is None
    assert precomputed.study(QUESTIONS["side"].study, tmp_path) is None
    assert precomputed.run(replace(SCENARIOS[OPENING].experiment, seed=1)) is None


def test_a_damaged_file_is_as_good_as_absent(fresh, tmp_path):
    precomputed.write_provenance(fresh, tmp_path)
    for path in precomputed.FOLDER.iterdir():
        if path.name != "made.json":
            (tmp_path / path.name).write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert all(precomputed.run(each.experiment, tmp_path) is None for each in SCENARIOS.values())
    assert all(precomputed.study(each.study, tmp_path) is None for each in QUESTIONS.values())
    assert precomputed.claims(tmp_path) is None and precomputed.programs(tmp_path) == {}


def test_of_a_stream_only_the_last_item_stays_in_memory():
    made, alive = [], []

    def stream():
        for number in range(4):
            made.append(weakref.ref(item := {number}))
            yield item
        alive.extend(each() for each in made)

    assert precompute._last_item(stream()) == {3}
    assert alive == [None, None, None, {3}]


def test_a_run_is_kept_with_few_networks_and_in_half_precision():
    finished = made_up(small(strategies=("no_mask", "masking_layer"), epochs=3, repeats=2))
    kept = precompute.shortened(finished, networks=2)
    assert kept.curves == finished.curves and kept.probes.epochs == finished.probes.epochs
    for name, outputs in finished.probes.outputs.items():
        np.testing.assert_allclose(kept.probes.outputs[name], outputs, atol=5e-4)
        networks, all_of_them = kept.networks[name], finished.networks[name]
        assert networks == (all_of_them[0], all_of_them[-1])
    (last,) = precompute.shortened(finished, networks=1).networks["no_mask"]
    assert last is finished.networks["no_mask"][-1]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The folder of `make evidence` with one small scenario and one small question."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCENARIOS, "tiny", TINY)
        patch.setitem(QUESTIONS, "tiny", TINY_QUESTION)
        # What the audits find is tested in `audit/test_example_models`: here, that it is kept.
        mended = safe_config(AUDITED["embedding"].fixed)
        patch.setattr(
            "maskdemo.audit.build_from_config.audit_config",
            lambda config: CLEAN if config == mended else LEAKING,
        )
        tiny = {"scenarios": ("tiny",), "questions": ("tiny",), "audited": ("embedding",)}
        guided = (TINY.experiment,)
        lines = list(precompute.compute_results(folder, **tiny, article=False, guide=guided))
    assert lines[:3] == ["Scenario tiny", "Study tiny", "Audits of the ready examples"]
    return folder


@pytest.fixture
def tiny(monkeypatch) -> None:
    monkeypatch.setitem(SCENARIOS, "tiny", TINY)
    monkeypatch.setitem(QUESTIONS, "tiny", TINY_QUESTION)


def test_what_is_made_is_found(made, tiny):
    run, findings = precomputed.run(TINY.experiment, made), precomputed.study(TINY_QUESTION.study, made)
    *_, anew = train(TINY.experiment)
    assert run is not None and run.finished
    for mine, theirs in zip(run.curves, anew.curves, strict=True):
        assert replace(mine, epoch_seconds=None) == replace(theirs, epoch_seconds=None)
    for name, outputs in anew.probes.outputs.items():
        assert run.probes.outputs[name].dtype == np.float32
        np.testing.assert_allclose(run.probes.outputs[name], outputs, atol=5e-4)
    np.testing.assert_array_equal(run.probes.values, anew.probes.values)
    assert findings is not None and findings.finished
    assert findings.outcomes.keys() == set(TINY_QUESTION.study.trainings())
    assert precomputed.guide(made) == {TINY.experiment: accuracies(anew)}


def test_a_ready_example_s_report_and_the_one_put_right_are_kept(made):
    example = AUDITED["embedding"]
    report = precomputed.audit_report(example.config.encode(), made)
    assert report is not None and report.leaks == LEAKING.leaks != ()
    put_right = precomputed.audit_report(example.fixed.encode(), made)
    assert put_right is not None and put_right.clean
    assert precomputed.audit_report(AUDITED["loss"].config.encode(), made) is None


def test_a_question_whose_study_has_other_trainings_by_now_has_no_findings(made, tiny, monkeypatch):
    """Which trainings a study has is in no digest."""
    trainings = Study.trainings
    assert precomputed.study(TINY_QUESTION.study, made) is not None
    monkeypatch.setattr(Study, "trainings", lambda self: trainings(self)[1:])
    assert precomputed.study(TINY_QUESTION.study, made) is None


def test_where_nothing_says_with_what_it_was_made_nothing_is_found(made, tiny, tmp_path):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    for text in (None, "", "[]", "{}", '{"run": []}'):
        (tmp_path / "made.json").unlink(missing_ok=True)
        if text is not None:
            (tmp_path / "made.json").write_text(text)
        precomputed.read_provenance.cache_clear()
        assert precomputed.run(TINY.experiment, tmp_path) is None


def same(one: float, other: float, scored: int, there: Provenance) -> bool:
    """To the bit on the same kind of processor, else within one test sequence."""
    return one == other if processor() == there.processor else abs(one - other) <= 1 / scored


@pytest.mark.slow
@pytest.mark.fuzz
def test_what_is_trained_anew_is_the_precomputed_scenario_and_case_of_a_claim(fresh):
    experiment = SCENARIOS["fixed_length"].experiment
    assert experiment in CLAIMS["learns"].experiments
    scenario, case = precomputed.run(experiment), precomputed.claims().runs[experiment]
    *_, anew = train(experiment)
    for mine, theirs in zip(anew.curves, scenario.curves, strict=True):
        assert (mine.strategy, mine.repeat) == (theirs.strategy, theirs.repeat)
        assert same(mine.test_accuracy[-1], theirs.test_accuracy[-1], mine.scored, fresh["run"])
    found = measure_run(anew)
    for name, by_repeat in case.accuracies.by_repeat.items():
        for repeat, accuracy in by_repeat.items():
            mine = found.accuracies.by_repeat[name][repeat]
            assert same(mine, accuracy, case.accuracies.scored, fresh["claims"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "cell", "strategy"),
    [
        # The shortest of all: recorded data, cut to 5 steps.
        ("cut", 0, "masking_layer"),
        pytest.param("missing", -1, "held_state", marks=pytest.mark.fuzz),
    ],
)
def test_a_value_trained_anew_is_the_precomputed_one(fresh, question, cell, strategy):
    study = QUESTIONS[question].study
    training = study.training(study.cells[cell], strategy, 1)
    known = precomputed.study(study).outcomes[training]
    anew = train_once(training.experiment, training.repeat)
    assert same(anew.accuracy, known.accuracy, known.scored, fresh["training"])
