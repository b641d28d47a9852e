"""The audit page: the choice of a model, the progress of its audit, and the report.

What a stranger hands in stays bytes here: it is read in the worker's place, where it can be ended.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import streamlit as st

from maskdemo.audit.example_models import EXAMPLES
from maskdemo.audit.html_report import as_page, describe_path, mask_path_svg
from maskdemo.audit.report import Finding, Report
from maskdemo.audit.resource_limits import MAX_FILE_MB, MAX_TEXT, TIMEOUT_S, VOCABULARY
from maskdemo.audit.sandbox import AuditRun
from maskdemo.errors import InvalidTable, escape_markdown
from maskdemo.results import precomputed
from maskdemo.scenarios import SCENARIOS
from maskdemo.server import Audit, Status
from maskdemo.ui import live_job, navigation, take_away, url
from maskdemo.ui.components import is_dark
from maskdemo.ui.upload import uploader
from maskdemo.uploads.limits import UploadMemory

READY, FILE, TEXT = "Ready examples", "A .keras file", "A configuration"
COLOURS = {"leak": "red", "trap": "orange", "inherent": "blue", "note": "gray"}

#: Said until there is a report.
WHAT_COMES = """
**What you will see:** whether padding leaks, by how far it moves the outputs; which layer loses the
mask and why, with the fix as a program; and the path of the mask, layer by layer, as a picture.
"""
#: The uploaded files of all sessions, at most 40 MB.
HELD_FILES = UploadMemory(40 * 2**20)
NO_ROOM = (
    "The server has no room for this file just now, because others hold theirs. Try again in a minute, "
    "or paste the configuration: print(model.to_json())."
)

session = st.session_state


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A model to audit. name: as shown. content: of a .keras file, or a configuration in JSON."""

    name: str
    content: bytes = field(repr=False)


def choose_model() -> ModelFile | None:
    """Draw the choice of an example, a file or a text; return the model, or None without any."""
    kind = st.segmented_control(
        "Model",
        [READY, FILE, TEXT],
        default=READY,
        key="audit_source",
        required=True,
        **url.KEPT_ONLY,
        label_visibility="collapsed",
    )
    return {READY: _choose_example, FILE: _choose_file, TEXT: _choose_text}[kind]()


def _choose_example() -> ModelFile:
    """Draw the choice of an example, links, a toggle if it has a fix; return it, mended if toggled."""
    name = st.pills(
        "Example",
        list(EXAMPLES),
        format_func=lambda name: EXAMPLES[name].title,
        default=next(iter(EXAMPLES)),
        key="audit_example",
        required=True,
        **url.KEPT_ONLY,
    )
    example = EXAMPLES[name]
    st.markdown(f"{example.sentence} [Thread]({example.thread})")
    put_right = bool(example.fixed) and st.toggle(
        f"Put right: {example.fix}",
        key=f"audit_fixed_{name}",
        **url.KEPT_ONLY,
    )
    navigation.playground_link(
        SCENARIOS[example.scenario].experiment, "See the same in training, in the playground"
    )
    if put_right:
        return ModelFile(f"{example.title}, put right", example.fixed.encode())
    return ModelFile(example.title, example.config.encode())


def _choose_file() -> ModelFile | None:
    """Draw the uploader; return the file uploaded last, None without or if there was no room for it."""
    uploader(
        "audit",
        "A .keras file",
        types=["keras", "json", "h5"],  # the last one to be told the way out
        max_mb=MAX_FILE_MB,
        on_file=_hold_file,
        help="Of a larger one, paste the configuration: print(model.to_json()).",
    )
    file: ModelFile | None = session.get("audit_file")
    if complaint := session.get("audit_complaint"):
        st.error(escape_markdown(complaint))
    elif file is not None:
        st.caption(
            f"To be audited: {escape_markdown(file.name)}. Of it only the configuration is read."
        )
    return file


def _hold_file(name: str, content: bytes) -> None:
    """Replace the last file by an uploaded one or, if `HELD_FILES` is full, a complaint: callback."""
    session.audit_file = session.audit_complaint = None
    file = ModelFile(name, content)
    try:
        HELD_FILES.hold(file, len(content), live_job.viewer())
        session.audit_file = file
    except InvalidTable:
        session.audit_complaint = NO_ROOM


def _choose_text() -> ModelFile | None:
    """Draw the box for a configuration in JSON; return its text as a model, or None if blank."""
    text = st.text_area(
        "What model.to_json() returns",
        height=180,
        max_chars=MAX_TEXT,
        key="audit_text",
        **url.KEPT_ONLY,
        placeholder='{"module": "keras", "class_name": "Sequential", ...',
    )
    if not text or not text.strip():
        return None
    return ModelFile("The pasted configuration", text.encode())


def start_audit(file: ModelFile | None) -> None:
    """Queue the audit of `file`, not None; then keep it for `results`. Raises `QueueFull` before."""
    assert file is not None, "without a model, the button is disabled"
    live_job.submit(Audit(file.content))
    session.audited = file


def progress() -> None:
    """Draw the progress line of the session's audit: its stage, error, or that it was cancelled."""
    now: Status[AuditRun] = live_job.status("audit")
    share, text = (now.newest.done, f"{now.newest.stage}.") if now.newest else (0.0, "Starting.")
    live_job.progress_line(now, share, text, "Cancelled.")


def results(chosen: ModelFile | None) -> None:
    """Draw the precomputed report of `chosen` if that is a ready example and was not audited last.

    Else draw the session's newest report or error, below its model's name if not `chosen`; until there
    is one, the precomputed report; without any audit, a text on what reports tell.
    """
    newest: AuditRun | None = live_job.status("audit").newest
    audited: ModelFile | None = session.get("audited")
    ready = None
    if chosen is not None and session.get("audit_source") == READY:
        ready = precomputed.audit_report(chosen.content)
    report = ready
    note = precomputed.provenance_note(ready) if ready else ""
    is_of_chosen = bool(audited and chosen and audited.content == chosen.content)
    if newest is not None and audited is not None and (is_of_chosen or ready is None):
        if newest.done == 1.0 and not is_of_chosen:
            before = ", before it was changed" if chosen and chosen.name == audited.name else ""
            st.info(f"This is what was found in: {escape_markdown(audited.name)}{before}.")
        if newest.error:
            st.error(escape_markdown(newest.error))
            return
        if found := newest.parsed_report:
            report, note = found, ""
    elif ready is None:
        st.markdown(WHAT_COMES)
    if report:
        _report(report, note)


def _report(report: Report, note: str) -> None:
    """Draw verdict, `note`, findings, what was tried, the mask's path as SVG; downloads: HTML, JSON."""
    (st.success if report.clean else st.error)(escape_markdown(report.sentence))
    if note:
        st.caption(note)
    left, right = st.columns([5, 3], gap="medium")
    with left:
        for finding in report.findings:
            _finding(finding)
        _tried(report)
    with right:
        st.header("The path of the mask", anchor=False)
        st.caption("Thick: a right mask. Dashed: a wrong one. Dots: none.")
        st.image(
            mask_path_svg(report.layers, dark=is_dark()),
            alt=describe_path(report.layers),
            width="stretch",
        )
        with st.container(horizontal=True):
            take_away.file_button("Report", "audit.html", as_page(report), key="audit_html")
            take_away.file_button("JSON", "audit.json", report.to_json(), key="audit_json")


def _finding(finding: Finding) -> None:
    """Draw a finding: severity, title, measurement, reason with source, and the fix, if any."""
    with st.container(border=True):
        badge = f":{COLOURS[finding.severity]}-badge[{finding.severity.capitalize()}]"
        st.header(f"{badge} {escape_markdown(finding.title)}", anchor=False)
        st.markdown(escape_markdown(finding.seen))
        st.markdown(f"{escape_markdown(finding.why)} [Source]({finding.source})")
        if finding.fix:
            with st.expander(finding.about_fix, expanded=finding.severity == "leak"):
                st.code(finding.fix, "python")


def _tried(report: Report) -> None:
    """Draw an expander: what the audit tried, and a table: how far each padding moved outputs."""
    with st.expander("What was tried"):
        for sentence in report.tried.sentences:
            st.markdown(escape_markdown(sentence))
        st.dataframe(
            [
                {
                    "Padding": "after the end" if each.side == "post" else "in front",
                    "Steps added": each.added,
                    "Moved by": "lost" if math.isinf(each.largest) else f"{each.largest:.2g}",
                    "Rounding": f"{each.tolerance:.1g}",
                    "Sequences": f"{each.moved} of {each.of}",
                }
                for each in report.measures
            ],
            hide_index=True,
        )


def what_this_does() -> None:
    """Draw an expander: of a file only the configuration is used; how to audit weights at home."""
    with st.expander("What happens to my file, and how do I audit trained weights or custom layers?"):
        st.markdown(
            "Nobody's weights and nobody's code are loaded here. Of a file only the configuration is "
            "read, as data. Every layer in it must be one of Keras's own that only compute. The model "
            "is then built anew with drawn weights, which shows a leak just as well, in a process of "
            f"its own with bounded memory and {TIMEOUT_S:.0f} seconds; tables of words are cut to "
            f"{VOCABULARY:,}. That process ends with the audit, and nothing of the model is kept.\n\n"
            "At home, where you trust your own file, the same audit takes the trained weights, custom "
            "layers, your own sequences, the compiled loss and metrics, and a saved copy:"
        )
        st.code("python -m maskdemo audit model.keras --trained --sequences mine.npz", "sh")
        st.code(
            "from maskdemo.audit import audit, check_padding\n\n"
            "print(audit(model, trained=True))\n\n\n"
            '@pytest.mark.parametrize("check", check_padding(build_model), ids=str)\n'
            "def test_padding(check):\n    check()",
            "python",
        )
