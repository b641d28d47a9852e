"""The audit page without a browser: what may be given to it, and what it says of what was found."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from maskdemo.audit.behaviour import Measure
from maskdemo.audit.confined import STAGES, AuditRun
from maskdemo.audit.examples import EXAMPLES
from maskdemo.audit.report import Finding, LayerRow, Report, Tried
from maskdemo.ui import server
from tests.audit.hostile import SOUND, archive, layer, model
from tests.server.fakes import FakeServer
from tests.ui import app
from tests.ui.app import fine, links, shown

TRIED = Tried(
    sequences=24,
    lengths=(3, 5, 8),
    drawn=True,
    sides=("post", "pre"),
    added=(1, 7, 32),
    pad_values={"sequence": 0.0},
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


@pytest.fixture(autouse=True)
def own_server() -> Iterator[None]:
    with app.own_server():
        yield


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was asked for; a convolution leaks, and everything else is clean."""
    asked: list[str] = []

    def answer(order) -> Iterator[AuditRun]:
        if order["kind"] != "audit":
            return
        asked.append(order["config"])
        yield AuditRun(STAGES[2])
        report = LEAKING if "Conv1D" in order["config"] and "NotEqual" not in order["config"] else CLEAN
        yield AuditRun(STAGES[-1], report=report.to_json())

    fake = FakeServer(answer)
    monkeypatch.setattr(server, "shared", lambda: fake)
    yield asked
    fake.close()


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
    assert orders == [EXAMPLES["convolution"].config, EXAMPLES["convolution"].fixed]


def test_every_example_has_its_sentence_and_its_scenario(orders):
    page = app.opened("audit")
    for name, example in EXAMPLES.items():
        page.session_state["audit_example"] = name
        page.run()
        assert example.sentence in shown(page).replace("\\", "")
        assert any(label.startswith("See the same") for label, _ in links(page))


def test_a_file_is_read_as_data(orders):
    page = app.opened("audit")
    page.session_state["audit_source"] = "A .keras file"
    page.run()
    assert page.button(key="audit_start").disabled
    page.get("file_uploader")[0].upload("mine.keras", archive(SOUND), "application/zip").run()
    assert "Read from mine.keras" in shown(page)
    audited(page)
    assert json.loads(orders[0]) == SOUND


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (archive(model(layer("Lambda"))), "'Lambda' is no layer"),
        (b"MZ", "no .keras file"),
        (archive(SOUND, extra={"../x": b"1"}), "leads out of it"),
    ],
)
def test_a_hostile_file_comes_to_a_sentence(content, words, orders):
    page = app.opened("audit")
    page.session_state["audit_source"] = "A .keras file"
    page.run()
    page.get("file_uploader")[0].upload("evil.keras", content, "application/zip").run()
    assert words in shown(fine(page)) and page.button(key="audit_start").disabled
    assert not orders


def test_a_pasted_configuration(orders):
    page = app.opened("audit")
    page.session_state["audit_source"] = "A configuration"
    page.run()
    page.text_area[0].set_value("{").run()
    assert "no valid JSON" in shown(page) and page.button(key="audit_start").disabled
    page.text_area[0].set_value(json.dumps(SOUND)).run()
    audited(page)
    assert len(page.success) == 1
    assert {"audit_html", "audit_json"} <= {each.key for each in page.get("download_button")}


def test_what_cannot_be_audited_is_said(monkeypatch):
    def answer(order) -> Iterator[AuditRun]:
        yield AuditRun(STAGES[1], cannot="The model has too many weights.")

    fake = FakeServer(answer)
    monkeypatch.setattr(server, "shared", lambda: fake)
    page = app.opened("audit")
    page.button(key="audit_start").click().run()
    app.until(page, lambda each: "too many weights" in shown(each))
    fake.close()
