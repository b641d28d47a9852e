"""What is shipped fits, is not stale and comes back whole; damage costs nothing but itself."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from maskdemo.article.claims import CLAIMS
from maskdemo.article.examples import EXAMPLES
from maskdemo.article.measured import Measurements, measure
from maskdemo.results import article_file, making, precomputed, provenance, run_file, study_file
from maskdemo.results.digest import SOURCES
from maskdemo.scenarios import OPENING, SCENARIOS
from maskdemo.study import Findings, Study, grid
from maskdemo.study.grid import coarse_to_fine
from maskdemo.study.questions import QUESTIONS
from maskdemo.training.run import train, train_once
from maskdemo.training.snapshot import Outcome
from tests.samples import small

RUN_MAKE = "What is shipped was computed with other code, data or libraries: run make evidence."


@pytest.fixture
def fresh() -> provenance.Made:
    found = {kind: provenance.made(kind) for kind in SOURCES}
    assert None not in found.values(), RUN_MAKE
    return found["run"]


@pytest.fixture(scope="module")
def finished():
    *_, last = train(small(strategies=("no_mask", "masking_layer"), epochs=3, repeats=2))
    return last


def test_everything_that_pages_show_is_shipped(fresh):
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


def test_what_is_shipped_is_small(fresh):
    assert sum(path.stat().st_size for path in provenance.FOLDER.iterdir()) <= making.MOST_BYTES


@pytest.mark.parametrize("kind", ["run", "training", "claims", "program example_2_mended"])
def test_with_other_code_what_came_from_it_is_gone_and_nothing_else(fresh, kind, tmp_path):
    provenance.write(replace(fresh, digests={**fresh.digests, kind: "another"}), tmp_path)
    for path in provenance.FOLDER.iterdir():
        if path.name != "made.json":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    found = {
        "run": precomputed.run(SCENARIOS[OPENING].experiment, tmp_path),
        "training": precomputed.study(QUESTIONS["side"].study, tmp_path),
        "claims": precomputed.claims(tmp_path),
        **{f"program {name}": each for name, each in precomputed.programs(tmp_path).items()},
    }
    known = {"run", "training", "claims", *(kind for kind in SOURCES if kind.startswith("program "))}
    assert {kind for kind in known if found.get(kind) is None} == {kind}


def test_with_other_settings_a_scenario_has_no_run(fresh, tmp_path):
    """Settings are in no digest: the file says which it was made with."""
    provenance.write(fresh, tmp_path)
    (tmp_path / "run-masking_layer.npz").write_bytes(
        (provenance.FOLDER / "run-fixed_length.npz").read_bytes()
    )
    assert precomputed.run(SCENARIOS["masking_layer"].experiment, tmp_path) is None


def test_with_other_settings_a_question_has_no_study(fresh, tmp_path):
    provenance.write(fresh, tmp_path)
    (tmp_path / "study-side.json").write_bytes((provenance.FOLDER / "study-missing.json").read_bytes())
    assert precomputed.study(QUESTIONS["side"].study, tmp_path) is None


def test_a_damaged_file_is_as_good_as_absent(fresh, tmp_path):
    provenance.write(fresh, tmp_path)
    for path in provenance.FOLDER.iterdir():
        if path.name != "made.json":
            (tmp_path / path.name).write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert all(precomputed.run(each.experiment, tmp_path) is None for each in SCENARIOS.values())
    assert all(precomputed.study(each.study, tmp_path) is None for each in QUESTIONS.values())
    assert precomputed.claims(tmp_path) is None and precomputed.programs(tmp_path) == {}


def test_other_settings_have_no_shipped_run(fresh):
    assert precomputed.run(replace(SCENARIOS[OPENING].experiment, seed=1)) is None


def test_a_run_comes_back(finished, tmp_path):
    run_file.write(finished, tmp_path / "run.npz", networks=2)
    back = run_file.read(tmp_path / "run.npz")
    assert (back.experiment, back.curves, back.chance) == (
        finished.experiment,
        finished.curves,
        finished.chance,
    )
    assert back.probes.epochs == finished.probes.epochs
    for name, outputs in finished.probes.outputs.items():
        np.testing.assert_allclose(back.probes.outputs[name], outputs, atol=5e-4)
        np.testing.assert_array_equal(back.probes.read_out[name], finished.probes.read_out[name])
        kept, all_of_them = back.networks[name], finished.networks[name]
        assert [each.epoch for each in kept] == [all_of_them[0].epoch, all_of_them[-1].epoch]
        np.testing.assert_array_equal(kept[-1].kernel, all_of_them[-1].kernel)
    for what in ("values", "valid", "padded", "labels"):
        np.testing.assert_array_equal(getattr(back.probes, what), getattr(finished.probes, what))


def test_a_study_comes_back(tmp_path):
    base = small(repeats=2)
    study = Study(base=base, vary="padded_length", values=(16, 20))
    outcomes = {each: train_once(each.experiment, each.repeat) for each in study.trainings()}
    findings = Findings(study=study, outcomes=outcomes, seconds=1.5, finished=True)
    study_file.write(findings, tmp_path / "study.json")
    assert study_file.read(tmp_path / "study.json") == findings


@pytest.mark.parametrize("order", [coarse_to_fine, lambda *values: coarse_to_fine(*values)[::-1]])
def test_a_row_of_a_study_is_never_another_trainings(order, tmp_path, monkeypatch):
    """Not even where the order of training changes between writing and reading."""
    study = Study(base=small(repeats=1, strategies=("no_mask",)), vary="padded_length", values=(16, 20))
    outcomes = {
        each: Outcome(0.5, 0.5, 0.7, float(at), 30) for at, each in enumerate(study.trainings())
    }
    path = tmp_path / "study.json"
    study_file.write(Findings(study=study, outcomes=outcomes, finished=True), path)
    monkeypatch.setattr(grid, "coarse_to_fine", order)
    try:
        found = study_file.read(path).outcomes
    except ValueError:
        found = {}
    assert found in ({}, outcomes) and bool(found) == (order is coarse_to_fine)


def test_measurements_come_back(finished):
    known = Measurements(runs={finished.experiment: measure(finished)}, checks={"one": {"a": [1.5]}})
    written = json.loads(json.dumps(article_file.write_claims(known)))
    assert article_file.read_claims(written) == known


def same(one: float, other: float, scored: int, there: provenance.Made) -> bool:
    """To the bit on the same kind of processor, else within one test sequence."""
    return one == other if provenance.processor() == there.processor else abs(one - other) <= 1 / scored


@pytest.mark.slow
def test_a_scenario_trained_anew_is_the_shipped_one(fresh):
    experiment = SCENARIOS["masking_layer"].experiment
    known = precomputed.run(experiment)
    *_, anew = train(experiment)
    for mine, theirs in zip(anew.curves, known.curves, strict=True):
        assert (mine.strategy, mine.repeat) == (theirs.strategy, theirs.repeat)
        assert same(mine.test_accuracy[-1], theirs.test_accuracy[-1], mine.scored, fresh)


@pytest.mark.slow
def test_a_value_trained_anew_is_the_shipped_one(fresh):
    study = QUESTIONS["missing"].study
    training = study.training(study.cells[-1], "held_state", 1)
    known = precomputed.study(study).outcomes[training]
    anew = train_once(training.experiment, training.repeat)
    assert same(anew.accuracy, known.accuracy, known.scored, fresh)


@pytest.mark.slow
def test_a_claim_measured_anew_is_the_shipped_one(fresh):
    (experiment, *_) = CLAIMS["finds_padding"].experiments
    known = precomputed.claims().runs[experiment]
    *_, anew = train(experiment)
    found = measure(anew)
    for name, by_repeat in known.accuracies.by_repeat.items():
        for repeat, accuracy in by_repeat.items():
            mine = found.accuracies.by_repeat[name][repeat]
            assert same(mine, accuracy, known.accuracies.scored, fresh)
