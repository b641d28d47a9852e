"""What the figures say, in sentences."""

from __future__ import annotations

from maskdemo.costs.table import (
    HELD,
    HELD_ON_ALL,
    KERAS_MASKING,
    KERAS_NO_MASK,
    MASKING,
    NO_MASK,
    CostTable,
    Way,
)


def summary(table: CostTable) -> tuple[str, ...]:
    """What the figures say; nothing until one padded length is complete."""
    if not table.complete:
        return ()
    few, many = table.complete[0], table.complete[-1]
    seconds = table.seconds

    def beside(keras: Way, ours: Way) -> str:
        return (
            f"{time_text(seconds[ours, many])} here and {time_text(seconds[keras, many])} in "
            f"`Model.fit` ({times_text(table.ratio(keras, ours, many))})"
        )

    adds = {length: table.ratio(KERAS_MASKING, KERAS_NO_MASK, length) for length in (few, many)}
    changes = " and ".join(f"{_change(by)} at {length} steps" for length, by in adds.items())
    return (
        f"Padded to {many} steps, an epoch takes {beside(KERAS_NO_MASK, NO_MASK)}; with a Masking "
        f"layer, {beside(KERAS_MASKING, MASKING)}.",
        f"In Keras, a Masking layer makes an epoch {changes}.",
        "Steps at which every sequence only holds its state can be left out without changing a "
        f"result. Padded to {many} steps, a held state takes {time_text(seconds[HELD, many])} "
        f"without them and {time_text(seconds[HELD_ON_ALL, many])} with them "
        f"({times_text(table.ratio(HELD_ON_ALL, HELD, many))}).",
    )


def time_text(seconds: float) -> str:
    """A duration for people.

    >>> time_text(0.00342), time_text(0.128), time_text(2.04)
    ('3.4 ms', '128 ms', '2.0 s')
    """
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{1000 * seconds:.{1 if seconds < 0.01 else 0}f} ms"


def times_text(ratio: float) -> str:
    """How many times as long.

    >>> times_text(2.345), times_text(37.2), times_text(1.01)
    ('2.3 times as long', '37 times as long', 'about as long')
    """
    if 0.95 <= ratio < 1.05:
        return "about as long"
    return f"{ratio:.{0 if ratio >= 10 else 1}f} times as long"


def _change(ratio: float) -> str:
    percent = round(100 * abs(ratio - 1))
    return f"{percent}% {'longer' if ratio >= 1 else 'shorter'}"
