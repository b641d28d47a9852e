"""The article's claims on the page: each with its cases, what was measured, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from maskdemo.article.case import Case, CaseResult, Judgement
from maskdemo.article.claims import CLAIMS, Claim
from maskdemo.article.judges import RULES
from maskdemo.article.measured import Measurements
from maskdemo.article.progress import Progress, table
from maskdemo.evidence.words import capital
from maskdemo.server import Claims, QueueFull, Status
from maskdemo.ui import links, live, server

state = st.session_state

BADGES = {
    "held": "green",
    "held in some cases": "orange",
    "not held": "red",
    "undecided": "gray",
}
CASES = {True: ":green-badge[Held]", False: ":red-badge[Did not hold]", None: ":gray-badge[Undecided]"}


def section() -> None:
    """Heading, one sentence, the buttons, and a card for each claim that fills as results come."""
    st.subheader("Its claims, tested", anchor=False)
    st.markdown(
        "What the article says, in words of our own. Each claim is tried in several cases, with "
        "networks trained here and, where it is about Keras, with Keras itself. Whether it held is "
        "computed from what was measured."
    )
    going = _going()
    st.fragment(_claims, run_every=0.5 if going else None)(going)
    with st.expander("How a case is decided"):
        st.markdown(RULES)


def _claims(was_going: bool) -> None:
    going = _going()
    if going != was_going:
        # Only a run of the whole page starts or stops the polling.
        st.rerun()
    status = _status()
    known = _measured(status)
    _actions(going, status, known)
    for claim in CLAIMS.values():
        _card(claim, claim.judgement(known), going)


def _actions(going: bool, status: Status[Progress], known: Measurements) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if going:
            st.button("Cancel", icon=":material/stop:", on_click=_on_cancel, key="claims_cancel")
            _progress(status)
        else:
            untested = [each for each in CLAIMS.values() if each.judgement(known) is None]
            fresh = len(untested) == len(CLAIMS)
            st.button(
                "Test all claims" if fresh else "Test the others" if untested else "All are tested",
                type="primary",
                icon=":material/play_arrow:",
                on_click=_on_test,
                args=(untested,),
                key="claims_all",
                disabled=not untested,
            )
            st.download_button(
                "Table",
                partial(_csv, known),
                "maskdemo-claims.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                key="claims_table",
                disabled=fresh,
            )
            if untested:
                st.caption("All together take a few minutes.")
    if state.get("claims_refused"):
        st.warning(state.claims_refused)
    if status.phase == "failed":
        st.error(live.plain(status.error or ""))
    elif status.phase == "cancelled":
        st.info("Cancelled. What was measured until then is kept.")


def _progress(status: Status[Progress]) -> None:
    now = status.newest or Progress(doing="Preparing.")
    if status.phase == "queued":
        text = f"Waiting: number {status.position} in the queue."
        st.progress(min(now.done, 1.0), text=text)
    elif status.phase == "running":
        st.progress(min(now.done, 1.0), text=now.doing)


def _card(claim: Claim, judgement: Judgement | None, going: bool) -> None:
    testing = going and claim.name in state.get("claims_testing", ())
    with st.container(border=True, gap="xsmall", key=f"claim_{claim.name}"):
        st.caption(claim.place)
        st.markdown(f"**{claim.text}**")
        if judgement:
            badge = f":{BADGES[judgement.word]}-badge[{capital(judgement.word)}]"
            st.markdown(f"{badge} {judgement.counts}.")
            st.markdown(judgement.sentence)
        else:
            st.markdown(f"To be measured: {_small(claim.measures)}")
            if testing:
                st.badge("Being measured", color="gray")
            else:
                st.button(
                    "Test it",
                    icon=":material/play_arrow:",
                    on_click=_on_test,
                    args=([claim],),
                    key=f"test_{claim.name}",
                    disabled=going,
                )
        _cases(claim.cases, judgement)


def _cases(cases: Sequence[Case], judgement: Judgement | None) -> None:
    """A line a case: the link to its experiment, and what came of it."""
    known: Sequence[CaseResult | None] = judgement.results if judgement else [None] * len(cases)
    st.caption("Open in the playground:")
    for case, result in zip(cases, known, strict=True):
        left, right = st.columns([2, 3], gap=None)
        with left:
            links.to_playground(case.experiment, label=case.title)
        if result is not None:
            lines = (f"{each.what}: {each.words}" for each in result.numbers)
            right.caption(f"{CASES[result.held]} " + "  \n".join(lines))


def _small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _csv(known: Measurements) -> str:
    return table(known).to_csv(index=False)


def _status() -> Status[Progress]:
    return server.status("claims")


def _going() -> bool:
    return _status().going


def _measured(status: Status[Progress]) -> Measurements:
    """All that this session has measured; what was measured first stands."""
    known: Measurements = state.get("claims_measured", Measurements())
    if status.newest is not None:
        known = status.newest.found | known
    state.claims_measured = known
    return known


def _on_test(claims: Sequence[Claim]) -> None:
    names = tuple(each.name for each in claims)
    _measured(_status())
    state.claims_testing, state.claims_refused = set(names), None
    try:
        server.submit(Claims(names))
    except QueueFull as full:
        state.claims_refused = str(full)


def _on_cancel() -> None:
    server.cancel("claims")
