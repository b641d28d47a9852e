"""How a sentence quotes what a stranger wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskdemo.errors import MAX_QUOTED, quoted


@given(value=st.one_of(st.text(), st.integers(), st.floats(), st.lists(st.integers())))
def test_a_quotation_is_short_and_stands_on_one_line(value):
    text = quoted(value)
    assert len(text) <= MAX_QUOTED + 5
    assert text[0] == "'" and text.isprintable()


@pytest.mark.parametrize("obeyed", ["\x1b[2J", "\u202egnp.exe", "\x07", "\ud800", "\x00"])
def test_what_a_terminal_would_obey_is_escaped(obeyed):
    assert obeyed[0] not in quoted(f"layer{obeyed}")
    assert quoted(f"layer{obeyed}").startswith("'layer\\")


def test_a_number_that_python_does_not_write_out_is_named():
    assert quoted(10**5000) == quoted(-(10**5000)) == "'so large a number'"
