"""The second zoo: random graphs, whose answers are composed of each layer's own rule for masks."""

import warnings

from hypothesis import given, note, settings

from maskdemo.audit import audit
from tests.audit.random_graphs import Graph, graphs

#: Each example is a model: one fixed graph of each kind in `make test`, 250 in `make fuzz`.
SETTINGS = settings(max_examples=250 if settings().max_examples > 100 else 1)


def judged(graph: Graph) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = audit(graph.model, added=(1, 7), saved=False)
    note(f"{graph.words}\n{report}")
    assert report.clean == (not graph.leaks)


@given(graphs(leaks=False))
@SETTINGS
def test_no_false_alarm(graph):
    judged(graph)


@given(graphs(leaks=True))
@SETTINGS
def test_no_leak_is_missed(graph):
    judged(graph)
