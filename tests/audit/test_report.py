"""A report says the same as text, as JSON and as a page, and a page needs nothing else."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import keras
import numpy as np
import pytest
from keras import layers

from maskdemo.audit import Report, audit
from maskdemo.audit.faulty_layer import Fault
from maskdemo.audit.html_report import as_page, mask_path_svg
from maskdemo.audit.padding_findings import findings_of
from maskdemo.audit.report import LayerRow, other_sources
from maskdemo.errors import UnsupportedModel
from tests.audit.zoo import ZOO

QUICK: dict[str, Any] = {"saved": False, "added": (1,)}


@pytest.fixture(scope="module")
def leaking() -> Report:
    return audit(ZOO["convolution"].build(), saved=False)


@pytest.fixture(scope="module")
def clean() -> Report:
    return audit(ZOO["masking_lstm"].build(), saved=False)


def test_json_and_back(leaking, clean):
    for report in (leaking, clean):
        assert Report.from_json(report.to_json()) == report


def test_what_is_seen_says_where_a_layer_is_called_and_what_its_cure_is_for():
    fault = Fault(
        cause="dropped_with_warning",
        layer="conv",
        of_class="Conv1D",
        mover="pool",
        change=0.5,
        order=3,
        cure="masked_maximum",
        within=" in encoder",
    )
    (finding,) = findings_of([fault], "Outputs move", 0.5)
    assert finding.seen == (
        "Outputs move, first after pool in encoder. The cure that is shown is for pool."
    )


def test_text_names_the_layer_the_reason_and_the_fix(leaking):
    text = str(leaking)
    assert re.search(r"largest output\. The (fault|first of \d faults): conv loses", leaking.sentence)
    assert "conv loses the mask, with a warning" in text
    assert "conv     loses it, with a warning  <- at fault" in text
    assert "model = keras.Model(inputs, outputs)" in text
    assert "tensorflow/issues/73531" in text
    assert "Right, as tried on this layer:" in text
    untried = replace(leaking, findings=(replace(leaking.findings[0], cures=("mask_in_own_code",)),))
    assert "not tried on this model:" in str(untried)


def test_a_clean_report_says_what_was_tried(clean):
    assert clean.clean and "does not leak" in clean.sentence
    assert "Tried 24 sequences of 3, 5, 8, 70 steps" in str(clean)
    assert "more than 12% of such sequences would have been seen" in str(clean)


def test_nothing_is_hidden_by_the_zero_biases_of_a_new_model():
    model = keras.Sequential([keras.Input((None, 4)), keras.layers.LSTM(8), keras.layers.Dense(2)])
    drawn, own = (audit(model, sides=("pre",), trained=each, **QUICK) for each in (False, True))
    assert own.clean, "zero padding in front does nothing to a new LSTM"
    assert not drawn.clean


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.loads, self.open = [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.loads += [value for key, value in attrs if key in ("src", "data", "poster")]
        if tag in ("link", "script", "iframe", "object"):
            self.loads.append(tag)
        if tag not in ("meta", "circle", "line", "br") and not given.get("/"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        pass


def test_the_page_is_whole_and_loads_nothing(leaking):
    page = as_page(leaking, when=datetime(2026, 11, 24, tzinfo=UTC))
    parsed = _Page()
    parsed.feed(page)
    assert not parsed.open and not parsed.loads
    assert "url(" not in page and "@import" not in page
    for words in (leaking.sentence, "at fault", "24 November 2026"):
        assert words in page


def test_names_from_strangers_are_text():
    row = LayerRow(
        name="<script>alert(1)</script>",
        of_class="<b>",
        received="none",
        passed="right",
        change="makes it",
    )
    assert "<script>" not in mask_path_svg([row]) and "<b>" not in mask_path_svg([row])


def test_the_diagram_tells_the_states_apart(leaking):
    light, dark = mask_path_svg(leaking.layers), mask_path_svg(leaking.layers, dark=True)
    assert light != dark
    assert len(set(re.findall(r"stroke-dasharray=\"([^\"]*)\"", light))) >= 2
    assert "at fault" in light


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)]), "is a sequence"),
        (lambda: keras.Sequential([keras.layers.LSTM(4)]), "Give some"),
        (lambda: ZOO["flattened"].build(steps=1), "is a sequence"),
        (lambda: "no model", "not a Keras model"),
    ],
)
def test_what_cannot_be_audited_comes_to_a_sentence(build, words):
    with pytest.raises(UnsupportedModel, match=words):
        audit(build())


@pytest.mark.parametrize(
    ("name", "differ"), [("encoder_and_decoder", True), ("both_masked_and_added", False)]
)
def test_inputs_have_lengths_of_their_own_where_the_model_takes_that(name, differ):
    report = audit(ZOO[name].build(), **QUICK)
    assert report.clean and ("different lengths" in str(report)) == differ
    assert report.tried.lengths == (3, 5, 8, 70)


def test_a_model_that_the_audit_builds_is_whole_afterwards():
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.LSTM(3), keras.layers.Dense(2)])
    report = audit(model, [np.full((steps, 2), steps, "float32") for steps in (3, 5, 7)], **QUICK)
    assert [each.cause for each in report.leaks] == ["no_mask"]
    assert keras.Model(model.inputs, model.layers[0].output).output_shape[-1] == 4


def test_sequences_that_do_not_fit():
    model = ZOO["masking_lstm"].build()
    for sequences, words in (([[]], "without a single step"), ([], "at least one")):
        with pytest.raises(UnsupportedModel, match=words):
            audit(model, sequences)
    with pytest.raises(UnsupportedModel, match="cannot be run"):
        audit(model, [[[1.0, 2.0]]])


def test_branches_come_whole_and_what_else_a_layer_takes_in_is_named():
    """Keras runs the branches of this model in turns."""
    a, b = (keras.Input((None, 3), name=name) for name in "ab")
    left, right = layers.Masking(name="left")(a), layers.Masking(name="right")(b)
    left, right = layers.Dense(3, name="left_2")(left), layers.Conv1D(3, 1, name="right_2")(right)
    both = layers.Add(name="both")([left, right])
    outputs = layers.LSTM(2, name="lstm")(layers.Add(name="again")([both, left]))
    path = audit(keras.Model([a, b], outputs), count=3, **QUICK).layers
    order = ("right", "right_2", "left", "left_2", "both", "again", "lstm")
    assert tuple(each.name for each in path) == order
    beside = {order[index]: other_sources(path, index) for index in range(len(path))}
    assert {name: each for name, each in beside.items() if each} == {
        "both": [("right_2", "none")],
        "again": [("left_2", "right")],
    }
    drawing = ElementTree.fromstring(mask_path_svg(path))
    lines = [each for each in drawing if each.tag.endswith("line")]
    assert len({each.get("x1") for each in lines}) == 1, "a line beside another could cross it"
    # Two at each layer: from above, and on; none leads into "left", the first of its branch.
    assert len(lines) == 2 * len(path) - 1
    assert "and from left_2: right mask" in "".join(drawing.itertext())
