"""Studies: what is trained and in which order, what becomes of it, and what may be said about it."""

import math
import re
import statistics
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from maskdemo.data.inputs import chance
from maskdemo.data.tasks import TASKS
from maskdemo.errors import InvalidSettings
from maskdemo.experiment import Experiment
from maskdemo.results.trainings import TrainingStore
from maskdemo.study import (
    VARIABLES,
    Findings,
    Outcome,
    Study,
    Training,
    default_study,
    detectable_effect,
    run_study,
    runner,
    summary,
)
from maskdemo.study.grid import coarse_to_fine
from maskdemo.training.run import train
from tests.samples import small


def study(**changes) -> Study:
    base = small(**{"repeats": 2, **changes.pop("base", {})})
    return Study(**{"base": base, "vary": "padded_length", "values": (8, 12, 16), **changes})


# What is trained.


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("task", TASKS)
def test_every_variable_has_values_that_fit_every_task(name, task):
    base = Experiment(task=task)
    variable = VARIABLES[name]
    if name == "spread" and TASKS[task].fixed:
        with pytest.raises(InvalidSettings, match="own lengths"):
            Study(base=base, vary=name, values=(0, 4))
        return
    made = Study(base=base, vary=name, values=variable.usual_values(base))
    assert made.values == variable.usual_values(base) and 2 <= len(made.values) <= 7
    for cell in made.cells:
        changed = {
            key for key, value in asdict(made.experiment(cell)).items() if value != asdict(base)[key]
        }
        setting = name.removesuffix("_alone")
        allowed = {"spread": {"min_length", "max_length"}, "pad_value": {"pad_value", "mask_value"}}
        assert changed <= allowed.get(name, {setting})
        if name != "spread":
            assert getattr(made.experiment(cell), setting) == cell[0]


@given(shortest=st.integers(2, 60), spread=st.integers(0, 30))
def test_lengths_spread_around_the_centre(shortest, spread):
    base = Experiment(
        task="sum_sign", min_length=shortest, max_length=shortest + spread, padded_length=100
    )
    made = Study(base=base, vary="spread", values=(*VARIABLES["spread"].usual_values(base), 0, 1))
    for value in made.values:
        at = made.experiment((value,))
        assert at.max_length - at.min_length == value
        assert abs(at.min_length + at.max_length - base.min_length - base.max_length) <= 1


@given(longest=st.integers(1, 100))
def test_padded_lengths_go_through_the_longest_sequence_and_reach_far(longest):
    base = Experiment(task="sum_sign", min_length=1, max_length=longest, padded_length=100)
    values = VARIABLES["padded_length"].usual_values(base)
    assert longest in values and values[-1] >= min(3.5 * longest, 180)
    assert values[0] == pytest.approx(longest / 2, abs=2.5)
    assert list(values) == sorted(set(values)) and values[-1] <= 200


def test_the_default_study():
    made = default_study()
    assert (len(made.values), len(made.base.strategies), made.base.repeats) == (7, 4, 5)
    assert len(made.trainings()) == 140 and made.base.epochs == 20
    assert made.base.task == "japanese_vowels" and made.varied == ("padded_length",)


def test_the_same_choice_is_the_same_study():
    one = study(values=(16, 8, 12, 12.0), base={"strategies": ("held_state",)})
    assert one == study() and one.values == (8, 12, 16)
    assert one.base.strategies == ("no_mask", "held_state")
    sides = study(vary="side", values=("pre", "post"), and_values=(1, 2))
    assert sides.values == ("post", "pre") and sides.and_values == ()
    assert study(vary="pad_value", values=(1, 0, -0.0)).values == (0.0, 1.0)


LONG: dict = {
    "base": {"train_size": 4000, "epochs": 200, "repeats": 1},
    **{"vary": "units", "values": (4, 128), "and_vary": "padded_length", "and_values": (16, 200)},
}
MANY: dict = {
    "base": {"repeats": 20, "strategies": ("no_mask", "held_state", "zeroed_input", "mask_feature")},
    **{"values": tuple(range(8, 14)), "and_vary": "epochs", "and_values": tuple(range(1, 6))},
}
SLOW: dict = {
    "base": {"padded_length": 200, "epochs": 150, "train_size": 1000},
    **{"vary": "units", "values": tuple(range(117, 129))},
}
WIDE: dict = {"values": tuple(range(8, 17)), "and_vary": "epochs", "and_values": tuple(range(1, 10))}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"values": (8, 0)}, "Padded length must be from 1 to 200"),
        ({"values": (8, 9.5)}, "9.5"),
        ({"values": (8, "many")}, "many"),
        ({"values": (8,)}, "at least two values of padded length"),
        ({"values": tuple(range(8, 30))}, "at most 12 values"),
        ({"vary": "task"}, "'task' cannot be varied"),
        ({"vary": "side", "values": ("pre", "left")}, "left"),
        ({"vary": "spread", "values": (0, 60)}, "60"),
        ({"vary": "spread", "values": (float("nan"), float("inf"))}, "whole number"),
        ({"and_vary": "padded_length", "and_values": (8, 9)}, "two different"),
        ({"and_vary": "epochs", "and_values": (1,)}, "at least two values of epochs"),
        (WIDE, "at most 64 cells"),
        (LONG, "At 128 units and at 200 steps"),
        (SLOW, "too long"),
        (MANY, "too long"),
    ],
    ids=str,
)
def test_what_cannot_be_studied_is_a_sentence(changes, complaint):
    with pytest.raises(InvalidSettings, match=complaint) as raised:
        study(**changes)
    sentence = str(raised.value)
    assert sentence[0].isupper() or sentence[0] in "'" or sentence.split()[0] in VARIABLES
    assert sentence.endswith(".") and "\n" not in sentence and raised.value.settings


@st.composite
def studies(draw: st.DrawFn) -> Study:
    axes = {
        "padded_length": st.integers(8, 60),
        "side": st.sampled_from(["post", "pre"]),
        "pad_value": st.floats(-1000, 1000),
        "missing_rate": st.floats(0, 0.9),
        "units": st.integers(1, 8),
        "epochs": st.integers(1, 9),
    }
    names = draw(st.lists(st.sampled_from(sorted(axes)), min_size=1, max_size=2, unique=True))
    values = []
    for name in names:
        most = 3 if name == "units" else 8
        lists = st.lists(axes[name], min_size=2, max_size=most, unique_by=lambda each: each + each)
        values.append(tuple(draw(lists)))
    base = {
        "repeats": draw(st.integers(1, 4)),
        "strategies": draw(st.sampled_from([("held_state",), ("no_mask", "zeroed_input")])),
    }
    second = {"and_vary": names[1], "and_values": values[1]} if len(names) == 2 else {}
    made = study(base=base, vary=names[0], values=values[0], **second)
    more = draw(st.dictionaries(st.sampled_from(made.cells), st.integers(1, 7), max_size=2))
    return replace(made, more=tuple(more.items()))


@given(made=studies())
def test_every_training_comes_once_coarse_to_fine(made):
    trainings = made.trainings()
    places = [made.coordinates(each) for each in trainings]
    names, more = made.base.strategies, dict(made.more)
    wanted = {
        (c, s, r) for c in made.cells for s in names for r in range(more.get(c, made.base.repeats))
    }
    assert all(made.experiment(cell).repeats == made.repeats(cell) for cell in made.cells)
    assert len(places) == len(set(trainings)) == len(wanted) and set(places) == wanted
    for training, (cell, strategy, repeat) in zip(trainings, places, strict=True):
        assert training.experiment.strategies == (strategy,)
        assert training.repeat == repeat and training.experiment.repeats == 1
        assert made.training(cell, strategy, repeat) is training
    # One repeat everywhere before the second; all strategies of a cell together.
    first = list(dict.fromkeys(cell for cell, _, _ in places))
    turns = [(r, first.index(c), names.index(s)) for c, s, r in places]
    assert turns == sorted(turns)
    # Ends and middle of each axis first.
    axes = [made.values, made.and_values] if made.and_vary else [made.values]
    outline = [{axis[0], axis[-1], axis[(len(axis) - 1) // 2]} for axis in axes]
    count = math.prod(map(len, outline))
    assert all(
        all(value in kept for value, kept in zip(cell, outline, strict=True)) for cell in first[:count]
    )


@given(count=st.integers(1, 64))
def test_the_order_halves_the_largest_gap(count):
    """What has been computed lies at most about twice as densely in one place as in another."""
    order = [value for (value,) in coarse_to_fine(tuple(range(count)))]
    assert sorted(order) == list(range(count))
    for names in range(3, count):
        seen = sorted(order[:names])
        gaps = [high - low for low, high in pairwise(seen)]
        assert max(gaps) <= 2 * min(gaps) + 2


@given(made=studies())
def test_a_link_is_the_study(made):
    params = made.to_params()
    assert Study.from_params(params) == made
    assert Study.parse_leniently(params) == (made, ())
    assert all(isinstance(text, str) and "&" not in text for text in params.values())


def test_a_link_without_values_takes_the_variables_own():
    assert Study.from_params({"task": "sum_sign", "vary": "units"}).values == (4, 16, 64)
    assert Study.from_params({}).vary == "padded_length"
    both = Study.from_params({"and_vary": "side", "colour": "red"})
    assert both.and_values == ("post", "pre")


DOSES = (
    "29_60 8_7 post_pre nan_inf 1e400_1 _ side spread units padded_length no_mask.held_state 200 "
    "1_2_3_4_5_6_7_8_9_10_11_12_13 29x7_60x8 60x99 post,60x"
)
NAMES = "padded_length units epochs repeats strategies train_size max_length other"
TEXT = st.one_of(st.text(max_size=12), st.sampled_from(DOSES.split()))
KEYS = st.sampled_from(["task", "vary", "doses", "and_vary", "and_doses", "more", *NAMES.split()])


@given(params=st.dictionaries(KEYS, st.one_of(TEXT, st.sampled_from(list(TASKS)))))
def test_any_link_is_some_study_and_says_what_it_gave_up(params):
    made, complaints = Study.parse_leniently(params)
    assert Study.from_params(made.to_params()) == made
    for complaint in complaints:
        assert complaint.endswith(".") and len(complaint) < 400
    try:
        assert Study.from_params(params) == made and not complaints
    except InvalidSettings:
        assert complaints


# How it is run.


TRIED = {
    "one label": {},
    "a label a step, readings missing": {
        "base": {"task": "running_sign", "missing_rate": 0.4, "pad_value": -1.0},
        "vary": "side",
        "values": ("post", "pre"),
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("case", TRIED)
def test_a_study_is_the_playground_bit_for_bit(case):
    made = study(**{"values": (8, 16), **TRIED[case]})
    final = list(run_study(made))[-1]
    assert final.finished and final.done == final.total == 8 and not final.failures
    for cell in made.cells:
        snapshot = list(train(made.experiment(cell)))[-1]
        assert final.chance(cell) == snapshot.chance.valid
        for curve in snapshot.curves:
            outcome = final.outcomes[made.training(cell, curve.strategy, curve.repeat)]
            assert outcome.accuracy == curve.test_accuracy[-1]
            assert outcome.valid_accuracy == curve.test_valid_accuracy[-1]
            assert outcome.loss == curve.test_loss[-1]
            assert final.accuracies(cell, curve.strategy)[curve.repeat] == outcome.valid_accuracy


def study_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("study")]


def test_closing_a_local_study_ends_what_runs():
    found = run_study(study(base={"epochs": 200, "train_size": 400, "repeats": 20}, values=(8, 16)))
    for findings in found:
        if findings.seconds > 0.5:
            break
    assert study_threads() and not findings.finished
    found.close()
    assert not study_threads()


class ByHand(Executor):
    """Does what it was handed only when told to; anything may be told to fail."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future, Callable, Training]] = []
        self.most = 0

    def submit(self, fn, /, *args, **kwargs) -> Future:
        future: Future = Future()
        self.waiting.append((future, fn, *args))
        self.most = max(self.most, sum(not each.done() for each, *_ in self.waiting))
        return future

    def work(self, count: int = 1, fail: Callable[[Training], bool] = lambda training: False) -> None:
        for _ in range(count):
            future, fn, training = self.waiting.pop(0)
            future.set_running_or_notify_cancel()
            if fail(training):
                future.set_exception(ValueError("the machine is on fire."))
            else:
                future.set_result(fn(training))


def pretend(training: Training, **options) -> Outcome:
    """As good as a training, and quicker: a number that belongs to this training alone."""
    share = (hash(training) % 1009) / 1009
    return Outcome(share, share, 1 + share, 0.1, 24)


@pytest.fixture
def pretended(monkeypatch):
    trained = []

    def train_here(training, **options):
        trained.append(training)
        return pretend(training)

    monkeypatch.setattr(runner, "train_here", train_here)
    monkeypatch.setattr(runner, "UPDATE_INTERVAL_S", 0.01)
    return trained


def test_findings_come_one_by_one_and_stay_as_they_are(pretended):
    made, executor = study(), ByHand()
    found = run_study(made, executor=executor)
    seen = [next(found)]
    assert (seen[0].done, seen[0].finished, seen[0].total) == (0, False, 12)
    seen.append(next(found))
    assert seen[1].done == 0, "a pulse, so that a job can be cancelled in between"
    executor.work(3)
    seen += [next(found) for _ in range(3)]
    assert [each.done for each in seen] == [0, 0, 1, 2, 3]
    executor.work(9)
    seen += list(found)
    assert seen[-1].finished and not any(each.finished for each in seen[:-1])
    assert [each.done for each in seen[5:]] == list(range(4, 13))
    assert list(seen[-1].outcomes) == pretended
    assert set(pretended) == set(made.trainings()) and len(pretended) == 12
    assert all(outcome == pretend(each) for each, outcome in seen[-1].outcomes.items())
    with pytest.raises(TypeError):
        seen[-1].outcomes[made.trainings()[0]] = None


def test_an_executor_gets_the_order_and_no_more_than_the_window(pretended, monkeypatch):
    monkeypatch.setattr(runner, "MAX_PENDING", 5)
    made, executor = study(), ByHand()
    for _ in run_study(made, executor=executor):
        if executor.waiting:
            executor.work()
    assert executor.most == 5
    assert pretended == list(made.trainings())


def test_closing_cancels_what_is_pending_and_leaves_the_executor_open(pretended):
    with ThreadPoolExecutor(1) as pool:
        held = threading.Event()
        pool.submit(held.wait)
        found = run_study(study(), executor=pool)
        next(found)
        next(found)
        found.close()
        held.set()
        assert pool.submit(lambda: "open").result() == "open"
    assert not pretended


def test_a_failure_is_a_sentence_and_the_rest_goes_on(pretended):
    made, executor = study(), ByHand()
    unlucky = made.training((12,), "held_state", 1)
    seen = []
    for findings in run_study(made, executor=executor):
        seen.append(findings)
        if executor.waiting:
            executor.work(fail=lambda training: training == unlucky)
    final = seen[-1]
    assert final.finished and final.done == final.total
    assert final.failures == ("Held state at 12 steps failed in repeat 2: the machine is on fire.",)
    assert set(final.outcomes) == set(made.trainings()) - {unlucky}
    verdict = final.verdict((12,), "held_state")
    assert verdict is not None and verdict.difference.count == 1


def test_a_broken_executor_ends_the_study_with_sentences(pretended):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    final = list(run_study(study(), executor=pool))[-1]
    assert final.finished and len(final.failures) == 12 and not final.outcomes
    assert all(re.search(r"failed in repeat \d: RuntimeError\.$", each) for each in final.failures)


def test_a_worker_of_another_version_is_refused():
    with pytest.raises(ValueError, match="another version"):
        runner.train_here(study().trainings()[0], version="older")


def test_what_is_in_the_store_costs_nothing(pretended, tmp_path):
    store = TrainingStore(tmp_path)
    narrow = study(values=(8, 16))
    first = list(run_study(narrow, executor=Now(), store=store))[-1]
    assert len(pretended) == 8 and first.reused == 0
    pretended.clear()
    again = list(run_study(narrow, executor=Now(), store=TrainingStore(tmp_path)))
    assert len(again) == 1 and again[0].finished and again[0].reused == 8 and not pretended
    assert again[0].outcomes == first.outcomes
    # Wider, longer and with more strategies: only the new ones are trained.
    wide = study(base={"repeats": 3, "strategies": ("held_state", "zeroed_input")}, values=(8, 12, 16))
    found = list(run_study(wide, executor=Now(), store=store))
    assert found[0].reused == found[0].done == 8
    assert len(pretended) == 27 - 8 and set(pretended) == set(wide.trainings()) - set(first.outcomes)
    assert found[-1].finished and found[-1].reused == 8


def test_what_was_finished_before_a_cancel_is_kept_and_failures_are_not(pretended, tmp_path):
    store, executor = TrainingStore(tmp_path), ByHand()
    found = run_study(study(), executor=executor, store=store)
    assert [next(found).done for _ in range(2)] == [0, 0]
    executor.work(4, fail=lambda training: training.repeat == 0 and training in study().trainings()[:1])
    ended = [next(found) for _ in range(4)][-1]
    found.close()
    assert (len(ended.outcomes), len(ended.failures)) == (3, 1)
    assert next(run_study(study(), executor=executor, store=TrainingStore(tmp_path))).reused == 3


class Now(Executor):
    """Works at once, in the caller's thread."""

    def submit(self, fn, /, *args, **kwargs) -> Future:
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


# What may be said.


def found_in(
    made: Study,
    accuracy: Callable[..., float | None],
    finished: bool = True,
    scored: int = 10_000,
) -> Findings:
    """Findings in which accuracy(cell, strategy, repeat) came out; None: not there yet."""
    outcomes = {}
    for training in made.trainings():
        value = accuracy(*made.coordinates(training))
        if value is not None:
            # The accuracy as reported is another one, and must not get into any comparison.
            outcomes[training] = Outcome(1 - value, value, 1.0, 1.0, scored)
    return Findings(study=made, outcomes=MappingProxyType(outcomes), finished=finished)


def test_differences_are_paired_by_repeat():
    """Repeats that vary a lot, and differ by the same; those without a partner do not count."""
    made = study(base={"repeats": 7, "test_size": 1000})
    at = (12,)
    found = found_in(
        made,
        lambda cell, name, repeat: (
            None
            if (name, repeat) in [("no_mask", 0), ("held_state", 6)]
            else 0.1 * repeat + 0.1 * (name == "held_state")
        ),
    )
    verdict = found.verdict(at, "held_state")
    assert verdict.difference.count == 5 and verdict.difference.mean == pytest.approx(0.1)
    assert verdict.word == "helps" and verdict.so_far
    assert found.mean(at, "held_state").count == found.mean(at, "no_mask").count == 6
    assert list(found.accuracies(at, "no_mask")) == [1, 2, 3, 4, 5, 6]
    assert found.verdict(at, "no_mask") is None


@pytest.mark.parametrize("count", [1, 2, 4])
def test_no_word_but_undecided_from_few_repeats(count):
    found = found_in(
        study(base={"repeats": 5}),
        lambda cell, name, repeat: 0.9 * (name != "no_mask") if repeat < count else None,
    )
    verdict = found.verdict((8,), "held_state")
    assert (verdict.word, verdict.so_far, verdict.difference.count) == ("undecided", True, count)
    assert found.mean((8,), "held_state").bounded == (count > 1)
    assert summary(found) == ()
    assert found_in(study(), lambda *place: None).mean((8,), "no_mask") is None


@given(
    noise=st.lists(st.floats(-0.2, 0.2), min_size=5, max_size=5),
    shift=st.floats(-0.5, 0.5),
    values=st.integers(2, 12),
)
def test_words_hold_together_for_all_comparisons_of_the_study(noise, shift, values):
    made = study(
        base={"repeats": 5, "test_size": 1000, "strategies": ("held_state", "zeroed_input")},
        values=tuple(range(8, 8 + values)),
    )
    found = found_in(
        made,
        lambda cell, name, repeat: 0.5 + (shift + noise[repeat]) * 0.5 * (name == "held_state"),
    )
    assert found.comparisons == 2 * values
    differences = [0.5 * (shift + each) for each in noise]
    mean, spread = sum(differences) / 5, max(statistics.stdev(differences), 1e-4)
    p = 2 * stats.t.sf(abs(mean) / (spread / math.sqrt(5)), 4) * found.comparisons
    word = found.verdict((8,), "held_state").word
    if word != "the same" and abs(p - 0.05) > 1e-6:
        assert (word in ("helps", "required", "hurts")) == (p < 0.05)


@given(better=st.lists(st.booleans(), min_size=2, max_size=6))
@example(better=[False, True, True, True])
def test_the_summary_says_from_which_value_on(better):
    """A strategy that clearly hurts exactly at these values; the same as no mask at the others."""
    values = tuple(range(10, 10 + len(better)))
    made = study(base={"repeats": 5}, values=values)
    marked = [value for value, each in zip(values, better, strict=True) if each]
    found = found_in(
        made, lambda cell, name, repeat: 0.9 - 0.3 * (name == "held_state" and cell[0] in marked)
    )
    first = summary(found)[0]
    if not marked:
        assert first == "Held state is the same as no mask at every value."
        return
    assert first.startswith("Held state hurts ")
    # Less than 30 for certain: one label more or less could not be seen.
    threshold = " there, at least 29" if " on" in first else f" at {marked[-1]} steps"
    assert first.endswith(f" (by 30 points{threshold if len(marked) > 1 else ''}).")
    where = first.removeprefix("Held state hurts ").partition(" (")[0]
    on = re.search(r"from (\d+) steps on", where)
    alone = {int(each) for each in re.findall(r"\d+", where.replace(on.group(), "") if on else where)}
    said = alone | ({value for value in values if value >= int(on.group(1))} if on else set())
    assert (said or set(values)) == set(marked)
    assert ("every value" in where) == (len(marked) == len(values))
    # The smallest value of which it is true, and never of the last one or two alone.
    assert bool(on) == (better[-3:] == [True, True, True] and not all(better))


def test_the_summary_of_one_variable():
    made = study(base={"repeats": 5, "strategies": (
        "held_state", "zeroed_state", "last_valid_step", "zeroed_input", "mask_feature",
    )})  # fmt: skip

    def accuracy(cell, name, repeat):
        effect = {"held_state": 0.1, "last_valid_step": 0.13, "zeroed_state": -0.3}.get(name, 0)
        if name == "mask_feature":
            return 0.5 + 0.1 * repeat
        return 0.8 + (effect if cell[0] > 8 else 0) - 0.01 * (cell[0] - 8)

    assert summary(found_in(made, accuracy)) == (
        "Held state and Masked read-out help at 12 and 16 steps (by 10 to 13 points at 16 steps).",
        "Zeroed state hurts at 12 and 16 steps (by 30 points at 16 steps).",
        "Zeroed input is the same as no mask at every value.",
        "Mask as a feature is undecided at every value.",
        "No mask reaches 80% at 8 steps and 72% at 16 steps.",
        f"Chance, always giving the commonest label, is {chance(made.base).valid:.0%}.",
        "The intervals of all 15 comparisons hold together with 95% (Student's t, paired by repeat, "
        "Bonferroni); the same means within 5 points.",
    )


def test_an_open_value_breaks_no_threshold_and_is_named():
    """Repeats that learn or fail at 10 and 14: what is sure around them stays a threshold."""
    values = (8, 10, 12, 14, 16)
    made = study(base={"repeats": 5}, values=values)

    def accuracy(cell, name, repeat):
        if (cell[0] in (10, 14) and repeat < 3) or name == "held_state":
            return 0.95 + 0.001 * repeat
        return 0.5 if cell[0] in (10, 14) else {8: 0.85, 12: 0.6, 16: 0.55}[cell[0]]

    found = found_in(made, accuracy)
    assert summary(found)[0] == (
        "Held state is required at 12 and 16 steps (by 40 points at 16 steps), helps at 8 steps (by 10 "
        "points) and is undecided at 10 and 14 steps."
    )
    wider = replace(made, values=(*values, 18))
    found = found_in(wider, lambda cell, *of: accuracy((min(cell[0], 16),), *of))
    low = {at: math.floor(100 * found.verdict((at,), "held_state").difference.low) for at in (8, 12)}
    assert summary(found)[0] == (
        f"Held state is required from 12 steps on (by 35 points there, at least {low[12]}), helps "
        f"from 8 steps on (by 10 points there, at least {low[8]}) and is undecided at 10 and "
        "14 steps."
    )
    # Where the last value is open, nothing is said of what lies beyond.
    ending = replace(made, values=(8, 12, 14))
    assert " on" not in summary(found_in(ending, accuracy))[0]


def test_the_repeats_that_are_added_are_those_that_might_decide():
    """At the open values alone, judged by repeats of their own, and twice as strictly as before."""
    made = study(base={"repeats": 5}, values=(8, 12, 16))

    def accuracy(cell, name, repeat):
        return 0.6 + 0.3 * (name == "held_state") * (cell[0] != 12 or repeat not in (1, 2))

    found = found_in(made, accuracy)
    assert [found.verdict(cell, "held_state").word for cell in made.cells] == [
        "required", "undecided", "required",
    ]  # fmt: skip
    wanted = found.repeats_to_decide()
    assert set(wanted) == {(12,)}
    again = found.extended()
    assert (
        again is not None
        and again.more == (((12,), wanted[(12,)]),)
        and Study.from_params(again.to_params()) == again
    )
    assert len(again.trainings()) == len(made.trainings()) + 2 * (wanted[(12,)] - 5)
    assert again.trainings()[: len(made.trainings())] == made.trainings()
    decided = found_in(again, accuracy)
    verdict = decided.verdict((12,), "held_state")
    assert verdict.difference.count == wanted[(12,)]
    differences = [accuracy((12,), "held_state", each) - 0.6 for each in range(wanted[(12,)])]
    low, high = stats.t.interval(
        1 - 0.05 / 6, len(differences) - 1, loc=np.mean(differences), scale=stats.sem(differences)
    )
    assert (verdict.difference.low, verdict.difference.high) == pytest.approx((low, high))
    assert decided.verdict((8,), "held_state") == found.verdict((8,), "held_state")
    assert "a comparison counts twice" in summary(decided)[-1]
    assert found_in(study(base={"repeats": 5}), lambda *place: 0.5).extended() is None


@pytest.mark.parametrize("repeats", [5, 8])
def test_what_so_many_repeats_can_show_is_the_interval_of_what_scatters_so(repeats):
    noise = {8: 0.01, 12: 0.02, 16: 0.2}
    made = study(base={"repeats": 5, "test_size": 1000})
    found = found_in(
        made,
        lambda cell, name, repeat: 0.7 + noise[cell[0]] * (repeat % 2) * (name == "held_state"),
    )
    half = (
        stats.t.ppf(1 - 0.025 / 3, repeats - 1) / math.sqrt(repeats) * statistics.stdev([0, 1, 0, 1, 0])
    )
    asked = study(base={"repeats": repeats, "test_size": 1000})
    assert detectable_effect(asked, [found]) == (
        f"{repeats} repeats and 3 comparisons can show an effect of {100 * 0.02 * half:.0f} points "
        "where networks scatter as they typically do in the 3 comparisons measured, and of "
        f"{100 * 0.2 * half:.0f} where they scatter most."
    )
    assert detectable_effect(asked, []) == ""
    assert detectable_effect(study(base={"repeats": 4}), [found]) == (
        "With 4 repeats and 3 comparisons no effect can be told from luck: that takes 5 repeats."
    )


def test_the_summary_tells_the_sides_apart():
    made = study(
        base={"repeats": 5},
        vary="side",
        values=("pre", "post"),
        and_vary="padded_length",
        and_values=(8, 12, 16),
    )

    def accuracy(cell, name, repeat):
        return 0.95 if name != "no_mask" or cell[0] == "pre" else 0.85

    said = summary(found_in(made, accuracy))
    assert said[0] == "Held state helps at every value with post-padding and nowhere with pre-padding."
    assert said[1].startswith("Post-padding: Held state helps at every value")
    assert said[2] == "Pre-padding: Held state is the same as no mask at every value."
    assert "Post-padding: no mask reaches 85% at 8 steps and 85% at 16 steps." in said
    sides = study(base={"repeats": 5}, vary="side", values=("pre", "post"))
    assert summary(found_in(sides, accuracy))[0] == "Held state helps with post-padding (by 10 points)."


def test_the_summary_of_a_grid_counts():
    made = study(base={"repeats": 5}, and_vary="pad_value", and_values=(0, 1, 2, 3))
    found = found_in(
        made,
        lambda cell, name, repeat: (
            0.8 + 0.01 * cell[0] * (1 if cell[1] > 1 else -1 if cell[1] else 0) * (name == "held_state")
        ),
    )
    assert summary(found)[0] == (
        "Held state helps at every value at a pad value of 2 and 3 and nowhere at a pad value of 0 "
        "and 1."
    )
    assert summary(found)[1] == (
        "Held state helps in 6 of 12 cells (by 16 points at 16 steps and at a pad value of 2), hurts "
        "in 3 of 12 cells (by 16 points at 16 steps and at a pad value of 1) and is the same as no "
        "mask in 3 of 12 cells."
    )


def test_the_summary_says_what_is_still_missing():
    made = study(base={"repeats": 6, "test_size": 1000})
    some = found_in(
        made, lambda cell, name, repeat: 0.5 if repeat < 5 and cell != (12,) else None, finished=False
    )
    assert summary(some)[0].startswith("So far: ")
    assert summary(some)[-1] == "1 of 3 values lack the 5 repeats that this takes."
    most = found_in(made, lambda cell, name, repeat: 0.5 if repeat < 5 else None, finished=False)
    assert summary(most)[-1] == "More repeats are to come."
    for repeats in (1, 4):
        few = study(base={"repeats": repeats})
        assert summary(found_in(few, lambda *place: 0.5)) == (
            "At least 5 repeats are needed to tell an effect from luck: choose 5 or more.",
        )
    # Thirty-two comparisons: one in five repeats is too likely to look good by luck.
    wide = study(
        base={"repeats": 5},
        values=(8, 9, 10, 11, 12, 13, 14, 16),
        and_vary="pad_value",
        and_values=(0, 1, 2, 3),
    )
    assert summary(found_in(wide, lambda *place: 0.5))[0].startswith("At least 6 repeats")
    alone = study(base={"strategies": ("no_mask",)})
    assert summary(found_in(alone, lambda *place: 0.5))[0] == (
        "No mask reaches 50% at 8 steps and 50% at 16 steps."
    )


def test_the_mask_value_follows_the_pad_value_unless_it_is_fixed():
    base = {"strategies": ("masking_layer",), "repeats": 5, "mask_value": 0.5}
    values = (-1.0, 0.0, 0.5)
    follows = study(base=base, vary="pad_value", values=values)
    assert [follows.experiment((value,)).mask_value for value in values] == list(values)
    fixed = study(base=base, vary="pad_value_alone", values=values)
    assert Study.from_params(fixed.to_params()) == fixed
    found = found_in(fixed, lambda cell, name, repeat: 0.5 + 0.4 * (name == "masking_layer"))
    # Where nothing is masked the networks are those of no mask, whatever the numbers are.
    assert [found.verdict((value,), "masking_layer").word for value in values] == [
        *("the same", "the same", "required"),
    ]
    said = "Masking layer masks nothing at a pad value of -1 and 0: the mask value is 0.5."
    assert said in summary(found)
    assert "masks nothing" not in " ".join(summary(found_in(follows, lambda *place: 0.5)))
    with pytest.raises(InvalidSettings, match="two different things"):
        study(base=base, vary="pad_value", values=values, and_vary="pad_value_alone", and_values=(0, 1))
