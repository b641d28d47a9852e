"""The article's claims: verdicts follow from the numbers, whichever way they turn."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from maskdemo.article import keras_checks
from maskdemo.article.claims import CLAIMS, TIMED, Claim
from maskdemo.article.judgement import Case, CaseResult, Judgement, MeasuredNumber
from maskdemo.article.measurements import Measurements, RunMeasurements, measure_run
from maskdemo.data.inputs import inputs
from maskdemo.evidence import Accuracies, headline, min_repeats, verdicts
from maskdemo.experiment import Experiment
from maskdemo.export.table import claims_table
from maskdemo.results.precomputed import Provenance
from maskdemo.strategies import STRATEGIES
from maskdemo.training.run import train
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import state
from tests.samples import small
from tests.ui import app
from tests.ui.app import fine, shown, spare_what_is_there

FOUR = ("no_mask", "zeroed_input", "zeroed_state", "held_state")
WOBBLE = np.array([-0.004, 0.0, 0.004, -0.004, 0.004])


def run_with(
    *,
    leak: float = 0.0,
    apart: float = 0.0,
    gradient: tuple[float, float] = (0.0, 1.0),
    masked: tuple[float, float] = (1.0, 0.0),
    wobble: float = 1.0,
    **accuracies: float,
) -> RunMeasurements:
    """Five repeats around these accuracies; what is not given is as accurate as no mask.

    Strategies wobble in different directions, so that their differences have an interval.
    """
    bare = accuracies.get("no_mask", 0.7)
    means = {name: accuracies.get(name, bare) for name in STRATEGIES}
    return RunMeasurements(
        experiment=Experiment(),
        accuracies=Accuracies(
            by_repeat={
                name: dict(enumerate(mean + (1 if name == "no_mask" else -1) * wobble * WOBBLE))
                for name, mean in means.items()
            },
            chance=0.5,
            scored=500,
            repeats=5,
            comparisons=3,
        ),
        leaks=dict.fromkeys(STRATEGIES, (leak, leak, leak)),
        apart=dict.fromkeys(STRATEGIES, apart),
        gradients=dict.fromkeys(STRATEGIES, gradient),
        masked=masked,
    )


def keras_said(
    *, state: float = 0.0, leak: float = 0.0, received: bool = False, ratio: float = 1.0
) -> dict[str, dict]:
    steps = {"input": 0.0, "state": state, "moved": 0.0, "leak": leak, "gradient": 0.0}
    layers = [
        {"masking": m, "supports": s, "received": received and s, "passed": s}
        for m in (False, True)
        for s in (False, True)
    ]
    rounds = [ratio * each for each in (0.99, 1.0, 1.01)]
    return {
        "masked_steps": {"post": steps, "pre": steps},
        "custom_layer": {"layers": layers},
        "epoch_seconds": {"ratios": [[each.to_json(), rounds] for each in TIMED]},
    }


def evidence_of(claim: Claim, run: RunMeasurements, **keras: object) -> Measurements:
    return Measurements(dict.fromkeys(claim.experiments, run), keras_said(**keras))


#: By claim: what makes it hold everywhere, and nowhere; a run, and what Keras says.
WORSE = {"masking_layer": 0.6, "held_state": 0.6, "zeroed_state": 0.6}
BETTER = {"masking_layer": 0.9, "held_state": 0.9}
WAYS: dict[str, tuple[tuple[dict, dict], tuple[dict, dict]]] = {
    "fixed_length": ((WORSE, {}), (BETTER, {})),
    "distorts": (({"leak": 0.2}, {}), ({"leak": 0.001}, {})),
    "costs_accuracy": ((BETTER, {}), (WORSE, {})),
    "essential": (({"no_mask": 0.52, "masking_layer": 0.98}, {}), (dict(BETTER, no_mask=0.8), {})),
    "zeroes": (({"wobble": 0.1}, {}), (dict(BETTER, zeroed_state=0.5), {"state": 0.5})),
    "no_contribution": (({}, {}), ({"gradient": (0.5, 0.5)}, {})),
    "finds_padding": (({}, {}), ({"masked": (0.9, 0.0)}, {})),
    "by_hand": (({}, {}), ({"leak": 0.3}, {})),
    "supports_masking": (({}, {"received": True}), ({}, {"received": False})),
    "missing": ((BETTER, {}), (WORSE, {})),
    "batch_longest": ((BETTER, {}), (WORSE, {})),
    "slower": (({}, {"ratio": 1.4}), ({}, {"ratio": 0.9})),
    "learns": (({"no_mask": 0.8}, {}), ({"no_mask": 0.5}, {})),
}


def test_every_claim_is_turned_both_ways():
    assert WAYS.keys() == CLAIMS.keys()


@pytest.mark.parametrize("name", CLAIMS)
def test_the_judgement_turns_with_the_numbers(name):
    claim = CLAIMS[name]
    (held, keras), (failed, other) = WAYS[name]
    for given_run, said, word in ((held, keras, "held"), (failed, other, "not held")):
        judgement = claim.judgement(evidence_of(claim, run_with(**given_run), **said))
        assert judgement is not None and judgement.word == word
        assert [result.case for result in judgement.results] == list(claim.cases)
        assert judgement.numbers and judgement.sentence.startswith(claim.statement)
        assert judgement.sentence.endswith(".")


def test_times_belong_to_the_settings_that_were_timed():
    """Not to a place in a list: a case with other settings than those is undecided."""
    claim = CLAIMS["slower"]
    other = replace(claim.cases[0], experiment=replace(TIMED[0], padded_length=77))
    changed = replace(claim, cases=(other, *claim.cases[1:]))
    judgement = changed.judgement(evidence_of(changed, run_with(), ratio=1.4))
    assert judgement is not None
    assert [(result.held, bool(result.numbers)) for result in judgement.results] == [
        (None, False),
        (True, True),
    ]


@pytest.mark.parametrize("name", [n for n in CLAIMS if n not in ("supports_masking", "slower")])
def test_a_case_that_differs_is_told_apart(name):
    """Each experiment in turn is the only one where the claim fails; nothing is read into that."""
    claim = CLAIMS[name]
    (held, keras), (failed, other) = WAYS[name]
    for odd in claim.experiments:
        said = keras_said(**keras)
        if name == "zeroes":
            said["masked_steps"] = {
                **said["masked_steps"],
                odd.side: keras_said(**other)["masked_steps"][odd.side],
            }
        runs = {each: run_with(**(failed if each == odd else held)) for each in claim.experiments}
        judgement = claim.judgement(Measurements(runs, said))
        assert judgement is not None
        assert judgement.word == ("held" if claim.usually else "held in some cases")
        failing = {result.case.experiment for result in judgement.results if result.held is False}
        assert failing == {odd}


@pytest.mark.parametrize("name", ["fixed_length", "costs_accuracy", "essential", "missing", "learns"])
def test_a_wide_interval_decides_nothing(name):
    claim = CLAIMS[name]
    run = run_with(no_mask=0.6, masking_layer=0.75, wobble=60)
    judgement = claim.judgement(evidence_of(claim, run))
    assert judgement is not None and judgement.word == "undecided"
    assert "undecided" in judgement.sentence and "undecided" in judgement.counts


def test_keras_and_the_engine_must_agree():
    zeroes, free = CLAIMS["zeroes"], CLAIMS["no_contribution"]
    judgement = zeroes.judgement(evidence_of(zeroes, run_with(wobble=0.1), state=0.5))
    assert judgement is not None and judgement.word == "undecided"
    judgement = free.judgement(evidence_of(free, run_with(), leak=0.1))
    assert judgement is not None
    assert [result.held for result in judgement.results] == [False, False, True, True]


def test_half_is_judged_on_an_interval():
    """No mask misses half by two points on the average, give or take: neither held nor failed."""
    claim = CLAIMS["essential"]
    judgement = claim.judgement(
        evidence_of(claim, run_with(no_mask=0.73, masking_layer=0.98, wobble=4))
    )
    assert judgement is not None and judgement.word == "undecided"


def test_nothing_is_said_before_everything_is_known():
    for claim in CLAIMS.values():
        whole = evidence_of(claim, run_with())
        assert claim.judgement(Measurements()) is None
        for missing in claim.experiments:
            rest = {each: run for each, run in whole.runs.items() if each != missing}
            assert claim.judgement(Measurements(rest, whole.checks)) is None
        if claim.checks:
            assert claim.judgement(Measurements(whole.runs)) is None


@given(answers=st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=7))
def test_words_and_counts_follow_from_the_cases(answers):
    results = tuple(CaseResult(Case("one", small()), held, ()) for held in answers)
    judgement = Judgement(results, "So it is")
    yes, no, unknown = (answers.count(held) for held in (True, False, None))
    if yes and no:
        assert judgement.word == "held in some cases"
        assert judgement.title == f"held in {yes} of {len(answers)}"
    elif unknown:
        assert judgement.word == "undecided"
    else:
        assert judgement.word == ("held" if yes else "not held")
    said = [int(each) for each in re.findall(r"\d+", judgement.counts)]
    assert said == [yes, len(answers), *([no] if no else []), *([unknown] if unknown else [])]
    assert f"{yes or 'none'} of" in judgement.sentence or f"all {yes} cases" in judgement.sentence
    # What is so "usually" is so in more than half of the cases, whatever the undecided are.
    most = Judgement(results, "", usually=True).word
    assert (most == "held") == (yes > len(answers) / 2)
    assert (most == "not held") == (yes + unknown <= len(answers) / 2)


def test_a_case_has_the_word_of_its_run(finished):
    """The playground and the claim speak of one run with one voice."""
    run = finished["post"]
    measured = measure_run(run)
    for verdict in verdicts(run):
        assert measured.verdict(verdict.strategy) == verdict
    assert headline(run)


def test_numbers_are_written_for_people():
    share = MeasuredNumber("gain", -0.1234, -0.2, 0.0001, "points", "95% interval", "5 repeats")
    assert share.text == "−12.3 points (95% interval −20.0 to 0.0, 5 repeats)"
    assert MeasuredNumber("gain", 0, 0, 0, "points", "95% interval", "3 repeats").text == (
        "exactly 0 in 3 repeats"
    )
    assert MeasuredNumber("part", 0.5, 0.5, 0.5, "%").text == "50.0%"
    assert MeasuredNumber("factor", 1.3, 1.2, 1.4, "times", "95% interval", "6 rounds").text == (
        "1.30 times (95% interval 1.20 to 1.40, 6 rounds)"
    )
    assert [MeasuredNumber("", each, each, each, "yes or no").text for each in (True, False)] == [
        "yes",
        "no",
    ]


@pytest.mark.parametrize("name", CLAIMS)
def test_every_experiment_can_be_opened(name):
    claim = CLAIMS[name]
    for case in claim.cases:
        assert len(case.title) <= 44, "it is cut off on a phone"
        assert Experiment.from_params(case.experiment.to_params()) == case.experiment
        assert {"no_mask", case.strategy} <= {"no_mask", *case.experiment.strategies}
        assert case.experiment.repeats >= min_repeats(len(case.experiment.strategies) - 1)
    assert len({case.title for case in claim.cases}) == len(claim.cases) > 1
    assert set(claim.checks) <= keras_checks.CHECKS.keys()


@pytest.fixture(scope="module")
def finished() -> Iterator[dict[str, Snapshot]]:
    """Real runs in short form, by side."""
    runs = {}
    for side in ("post", "pre"):
        *_, runs[side] = train(small(strategies=FOUR, repeats=2, side=side))
    spare_what_is_there()
    yield runs


def test_what_is_measured_is_what_was_run(finished):
    run = measure_run(finished["post"])
    assert run.apart["zeroed_input"] == 0 and run.apart["no_mask"] == 0
    assert run.apart["held_state"] > 0
    assert run.gradients["no_mask"][0] > 0
    assert run.gradients["held_state"][0] == 0 and run.gradients["held_state"][1] > 0
    assert run.masked == (1.0, 0.0)
    by_repeat = run.accuracies.by_repeat
    assert all(len(each) == 2 for each in (*by_repeat.values(), *run.leaks.values()))
    last = [c.test_valid_accuracy[-1] for c in finished["post"].curves if c.strategy == "no_mask"]
    assert list(by_repeat["no_mask"].values()) == last


def test_a_mask_of_zeros_finds_bits_of_zero_too(finished):
    bits = replace(finished["post"], experiment=small(task="last_bit", strategies=FOUR, repeats=2))
    values = inputs(bits.experiment).data.train.values
    zeros = np.mean(np.concatenate(values) == 0)
    assert 0.3 < zeros < 0.7
    assert measure_run(bits).masked == pytest.approx((1.0, zeros))


def test_claims_about_masked_steps_for_real(finished, monkeypatch):
    """Short runs of this engine and real Keras, through the very functions of the page."""
    monkeypatch.setattr(keras_checks, "NETWORKS", 1)
    runs = {each.experiment: measure_run(each) for each in finished.values()}
    sides = {side: each.experiment for side, each in finished.items()}
    evidence = Measurements(runs, {"masked_steps": keras_checks.masked_steps()})

    def results(name: str) -> list[CaseResult]:
        cases = (replace(each, experiment=sides[each.experiment.side]) for each in CLAIMS[name].cases)
        return [CaseResult(case, *CLAIMS[name].judge(case, evidence)) for case in cases]

    assert [each.held for each in results("no_contribution")] == [True, True, False, True]
    by_hand = {each.name: each.text for each in results("by_hand")[0].numbers}
    assert by_hand["Largest difference from an output without mask"] == "exactly 0"
    steps = evidence.checks["masked_steps"]
    assert steps["post"]["state"] > 0.1 and steps["pre"]["state"] == 0
    assert {each[what] for each in steps.values() for what in ("input", "moved", "gradient")} == {0}
    assert all(each["leak"] < 1e-6 for each in steps.values())


@pytest.mark.filterwarnings("ignore:.*does not support masking:UserWarning")
def test_only_a_masking_layer_gives_a_custom_layer_its_mask():
    layers = keras_checks.custom_layer()["layers"]
    for each in layers:
        assert each["received"] == each["masking"]
        assert each["passed"] == (each["masking"] and each["supports"])


def test_the_table_has_every_number_and_every_unmeasured_claim():
    claim = CLAIMS["costs_accuracy"]
    whole = claims_table(evidence_of(claim, run_with(**BETTER)))
    tested = whole[whole["claim"] == claim.text]
    assert list(tested["case"]) == [each.title for each in claim.cases]
    assert set(tested["verdict"]) == {"7 of 7 cases held"} and np.allclose(tested["value"], 0.2)
    again = [Experiment.from_json(each) for each in tested["experiment"]]
    assert again == [each.experiment for each in claim.cases]
    unmeasured = whole[whole["verdict"] == "not measured"]
    assert CLAIMS["slower"].text not in set(tested["claim"]) and len(unmeasured) >= 1


# From here on: the section of the page.


def opened(monkeypatch: pytest.MonkeyPatch, known: Measurements | None) -> AppTest:
    """The page with the rows of all claims opened. known: what was measured in advance."""
    made = None if known is None else Provenance("", "2026-11-24", "A processor", {"keras": "9.8.7"})
    monkeypatch.setattr("maskdemo.results.precomputed.provenance", lambda *_: made)
    monkeypatch.setattr("maskdemo.results.precomputed.claims", lambda: known)
    page = app.opened("article")
    for name in CLAIMS:
        page.session_state[f"claim_{name}"] = True
    return fine(page.run())


def test_what_is_not_measured_says_what_would_be_and_opens_all_the_same(monkeypatch):
    page = opened(monkeypatch, None)
    said = shown(page)
    assert "None is measured yet." in said and "make evidence" in said
    assert said.count("Not measured") == len(CLAIMS)
    assert "badge[Held]" not in said and "95% interval" not in said
    for claim in CLAIMS.values():
        assert claim.text in said and f"{claim.place}. {claim.measures}" in said


def test_each_case_links_to_its_experiment_and_says_what_came_of_it(monkeypatch):
    known = Measurements()
    for name, ((held, keras), _) in WAYS.items():
        run = run_with(**(held if name == "missing" else {"no_mask": 0.9}))
        claim = CLAIMS[name]
        known |= Measurements(dict.fromkeys(claim.experiments, run), keras_said(**keras))
    page = opened(monkeypatch, known)
    said = shown(page)
    there = [(label, state.RUN.from_params(params)[0]) for label, params in app.links(page)]
    words = [claim.judgement(known).word for claim in CLAIMS.values()]
    assert f"Of {len(CLAIMS)} claims, {words.count('held')} held" in said
    assert "Computed in advance on 24 November 2026" in said
    for claim in CLAIMS.values():
        judgement = claim.judgement(known)
        assert judgement is not None and judgement.sentence in said
        (label,) = [each.label for each in page.expander if claim.text in each.label]
        assert judgement.counts in label
        for result in judgement.results:
            assert (result.case.title, result.case.experiment) in there
            assert all(f"{each.name}: {each.text}" in said for each in result.numbers)
    rows = pd.read_csv(io.StringIO(claims_table(known).to_csv(index=False)))
    assert set(rows["claim"]) == {each.text for each in CLAIMS.values()}
