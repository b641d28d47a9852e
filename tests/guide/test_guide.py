"""Every setup: its cases are what it says, its words are what the numbers beneath them say."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskdemo import evidence
from maskdemo.cli import main
from maskdemo.data.inputs import inputs
from maskdemo.errors import InvalidSettings
from maskdemo.evidence import BASELINE, Accuracies, mask_effect, verdict
from maskdemo.export.keras_code import strategy_lines
from maskdemo.guide import QUESTIONS, Guidance, Setup, cases_of, guidance_for, guide_experiments
from maskdemo.results import precomputed
from maskdemo.setting_kinds import Choice

ANSWERS: dict[str, tuple[Any, ...]] = {
    name: tuple(each.options) if isinstance(each, Choice) else (False, True)
    for name, each in QUESTIONS.items()
}
#: Those with the same sequences one after the other: these are drawn once for all ways of padding.
SETUPS = sorted(
    (Setup(**dict(zip(ANSWERS, each, strict=True))) for each in product(*ANSWERS.values())),
    key=lambda each: (each.lengths, each.labels, each.collides, each.missing),
)
MEASURED = precomputed.guide()
setups = st.sampled_from(SETUPS)


@cache
def answers() -> dict[Setup, Guidance | None]:
    """What the guide answers to every setup."""
    return {setup: guidance_for(setup, MEASURED) for setup in SETUPS}


@given(setups)
def test_a_setup_comes_back_from_its_link(setup):
    assert Setup.from_params(setup.to_params()) == setup
    assert Setup.parse_leniently(setup.to_params()) == (setup, ())


def test_a_link_with_a_wrong_answer_gets_the_default_and_is_told():
    setup, (complaint,) = Setup.parse_leniently({"side": "left", "ratio": "4"})
    assert setup == Setup(ratio="4")
    assert "After the end" in complaint and "left" in complaint


def test_a_wrong_answer_is_refused():
    with pytest.raises(InvalidSettings, match="Padding"):
        Setup(side="left")


def test_every_case_is_what_its_setup_says():
    relevant = dict.fromkeys(setup.relevant for setup in SETUPS)
    pairs = [(setup, case.experiment) for setup in relevant for case in cases_of(setup)]
    assert len({experiment for _, experiment in pairs}) == len(pairs)
    for setup, experiment in pairs:
        few = replace(experiment, repeats=1, batches="fixed", train_size=200, test_size=32)
        batch = inputs(few).train
        lengths = (~batch.padded).sum(axis=1)
        assert (len(set(lengths.tolist())) > 1) == (setup.lengths == "differ")
        assert batch.missing.any() == setup.missing
        equal = (batch.values == experiment.pad_value).all(axis=2)
        assert equal[batch.valid].any() == setup.collides
        assert equal[~batch.valid].all()
        assert experiment.per_step == (setup.labels == "step")
        if setup.lengths == "differ" and setup.side != "longest":
            assert batch.padded[:, -1 if setup.side == "post" else 0].any()
            longest = experiment.max_length
            assert 0 <= experiment.padded_length - longest * float(setup.ratio) < 1
        else:
            assert experiment.padded_length == experiment.max_length


def test_there_are_no_more_trainings_than_said():
    assert len(guide_experiments()) == len(
        {case.experiment for each in SETUPS for case in cases_of(each)}
    )
    assert sum(len(each.strategies) * each.repeats for each in guide_experiments()) <= 2600


def test_every_answer_rests_on_the_numbers_beneath_it():
    unanswered = 0
    for setup, answer in answers().items():
        if answer is None:
            assert not cases_of(setup), "every case is measured"
            unanswered += 1
            continue
        words = Counter(each.word for each in answer.results)
        assert answer.sentence == evidence.over_all([*words.elements()])
        assert (answer.word == "depends") == (len(words) > 1)
        for each in answer.results:
            experiment = each.case.experiment
            accuracies = MEASURED[experiment]
            assert each.word == evidence.need(accuracies)
            others = {
                name: judged
                for name in experiment.strategies
                if (judged := verdict(accuracies, name, effect=mask_effect(experiment, name)))
            }
            assert each.verdict == others[each.verdict.strategy]
            if each.word in ("required", "helps"):
                assert each.verdict.word == each.word
                assert each.verdict.difference.low > 0
            if each.word == "not needed":
                assert {other.word for other in others.values()} <= {"the same", "hurts"}
            most = max(words.values())
            named = [*words.values()].count(most) == 1 and words[each.word] < most
            assert (f"{each.case.title} ({each.word})" in answer.exceptions) == named
        useful = [each for each in answer.results if each.word in ("required", "helps")]
        assert (answer.strategy == BASELINE) == (not useful)
    assert unanswered == sum(setup.collides and setup.labels == "step" for setup in SETUPS)


def test_what_is_to_be_written_builds_the_model():
    texts = {
        (answer.recommended.case.experiment, answer.strategy)
        for answer in answers().values()
        if answer is not None
    }
    built = set()
    for experiment, strategy in texts:
        code = strategy_lines(experiment, strategy)
        if code in built:
            continue
        built.add(code)
        assert len(code.splitlines()) <= 20
        names: dict = {"keras": keras}
        exec(code, names)
        model = names[strategy]()
        steps = experiment.padded_length
        assert model.inputs[0].shape[1:] in (
            (steps, experiment.spec.features),
            (None, experiment.spec.features),
        )
    assert built


def test_what_was_not_measured_has_no_answer():
    assert guidance_for(Setup(), {}) is None
    assert guidance_for(Setup(collides=True, labels="step"), MEASURED) is None


def test_undecided_stays_undecided():
    (first, *rest) = cases_of(Setup())
    wide = {name: dict(enumerate([0.2, 0.9, 0.3, 0.8, 0.5])) for name in first.experiment.strategies}
    wide["masking_layer"] = dict(enumerate([0.9, 0.2, 0.8, 0.3, 0.6]))
    results = Accuracies(by_repeat=wide, chance=0.1, scored=300, repeats=5, comparisons=1)
    answer = guidance_for(Setup(), {case.experiment: results for case in (first, *rest)})
    assert answer is not None
    assert answer.word == "undecided"
    assert answer.strategy == BASELINE


def test_the_command_prints_the_same_answer(capsys):
    assert main(["guide", "--side", "post", "--ratio", "4", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    answer = guidance_for(Setup(ratio="4"), MEASURED)
    assert answer is not None
    assert printed["sentence"] == answer.sentence
    assert [each["word"] for each in printed["cases"]] == [each.word for each in answer.results]
    assert main(["guide", "--ratio", "4"]) == 0
    assert answer.sentence in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--side", "left"], "Written: post, pre, longest."),
        (["--labels", "step", "--collides"], "no task here is like it"),
    ],
)
def test_the_command_complains_in_a_sentence(arguments, complaint, capsys):
    assert main(["guide", *arguments]) == 2
    assert complaint in capsys.readouterr().err
