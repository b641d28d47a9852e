"""The article's claims on the page: each with its cases, what was measured, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from maskdemo import shipped
from maskdemo.article.case import Case, CaseResult, Judgement
from maskdemo.article.claims import CLAIMS, Claim
from maskdemo.article.judges import RULES
from maskdemo.article.measured import Measurements
from maskdemo.article.progress import Progress, table
from maskdemo.evidence.words import capital, listed
from maskdemo.server import Claims
from maskdemo.ui import address, job, known, navigation, server

state = st.session_state
#: The claims' networks, and what Keras itself is asked for them.
KINDS = ("claims", "keras_claims")

BADGES = {
    "held": "green",
    "held in some cases": "orange",
    "not held": "red",
    "undecided": "gray",
}
IN_ALL = {
    "held": "held",
    "held in some cases": "held in some cases and not in others",
    "not held": "did not hold",
    "undecided": "could not be decided",
}
CASES = {True: ":green-badge[Held]", False: ":red-badge[Did not hold]", None: ":gray-badge[Undecided]"}


def section() -> None:
    """The buttons, and a row for each claim that opens its cases; it fills as results come."""
    job.watched(_claims, "claims")
    with st.expander("How a case is decided"):
        st.markdown(RULES)


def _claims() -> None:
    going, measured = job.is_going("claims"), _measured()
    judged_by = known.claims(measured)
    _actions(going, measured, judged_by)
    st.header(_in_all(judged_by), anchor=False)
    with st.container(gap="xxsmall", key="claims"):
        for claim in CLAIMS.values():
            here = claim.judgement(measured) is not None
            _row(claim, claim.judgement(judged_by), here=here, going=going)


def _in_all(judged_by: Measurements) -> str:
    """How many of the claims held, in one sentence."""
    words = [each.word for claim in CLAIMS.values() if (each := claim.judgement(judged_by))]
    if not words:
        return "None is tested yet."
    counts = [f"{words.count(word)} {said}" for word, said in IN_ALL.items() if word in words]
    return f"Of {len(words)} claims, {listed(counts)}."


def _actions(going: bool, measured: Measurements, judged_by: Measurements) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if going:
            job.cancel_button("claims")
        else:
            untested = [each for each in CLAIMS.values() if each.judgement(measured) is None]
            fresh = len(untested) == len(CLAIMS)
            job.start_button(
                "claims",
                "Test all claims" if fresh else "Test the others" if untested else "All are tested",
                partial(_start, untested),
                disabled=not untested,
            )
            st.download_button(
                "Table",
                partial(_csv, judged_by),
                "maskdemo-claims.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                key="claims_table",
                disabled=all(each.judgement(judged_by) is None for each in CLAIMS.values()),
            )
            if untested:
                made = shipped.made_words() if fresh else None
                st.caption(made or "All together take a few minutes.")
        job.line("claims", _where, "Cancelled. What was measured until then is kept.")
    job.refusal("claims")


def _where(newest: Progress | None) -> tuple[float, str]:
    now = newest or Progress(doing="Preparing.")
    return now.done, now.doing


def _row(claim: Claim, judgement: Judgement | None, *, here: bool, going: bool) -> None:
    """The claim, whether it held and in how many of its cases; opened, what was measured.

    here: whether this session has measured it.
    """
    testing = going and claim.name in state.get("claims_testing", ())
    if judgement:
        said = f":{BADGES[judgement.word]}-badge[{capital(judgement.title)}] {claim.text}"
        said += f" :gray[{judgement.counts}]"
    else:
        said = f":gray-badge[{'Being measured' if testing else 'To be measured'}] {claim.text}"
    # To Streamlit another label is another row: one that was open is to stay open all the same.
    rows = state.setdefault("claims_rows", {})
    label, expanded, was_open = rows.get(claim.name, (said, False, False))
    if label != said:
        expanded = was_open
    row = st.expander(
        said, expanded=expanded, key=f"claim_{claim.name}", on_change=address.touched
    )
    rows[claim.name] = (said, expanded, row.open)
    if not row.open:
        return
    with row:
        st.caption(f"{claim.place}. {claim.measures}")
        if judgement:
            st.markdown(judgement.sentence)
        if not here and not testing:
            job.start_button(
                "claims",
                "Test it",
                partial(_start, [claim]),
                main=False,
                name=f"_{claim.name}",
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
            navigation.to_playground(case.experiment, label=case.title)
        if result is not None:
            lines = (f"{each.what}: {each.words}" for each in result.numbers)
            right.caption(f"{CASES[result.held]} " + "  \n".join(lines))


def _csv(judged_by: Measurements) -> str:
    return table(judged_by).to_csv(index=False)


def _measured() -> Measurements:
    """All that this session has measured; what was measured first stands."""
    measured: Measurements = state.get("claims_measured", Measurements())
    newest: Progress | None = job.status("claims").newest
    if newest is not None:
        measured = newest.found | measured
    state.claims_measured = measured
    return measured


def _start(claims: Sequence[Claim]) -> None:
    names = tuple(each.name for each in claims)
    _measured()
    state.claims_testing = set(names)
    server.submit(Claims(names))
