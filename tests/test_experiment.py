"""Experiment: whatever is written into a link, a file or a control, an experiment or a sentence."""

import json
import random
from dataclasses import FrozenInstanceError, fields, replace
from typing import get_type_hints

import numpy as np
import pytest
from hypothesis import assume, example, given, note
from hypothesis import strategies as st

from maskdemo.data.tasks import TASKS
from maskdemo.experiment import GROUPS, NUMBERS, SETTINGS, Experiment
from maskdemo.setting_kinds import Choice, Number, Selection, Switch
from maskdemo.training.buckets import SEQUENCES, STEPS
from tests.samples import ALL, small

WHOLE = {name for name, each in NUMBERS.items() if each.whole}


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """Any valid experiment, limits included."""
    chosen = {
        name: draw((st.integers if each.whole else st.floats)(*each.limits))
        for name, each in NUMBERS.items()
    }
    task = draw(st.sampled_from(list(TASKS)))
    longest = 29 if TASKS[task].fixed else chosen["max_length"]
    chosen["max_length"] = longest
    chosen["min_length"] = draw(st.integers(1, longest))
    try:
        return Experiment(
            task=task,
            side=draw(st.sampled_from(["post", "pre"])),
            truncating=draw(st.sampled_from(["post", "pre"])),
            strategies=tuple(draw(st.permutations(ALL)))[: draw(st.integers(1, len(ALL)))],
            count_invalid=draw(st.booleans()),
            batches=draw(st.sampled_from(["fixed", "longest", "bucketed"])),
            read_out=draw(st.sampled_from(["last", "mean"])),
            **chosen,
        )
    except ValueError as error:
        assume("too long" not in str(error))
        raise


def assert_sentence(text: str) -> None:
    assert text.endswith(".") and text.strip() == text and "\n" not in text
    assert "Traceback" not in text and "Error" not in text


@given(one=experiments())
def test_every_experiment_survives_its_link(one):
    params = one.to_params()
    assert all(isinstance(text, str) for pair in params.items() for text in pair)
    again = Experiment.from_params(params)
    assert again == one and hash(again) == hash(one)
    assert Experiment.parse_leniently(params) == (one, ())


@given(one=experiments())
def test_every_experiment_survives_its_file(one):
    assert Experiment.from_json(one.to_json()) == one


@given(one=experiments(), random_order=st.randoms(use_true_random=False))
def test_the_order_of_parameters_does_not_matter(one, random_order: random.Random):
    pairs = list(one.to_params().items())
    random_order.shuffle(pairs)
    assert Experiment.from_params(dict(pairs)) == one


@pytest.mark.parametrize("task", TASKS)
def test_a_link_names_every_setting_that_the_data_do_not_dictate(task):
    """So it means the same after a default changes; a link that names few goes on working."""
    one = Experiment(task=task, seed=3)
    assert set(one.to_params()) == set(SETTINGS) - set(one.spec.dictated)
    assert Experiment.from_params({"task": task, "seed": "3"}) == one


# Values near to right ones, as links get mangled, and anything else.
MANGLED = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            " ",
            "nan",
            "inf",
            "-inf",
            "-1",
            "0",
            "1e999",
            "1e5",
            "0x10",
            "1_0",
            "٣",
            "yes",
            "true",
            "no_mask",
            "no_mask.",
            "no_mask.held_state",
            "post",
            "sum_sign",
            "None",
            "%00",
            "<b>",
            "9" * 400,
            "9" * 5000,
            "-" + "9" * 400,
            "0." + "1" * 400,
        ]
    ),
    st.integers().map(str),
    st.floats().map(str),
)


@given(
    params=st.dictionaries(
        st.one_of(st.sampled_from(list(SETTINGS)), st.text(max_size=8)), MANGLED, max_size=8
    )
)
@example(params={"units": "9" * 400})
@example(params={"seed": "-" + "9" * 400, "task": "sum_sign"})
def test_any_link_gives_an_experiment_and_sentences(params):
    one, complaints = Experiment.parse_leniently(params)
    assert isinstance(one, Experiment)
    for sentence in complaints:
        assert_sentence(sentence.replace("\n", "").replace("\r", ""))
    try:
        strict = Experiment.from_params(params)
    except ValueError as error:
        assert str(error) and complaints
    else:
        assert (one, complaints) == (strict, ())


@given(one=experiments())
def test_one_bad_setting_costs_only_that_setting(one):
    params = one.to_params()
    for key in SETTINGS:
        note(key)
        try:
            wanted = Experiment.from_params({name: params[name] for name in params if name != key})
        except ValueError:
            # The others need it: then not all of them can be kept.
            wanted = None
        got, complaints = Experiment.parse_leniently(params | {key: "mangled"})
        assert complaints
        if wanted is not None:
            assert got == wanted


def test_one_bad_setting_costs_only_that_setting_said_plainly():
    link = {"task": "sum_sign", "min_length": "20", "max_length": "80", "padded_length": "100"}
    got, complaints = Experiment.parse_leniently(link | {"side": "left"})
    assert got == Experiment.from_params(link)
    (complaint,) = complaints
    assert complaint == (
        "Side must be one of After the end, In front, not 'left'. Used instead: side After the end."
    )
    # The default of another setting takes the place of what was given up.
    assert Experiment.parse_leniently({"task": "vowels"})[1][0].endswith(
        "Used instead: task “Real speech: who is speaking?”."
    )


@pytest.mark.parametrize("key", ["task", "side", "strategies", "units", "count_invalid"])
def test_a_complaint_does_not_repeat_a_book(key):
    _, complaints = Experiment.parse_leniently({key: "x" * 5000})
    assert complaints and all(len(sentence) < 400 for sentence in complaints)


def around(name: str):
    low, high = NUMBERS[name].limits
    step = 1 if name in WHOLE else max(abs(high) * 1e-6, 1e-9)
    return low - step, high + step


def companions(name: str) -> dict:
    """Settings under which a number at either of its limits is reasonable."""
    if name == "padded_length":
        return {"min_length": 1, "max_length": 1}
    return {"padded_length": 200, "min_length": 1, "max_length": 100} | {
        "min_length": {"max_length": 100},
        "max_length": {"min_length": 1},
    }.get(name, {})


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("end", [0, 1])
def test_limits_are_included_and_beyond_them_is_a_sentence(name, end):
    settings_ = {**small().__dict__, **companions(name), "units": 1, "strategies": ("no_mask",)}
    allowed = NUMBERS[name].limits[end]
    if name == "max_length":
        settings_["min_length"] = 1
    assert getattr(Experiment(**{**settings_, name: allowed}), name) == allowed
    with pytest.raises(ValueError, match=rf"^{NUMBERS[name].title} must be from .* to .*\.$") as caught:
        Experiment(**{**settings_, name: around(name)[end]})
    assert_sentence(str(caught.value))


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "12", None, True, [1], 10**400, -(10**400)],
    ids=["nan", "inf", "text", "none", "bool", "list", "huge", "huge-negative"],
)
def test_huge_whole_numbers_and_things_that_are_no_numbers_give_a_sentence(name, value):
    with pytest.raises(ValueError) as caught:
        small(**{name: value})
    assert str(caught.value).startswith(f"{NUMBERS[name].title} must be")
    assert_sentence(str(caught.value))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"task": "sum"}, "Task must be one of Real speech: .*, not 'sum'"),
        ({"side": "left"}, "Side must be one of After the end, In front, not 'left'"),
        ({"strategies": ()}, "Choose at least one strategy"),
        ({"strategies": "no_mask"}, "Choose at least one strategy"),
        ({"strategies": ("no_mask", "mask")}, "There is no strategy 'mask'"),
        ({"min_length": 9}, r"shortest length \(9\) must not exceed the longest \(8\)"),
        ({"truncating": "left"}, "Truncation must be one of From the start, From the end, not 'left'"),
        ({"count_invalid": "yes"}, "Count invalid steps must be true or false"),
        (
            {"train_size": 4000, "epochs": 200, "repeats": 20, "units": 128, "padded_length": 200},
            "train for too long",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        small(**changes)
    assert_sentence(str(caught.value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "null",
        '"text"',
        '{"units": "many"}',
        '{"unit": 4}',
        '{"two\\nlines": 4}',
        '{"task": null}',
        '{"strategies": 5}',
        '{"strategies": [["no_mask"]]}',
        '{"strategies": {}}',
        '{"units": NaN}',
        '{"units": Infinity}',
        '{"units": [4]}',
        '{"side": {}}',
        "[" * 100_000,
        '{"units": ' + "9" * 400 + "}",
        '{"units": ' + "9" * 5000 + "}",
    ],
    ids=lambda text: text[:30],
)
def test_a_bad_file_gives_a_sentence(text):
    with pytest.raises(ValueError) as caught:
        Experiment.from_json(text)
    assert_sentence(str(caught.value))
    assert "sys." not in str(caught.value)


def test_recorded_data_dictates_its_sizes():
    one = Experiment(task="japanese_vowels", train_size=99, min_length=1, max_length=90)
    assert (one.train_size, one.test_size, one.min_length, one.max_length) == (270, 370, 7, 29)
    assert one == Experiment(task="japanese_vowels")
    assert one.spec.dictated.keys() == {"train_size", "test_size", "min_length", "max_length"}
    assert small().spec.dictated == {}
    # Not even looked at.
    assert Experiment(task="japanese_vowels", train_size="all") == one
    assert Experiment(task="japanese_vowels", padded_length=28).truncates


def test_the_same_choice_is_the_same_experiment():
    one = small(strategies=("held_state", "no_mask", "held_state"))
    assert one == small(strategies=("no_mask", "held_state"))
    assert small(pad_value=-0.0).to_params() == small(pad_value=0.0).to_params()
    assert small(units=np.int64(4)) == small(units=4) == small(units=4.0)
    assert json.loads(small(units=np.int64(4)).to_json())["units"] == 4


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        small().units = 5
    assert replace(small(), units=5) == small(units=5)
    with pytest.raises(ValueError, match="Units"):
        replace(small(), units=0)


def test_every_allowed_size_has_a_bucket():
    assert NUMBERS["padded_length"].high <= STEPS
    assert max(NUMBERS["train_size"].high, NUMBERS["test_size"].high) <= SEQUENCES[-1]
    largest = [t.fixed for t in TASKS.values() if t.fixed]
    assert all(max(f.train_size, f.test_size) <= SEQUENCES[-1] for f in largest)


def test_the_file_names_every_setting():
    assert set(json.loads(small().to_json())) == set(small().settings) == SETTINGS.keys()


def test_every_setting_is_described_where_it_is_declared():
    assert [each.name for each in fields(Experiment)] == [*SETTINGS, "own"]
    kinds = {int: Number, float: Number, bool: Switch, str: Choice, tuple[str, ...]: Selection}
    hints = get_type_hints(Experiment)
    for name, each in SETTINGS.items():
        assert each.name == name and type(each) is kinds[hints[name]]
        assert each.group in GROUPS
        assert each.title[0].isupper() and not each.title.endswith(".")
        assert each.help[0].isupper() and each.help.endswith(".")
        if isinstance(each, Number):
            assert each.whole == (hints[name] is int)
            assert all(each.checked(value) == value for value in (*each.limits, *each.offered))
            assert type(each.low) is type(each.high) is hints[name]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_default_is_allowed_and_survives_its_text(name):
    each, value = SETTINGS[name], getattr(Experiment(task="sum_sign"), name)
    assert each.checked(value) == value
    assert each.parse(each.format(value)) == value
