"""The article's claims on the page: each with its verdict, its cases and what was measured in them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from maskdemo.article.claim_rules import RULES
from maskdemo.article.claims import CLAIMS, Claim
from maskdemo.article.judgement import Case, CaseResult, Judgement
from maskdemo.article.measurements import Measurements
from maskdemo.evidence.phrases import capital, listed
from maskdemo.export.table import claims_table
from maskdemo.results import precomputed
from maskdemo.ui import navigation, url

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
    """How many claims held, the table to take away, and a row for each claim that opens its cases."""
    measurements = precomputed.claims() or Measurements()
    judgements = {name: claim.judgement(measurements) for name, claim in CLAIMS.items()}
    st.header(_in_all([each for each in judgements.values() if each]), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Table",
            partial(_csv, measurements),
            "maskdemo-claims.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="claims_table",
            disabled=not any(judgements.values()),
        )
        source = precomputed.provenance("claims")
        how = "`make evidence` measures them all, which takes minutes."
        st.caption(source.sentence if source else how)
    with st.container(gap="xxsmall", key="claims"):
        for name, claim in CLAIMS.items():
            _row(claim, judgements[name])
    with st.expander("How a case is decided"):
        st.markdown(RULES)


def _in_all(judgements: Sequence[Judgement]) -> str:
    """How many of the claims held, in one sentence."""
    words = [each.word for each in judgements]
    if not words:
        return "None is measured yet."
    counts = [f"{words.count(word)} {text}" for word, text in IN_ALL.items() if word in words]
    return f"Of {len(words)} claims, {listed(counts)}."


def _csv(measurements: Measurements) -> str:
    return claims_table(measurements).to_csv(index=False)


def _row(claim: Claim, judgement: Judgement | None) -> None:
    """The claim, whether it held and in how many of its cases; opened, what was measured."""
    if judgement:
        label = f":{BADGES[judgement.word]}-badge[{capital(judgement.title)}] {claim.text}"
        label += f" :gray[{judgement.counts}]"
    else:
        label = f":gray-badge[Not measured] {claim.text}"
    row = st.expander(label, key=f"claim_{claim.name}", on_change=url.mark_touched)
    if not row.open:
        return
    with row:
        st.caption(f"{claim.place}. {claim.measures}")
        if judgement:
            st.markdown(judgement.sentence)
        _cases(claim.cases, judgement)


def _cases(cases: Sequence[Case], judgement: Judgement | None) -> None:
    """A line a case: the link to its experiment, and what came of it."""
    results: Sequence[CaseResult | None] = judgement.results if judgement else [None] * len(cases)
    st.caption("Open in the playground, to train it there:")
    for case, result in zip(cases, results, strict=True):
        left, right = st.columns([2, 3], gap=None)
        with left:
            navigation.to_playground(case.experiment, label=case.title)
        if result is not None:
            lines = (f"{each.name}: {each.text}" for each in result.numbers)
            right.caption(f"{CASES[result.held]} " + "  \n".join(lines))
