"""Every page on arrival: what was computed in advance is there before anybody has trained anything."""

from __future__ import annotations

from maskdemo.article.claims import CLAIMS
from maskdemo.evidence import accuracies, answer, headline, over_all
from maskdemo.results import precomputed
from maskdemo.scenarios import OPENING, SCENARIOS
from maskdemo.study import summary
from maskdemo.study.questions import OPENING as FIRST_QUESTION
from maskdemo.study.questions import QUESTIONS
from maskdemo.ui.playground_view import BADGES
from tests.ui.app import opened


def texts(app) -> str:
    return "\n".join(
        each.value for kind in ("markdown", "caption", "subheader", "header") for each in app.get(kind)
    )


def test_the_playground_opens_on_the_answer():
    scenario = SCENARIOS[OPENING]
    app = opened("playground", scenario.experiment.to_params())
    assert not app.exception
    run, marks = precomputed.run(scenario.experiment), precomputed.marks()
    needs = {name: each.need for name, each in marks.items()}
    assert needs and over_all(needs.values()) in texts(app)
    (row,) = [each for each in app.pills if each.key and each.key.startswith("scenario_row")]
    (marked,) = [each for each in row.options if each.endswith(scenario.title)]
    assert f": {marks[scenario.name].answer}] " in marked
    # The icons can be counted by the sentence above them.
    for word, badge in BADGES.items():
        assert sum(badge in each for each in row.options) == [*needs.values()].count(word)
    # The words are those of the scenarios' own pages.
    begins = {"required": "Here, yes", "helps": "Here it helps", "not needed": "Here, no"}
    for name, each in SCENARIOS.items():
        known = precomputed.run(each.experiment)
        assert (known is not None) == (name in needs)
        assert known is None or answer(accuracies(known)).startswith(begins.get(needs[name], "Here"))
    assert headline(run) in texts(app) and precomputed.provenance("run").sentence in texts(app)


def test_inside_opens_on_shipped_networks():
    app = opened("inside", SCENARIOS[OPENING].experiment.to_params())
    assert not app.exception
    assert not [each for each in app.info if "no trained networks" in each.value]


def test_the_study_opens_on_the_first_question():
    app = opened("study")
    assert not app.exception
    found = precomputed.study(QUESTIONS[FIRST_QUESTION].study)
    assert summary(found)[0] in texts(app) and precomputed.provenance("training").sentence in texts(app)


def test_the_article_is_judged():
    app = opened("article")
    assert not app.exception
    labels = [each.label for each in app.expander]
    known = precomputed.claims()
    for claim in CLAIMS.values():
        judgement = claim.judgement(known)
        assert any(claim.text in label and judgement.counts in label for label in labels)
    assert precomputed.provenance("claims").sentence in texts(app)
    assert "Not run yet" not in texts(app)
