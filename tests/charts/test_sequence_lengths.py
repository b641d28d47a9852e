"""The chart of one's own sequences' lengths: every sequence counted, padding hatched as everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from maskdemo import charts
from maskdemo.charts.style import SHAPES
from maskdemo.uploads.data_facts import lengths_of

LENGTHS = [2] * 30 + [3] * 40 + [5, 9]


@pytest.mark.parametrize("dark", [False, True])
def test_every_sequence_is_counted_and_every_way_has_its_bar(dark):
    found = lengths_of(LENGTHS)
    figure = charts.sequence_lengths(found, dark=dark)
    histogram, real, padding = figure.data
    counted = {x: y for x, y in zip(histogram.x, histogram.y, strict=True) if y}
    assert counted == {2: 30, 3: 40, 5: 1, 9: 1}
    np.testing.assert_allclose(np.add(real.x, padding.x), 1)
    np.testing.assert_allclose(padding.x, [way.padding for way in found.ways])
    assert padding.marker.pattern.shape == SHAPES["padding"]
    words = [note.text for note in figure.layout.annotations]
    assert words[1:] == [
        f"To 9 steps: <b>{found.ways[0].padding:.0%}</b>",
        f"To 3 steps, enough for 95%: <b>14%</b>, {found.ways[1].cut:.1%} cut off",
        f"In 4 buckets of similar length: <b>{found.ways[2].padding:.0%}</b>",
    ]
    assert "72 sequences, 2 to 9 steps" in figure.layout.title.text


def test_one_length_needs_no_padding_in_any_way():
    figure = charts.sequence_lengths(lengths_of([4] * 20))
    assert not any(figure.data[2].x) and "all 4 steps" in figure.layout.title.text
