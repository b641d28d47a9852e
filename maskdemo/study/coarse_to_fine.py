"""The order in which the cells of a grid are trained: first its outline, then what lies between."""

from __future__ import annotations

from maskdemo.study.variables import Cell, Value


def coarse_to_fine(values: tuple[Value, ...], and_values: tuple[Value, ...] = ()) -> tuple[Cell, ...]:
    """The cells, ends and middle of each axis first, then ever finer between them.

    >>> coarse_to_fine((1, 2, 3, 4, 5, 6, 7))
    ((1,), (7,), (4,), (2,), (5,), (3,), (6,))
    """
    one, other = _levels(len(values)), _levels(len(and_values))
    if not and_values:
        return tuple((values[at],) for at in one)
    pairs = [(at, also) for at in one for also in other]
    # Stable: within a level the order of the axes stays.
    pairs.sort(key=lambda pair: max(one[pair[0]], other[pair[1]]))
    return tuple((values[at], and_values[also]) for at, also in pairs)


def _levels(count: int) -> dict[int, int]:
    """Index -> how fine a look needs it, in the order of looking; 0 for the ends and the middle."""
    level = dict.fromkeys([0, count - 1, (count - 1) // 2] if count else [], 0)
    depth, gaps = 1, [(0, (count - 1) // 2), ((count - 1) // 2, count - 1)]
    while len(level) < count:
        halved = []
        for low, high in gaps:
            middle = (low + high) // 2
            level.setdefault(middle, depth)
            halved += [(low, middle), (middle, high)]
        gaps, depth = halved, depth + 1
    return level
