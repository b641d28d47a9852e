"""Words for numbers: signs, zeros and limits as people read them."""

from hypothesis import given
from hypothesis import strategies as st

from maskdemo.evidence import between, interval, percent, points
from maskdemo.evidence.phrases import capital, counted, leak_text, listed, number


@given(st.floats(-1, 1))
def test_points_read_back_as_what_they_say(share):
    said = points(share)
    assert abs(float(said.replace("−", "-")) - 100 * share) <= 0.05 + 1e-9
    # A sign wherever something is said to differ, and never a hyphen.
    assert "-" not in said
    assert (said[0] in "+−") == (said != "0.0")


def test_zero_has_no_sign():
    assert [number(each, "+.1f") for each in (-0.0, -0.04, 0.04, 0.06)] == ["0.0", "0.0", "0.0", "+0.1"]
    assert percent(0.5) == "50.0%" and percent(0.5, 0) == "50%"


def test_limits_are_told_where_there_are_some():
    assert between(interval([0.25, 0.5, 0.75]).within(-1, 1)) == "−12.1 to +100.0"
    assert between(interval([0.25]), percent) == "one repeat"


def test_leaks_lists_and_counts():
    assert (leak_text(0.0), leak_text(0.1234), leak_text(1.0)) == (
        "none, exactly 0",
        "12 points",
        "100 points",
    )
    assert [listed("abc"[:count]) for count in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
    assert (counted(1, "repeat"), counted(2, "repeat")) == ("1 repeat", "2 repeats")
    assert capital("no mask") == "No mask"
