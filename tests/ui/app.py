"""What tests of the pages share: the app without a browser, what it says, and a server of their own."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Mapping
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.components.v2.manifest_scanner import scan_component_manifests
from streamlit.testing.v1 import AppTest

from maskdemo.data.tasks import TASKS
from maskdemo.experiment import Experiment
from maskdemo.results.precomputed import Provenance
from maskdemo.study import Study
from maskdemo.training.snapshot import Snapshot
from maskdemo.ui import live_job, state
from maskdemo.ui.components import CHART
from tests import waiting
from tests.samples import made_up

APP = str(Path(__file__).resolve().parents[2] / "app.py")
#: With what results were made that a test says were computed in advance.
SOURCE = Provenance("", "2026-11-24", "A processor", {"keras": "9.8.7"})
#: Seconds between two looks at work that goes on. The worker stands back for whoever is busy: looking
#: all the time would keep it from its work.
BETWEEN = 0.1
#: A server looks for components among the installed packages once; `AppTest` would for every page.
found_once = cache(scan_component_manifests)


class Session(dict):
    """A session's state, as Streamlit keeps it: a key is an attribute too."""

    __getattr__, __setattr__ = dict.__getitem__, dict.__setitem__


def spare_what_is_there() -> None:
    """Leave what has been imported and traced until now out of the search for garbage.

    Streamlit searches after every run of a page, which takes longer than most pages do.
    """
    gc.collect()
    gc.freeze()


def opened(page: str = "playground", params: Mapping[str, str] | None = None) -> AppTest:
    """A page as a link with these parameters opens it."""
    app = AppTest.from_file(APP, default_timeout=60)
    if page != "playground":
        app.switch_page(f"pages/{page}.py")
    set_link(app, params or {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streamlit.components.v2.manifest_scanner.scan_component_manifests", found_once)
        return fine(app.run())


def fine(page: AppTest) -> AppTest:
    """The page itself, if nothing was raised."""
    assert not page.exception, [each.value for each in page.exception]
    return page


def shown(page: AppTest) -> str:
    """Every sentence on the page, as people read it."""
    texts = (page.title, page.header, page.subheader, page.markdown, page.caption, page.code)
    boxes = (page.info, page.warning, page.error, page.success)
    said = [str(each.value) for kind in (*texts, *boxes) for each in kind]
    said += [each.proto.text for each in page.get("progress")]
    said += [each.label for each in page.expander]
    return "\n".join(said).replace("\\", "")


def keys(page: AppTest, kind: str) -> set[str | None]:
    """The keys of all elements of a kind."""
    return {each.key for each in getattr(page, kind)}


def charts(page: AppTest) -> list[Any]:
    """The page's charts."""
    return [each for each in page.get("bidi_component") if each.proto.component_name == CHART]


def names(page: AppTest) -> Any:
    """The row of scenarios, or of questions."""
    return next(each for each in page.pills if each.key and "_row_" in each.key)


def until(page: AppTest, done: Callable[[AppTest], Any]) -> AppTest:
    """Look again, as the page does while work goes on, until it is so."""
    if not done(fine(page)):
        waiting.until(lambda: done(fine(page.run())), between=BETWEEN, said=lambda: shown(page))
    return page


def table(page: AppTest) -> list[list[str]]:
    """The cells of the table of strategies, row by row; none before there are results."""
    found = [each.proto.body for each in page.get("html") if "<table" in each.proto.body]
    rows = re.findall(r"<tr.*?</tr>", "".join(found[:1]))[1:]
    cells = [re.findall(r"<(?:td|th).*?</(?:td|th)>", row) for row in rows]
    return [[unescape(re.sub(r"<.*?>", "", each)).strip() for each in row] for row in cells]


def kept(experiment: Experiment) -> Snapshot:
    """A run as if somebody had trained it, so that pages with these settings show it."""
    run = made_up(experiment)
    live_job.server().results.keep(run)
    return run


def ran(page: AppTest, kind: str = "run") -> AppTest:
    """The page when the work that its button starts has ended."""
    page.button(key=f"{kind}_start").click().run()
    return until(page, lambda each: f"{kind}_start" in keys(each, "button"))


def link_of(page: AppTest) -> dict[str, str]:
    """The parameters of the page's address."""
    params = dict(page.query_params)
    return {key: each if isinstance(each, str) else each[0] for key, each in params.items()}


def set_link(page: AppTest, params: Mapping[str, str]) -> None:
    """Another address, as by Back, Forward or a link; taken with the next run."""
    for key in list(page.query_params):
        del page.query_params[key]
    for key, text in params.items():
        page.query_params[key] = text


def links(page: AppTest) -> list[tuple[str, dict[str, str]]]:
    """Label and parameters of all links to pages."""
    found = [(each.proto.label, each.proto.query_string) for each in page.get("page_link")]
    return [
        (label, {key: texts[0] for key, texts in parse_qs(query).items()}) for label, query in found
    ]


def experiment_of(page: AppTest) -> Experiment:
    """What the playground's address says that it shows."""
    return state.RUN.from_params(link_of(page))[0]


def study_of(page: AppTest) -> Study:
    """What the study's address says that it shows."""
    return state.STUDY.from_params(link_of(page))[0]


def controls_show(page: AppTest, experiment: Experiment) -> None:
    """Every control that is there shows the experiment's setting; the others follow from the task."""
    fixed = TASKS[experiment.task].fixed is not None
    held = {
        each.key: each.value
        for kind in ("selectbox", "slider", "select_slider", "number_input", "toggle")
        for each in getattr(page, kind)
    }
    names = ["task", "padded_length", "missing_rate", "units", "epochs", "repeats", "pad_value"]
    names += ["mask_value", "batch_size", "learning_rate", "seed"]
    names += ["count_invalid"] * experiment.per_step + ["train_size", "test_size"] * (not fixed)
    assert {name: held[name] for name in names} == {name: getattr(experiment, name) for name in names}
    assert page.pills(key="strategies").value == list(experiment.strategies)
    assert page.segmented_control(key="side").value == experiment.side
    assert ("lengths" in held) == ("train_size" in held) == (not fixed)
    assert ("count_invalid" in held) == experiment.per_step
    if not fixed:
        assert tuple(held["lengths"]) == (experiment.min_length, experiment.max_length)
