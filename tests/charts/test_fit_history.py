"""The chart of one `Model.fit`: every number drawn, epochs apart."""

from __future__ import annotations

import pytest

from maskdemo import charts

ACCURACY = [0.5, 0.625, 0.75, 0.7]
LOSS = [0.9, 0.8, 0.7, 0.6]


@pytest.mark.parametrize("dark", [False, True])
def test_every_batch_is_a_point_and_epochs_are_not_joined(dark):
    figure = charts.fit_history(ACCURACY, LOSS, epochs=3, batches=2, dark=dark)
    for line, values in zip(figure.data, (ACCURACY, LOSS), strict=True):
        drawn = [(x, y) for x, y in zip(line.x, line.y, strict=True) if x is not None]
        assert drawn == list(enumerate(values, 1))
        assert list(line.x) == [1, 2, None, 3, 4]
    borders = {shape.x0 for shape in figure.layout.shapes}
    assert borders == {2.5, 4.5}


def test_a_loss_above_one_fits():
    layout = charts.fit_history([0.5], [2.4], epochs=1, batches=20).layout
    assert layout.yaxis2.range[1] >= 2.4
