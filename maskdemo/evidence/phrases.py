"""Numbers and names in the words that every page, chart, report and command uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from maskdemo.evidence.interval import Interval


def number(value: float, form: str = "g") -> str:
    """Return a number, formatted by `form`, with a true minus sign and no sign before a zero.

    >>> number(-9.0), number(-0.04, ".1f"), number(2.5, "+.1f")
    ('−9', '0.0', '+2.5')
    """
    text = format(value, form)
    if not any(digit in text for digit in "123456789inf"):
        text = text.lstrip("+-")
    return text.replace("-", "\N{MINUS SIGN}")


def points(share: float, digits: int = 1) -> str:
    """Return a difference of shares (-1 to 1) in points, with its sign: `+2.5`; none before 0."""
    return number(100 * share, f"+.{digits}f")


def percent(share: float, digits: int = 1) -> str:
    """Return a share (0 to 1) as a percentage: `93.2%`."""
    return f"{share:.{digits}%}"


def between(interval: Interval, form: Callable[[float], str] = points) -> str:
    """Return the limits of an interval, `−1.2 to +3.0`; `one repeat` where they are infinite."""
    return f"{form(interval.low)} to {form(interval.high)}" if interval.bounded else "one repeat"


def leak_text(share: float) -> str:
    """Return a leak (0 to 1): `12 points`, below 10 by `.2g`, `0.34 points`, or `none, exactly 0`."""
    form = ".0f" if share >= 0.1 else ".2g"
    return "none, exactly 0" if share == 0 else f"{number(100 * share, form)} points"


def time_taken(seconds: float) -> str:
    """Return a duration in ms, below 10 with one decimal; from 1 s on in s, with one decimal.

    >>> time_taken(0.00342), time_taken(0.128), time_taken(2.04)
    ('3.4 ms', '128 ms', '2.0 s')
    """
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{1000 * seconds:.{1 if seconds < 0.01 else 0}f} ms"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, which gets an s but for 1: `1 repeat`, `0 repeats`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def span(low: int, high: int) -> str:
    """Return two whole numbers as `3 to 9`, equal ones as one: `3`."""
    return str(low) if low == high else f"{low} to {high}"


def loss_of_steps(lost: ArrayLike) -> str:
    """Return a clause on lost steps, (N,): how many sequences lose how many steps.

    >>> loss_of_steps([0, 3, 9]), loss_of_steps([0, 1]), loss_of_steps([0, 0])
    ('2 of 3 sequences lose 3 to 9 steps', '1 of 2 sequences loses 1 step', 'no sequence loses a step')
    """
    every = np.asarray(lost)
    some = every[every > 0]
    if not some.size:
        return "no sequence loses a step"
    verb, low, high = "loses" if some.size == 1 else "lose", int(some.min()), int(some.max())
    steps = f"{span(low, high)} {'step' if high == 1 else 'steps'}"
    return f"{some.size:,} of {counted(every.size, 'sequence')} {verb} {steps}"


def listed(words: Iterable[str]) -> str:
    """Return words, at least one, as in a sentence: `a`, `a and b`, `a, b and c`."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def capital(sentence: str) -> str:
    """Return the sentence with a capital at its beginning and everything else as it is."""
    return sentence[:1].upper() + sentence[1:]
