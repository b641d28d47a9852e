"""The audit page without a browser: what may be given to it, and what it says of what was found."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from maskdemo.audit.example_models import EXAMPLES
from maskdemo.audit.output_change import Measure
from maskdemo.audit.report import Finding, LayerRow, Report, TrialSummary
from maskdemo.audit.sandbox import STAGES, AuditRun
from maskdemo.errors import InvalidTable
from maskdemo.results import precomputed
from maskdemo.ui import live_job
from maskdemo.ui.audit import ModelFile
from maskdemo.uploads.limits import UploadMemory
from tests.audit.hostile import SOUND, archive, layer, model
from tests.server.fakes import FakeServer
from tests.ui import app
from tests.ui.app import SOURCE, fine, links, shown

pytestmark = pytest.mark.usefixtures("own_server")

TRIED = TrialSummary(
    sequences=24,
    lengths=(3, 5, 8),
    drawn=True,
    sides=("post", "pre"),
    added=(1, 7, 32),
    pad_values={"sequence": 0.0},
    inputs=("Input 'sequence' was taken for sequences, padded with 0.",),
    weights="drawn",
    precision="float32",
    power="Nothing larger than this could hide.",
)
CONV = {"of_class": "Conv1D"}
LOST = Finding(cause="dropped_with_warning", layer="conv_1", seen="It moved.", largest=0.4, **CONV)
ROW = LayerRow(name="conv_1", received="right", passed="none", change="loses it", at_fault=True, **CONV)
LEAKING = Report(
    model="model",
    findings=(LOST,),
    measures=(Measure("post", 7, 0, 0.4, 1e-6, 1.0, 24, 24),),
    layers=(ROW,),
    tried=TRIED,
)
CLEAN = Report(model="model", findings=(), measures=(), layers=(), tried=TRIED)


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What was asked for; a convolution leaks, and everything else is clean."""
    asked: list[bytes] = []

    def answer(order) -> Iterator[AuditRun]:
        if order["kind"] != "audit":
            return
        content = order["payload"]
        asked.append(content)
        yield AuditRun(STAGES[2])
        report = LEAKING if b"Conv1D" in content and b"NotEqual" not in content else CLEAN
        yield AuditRun(STAGES[-1], report=report.to_json())

    fake = FakeServer(answer)
    monkeypatch.setattr(live_job, "server", lambda: fake)
    yield asked
    fake.close()


@pytest.fixture(autouse=True)
def kept_reports(monkeypatch: pytest.MonkeyPatch) -> dict[bytes, Report]:
    """Reports that were computed in advance: at first none."""
    reports: dict[bytes, Report] = {}
    monkeypatch.setattr(precomputed, "audit_report", reports.get)
    monkeypatch.setattr(precomputed, "provenance", lambda *_: SOURCE)
    return reports


def opened(source: str) -> AppTest:
    """The page where a model from there is to be audited."""
    page = app.opened("audit")
    page.session_state["audit_source"] = source
    return page.run()


def audited(page):
    page.button(key="audit_start").click().run()
    return app.until(page, lambda each: "What was tried" in [x.label for x in each.expander])


def test_click_see_the_layer_put_right_and_again(orders):
    page = app.opened("audit")
    assert "does padding leak" in shown(page).lower() and len(page.error) == 0
    assert "What you will see" in shown(page)
    audited(page)
    assert "What you will see" not in shown(page)
    assert "conv_1 loses the mask" in shown(page) and len(page.error) == 1
    page.toggle[0].set_value(True).run()
    assert "This is what was found in: A convolution in between" in shown(page)
    page.button(key="audit_start").click().run()
    app.until(page, lambda each: len(each.success) == 1)
    example = EXAMPLES["convolution"]
    assert orders == [example.config.encode(), example.fixed.encode()]


def test_an_example_s_report_is_there_on_arrival_and_an_audit_takes_its_place(orders, kept_reports):
    example = EXAMPLES["convolution"]
    kept_reports |= {example.config.encode(): LEAKING, example.fixed.encode(): CLEAN}
    page = app.opened("audit")
    assert "conv_1 loses the mask" in shown(page) and SOURCE.sentence in shown(page)
    page.toggle[0].set_value(True).run()
    assert len(page.success) == 1 and SOURCE.sentence in shown(page) and not orders
    page.button(key="audit_start").click().run()
    app.until(page, lambda each: len(each.success) == 1 and SOURCE.sentence not in shown(each))
    page.toggle[0].set_value(False).run()
    assert "conv_1 loses the mask" in shown(page) and SOURCE.sentence in shown(page)
    page.session_state["audit_source"] = "A .keras file"
    page.run()
    assert "This is what was found in: A convolution in between, put right" in shown(page)


def test_every_example_has_its_sentence_and_its_scenario(orders):
    page = app.opened("audit")
    for name, example in EXAMPLES.items():
        page.session_state["audit_example"] = name
        page.run()
        assert example.sentence in shown(page).replace("\\", "")
        assert any(label.startswith("See the same") for label, _ in links(page))


def test_what_was_found_in_a_text_is_not_said_of_another(orders):
    page = opened("A configuration")
    page.session_state["audit_text"] = "{}"
    audited(page.run())
    assert "This is what was found in" not in shown(page)
    page.session_state["audit_text"] = "[]"
    assert "found in: The pasted configuration, before it was changed." in shown(page.run())


@pytest.mark.parametrize(
    "content", [archive(SOUND), archive(model(layer("Lambda"))), b"MZ", b"\0" * 1_000_000]
)
def test_a_file_is_passed_on_as_it_is(content, orders):
    """Whatever is in it: only the audit looks."""
    page = opened("A .keras file")
    assert page.button(key="audit_start").disabled
    page.get("file_uploader")[0].upload("mine.keras", content, "application/zip").run()
    assert "To be audited: mine.keras" in shown(fine(page)) and not orders
    audited(page)
    assert orders == [content]


def test_files_without_room_come_to_a_sentence(orders, monkeypatch):
    monkeypatch.setattr("maskdemo.ui.audit.HELD_FILES", UploadMemory(10))
    page = opened("A .keras file")
    page.get("file_uploader")[0].upload("mine.keras", b"x" * 11, "application/zip").run()
    assert "no room for this file" in shown(fine(page)) and page.button(key="audit_start").disabled


def test_files_count_for_as_long_as_anybody_refers_to_them():
    held = UploadMemory(10)
    files = [ModelFile("a.keras", b"123456"), ModelFile("a.keras", b"123456")]
    held.hold(files[0], 6, "ann")
    with pytest.raises(InvalidTable):
        held.hold(files[1], 6, "bob")
    del files[0]
    held.hold(files[0], 6, "bob")
    assert held.used == 6


@pytest.mark.parametrize("text", ["{", json.dumps(SOUND), '{"a": "' + '\\"' * 100_000])
def test_a_pasted_configuration_is_passed_on_as_it_is(text, orders):
    page = opened("A configuration")
    assert page.button(key="audit_start").disabled
    page.text_area[0].set_value(text).run()
    audited(page)
    assert len(page.success) == 1 and orders == [text.encode()]
    assert {"audit_html", "audit_json"} <= {each.key for each in page.get("download_button")}


def test_what_cannot_be_audited_is_said(monkeypatch):
    def answer(order) -> Iterator[AuditRun]:
        yield AuditRun(STAGES[1], error="The model has too many weights.")

    fake = FakeServer(answer)
    monkeypatch.setattr(live_job, "server", lambda: fake)
    page = app.opened("audit")
    page.button(key="audit_start").click().run()
    app.until(page, lambda each: "too many weights" in shown(each))
    fake.close()
