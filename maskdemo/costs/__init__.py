"""What each strategy costs: seconds an epoch on this machine, in our engine and in `Model.fit`.

One training runs alone at a time, all of them in one child process that has the same threads for
both engines. Ours trains several strategies at once elsewhere; that is not counted here. At each
padded length everybody trains in turn, three epochs a turn, for three rounds, so that all meet the
same conditions, and the fastest epoch counts. Building, compiling and a first epoch come before.
`Model.fit` is as it comes: default arguments, stock layers, Adam. Nobody evaluates on a test set.
"""

from maskdemo.costs.table import (
    HELD,
    HELD_ON_ALL,
    KERAS_MASKING,
    KERAS_NO_MASK,
    MASKING,
    NO_MASK,
    CostTable,
    Way,
    measure,
    measured,
    some_lengths,
    ways,
)
from maskdemo.costs.turns import EPOCHS_A_TURN, ROUNDS, keras_turn, our_turn
from maskdemo.costs.words import summary, time_text, times_text

__all__ = [
    "Way",
    "NO_MASK",
    "MASKING",
    "HELD",
    "HELD_ON_ALL",
    "KERAS_NO_MASK",
    "KERAS_MASKING",
    "CostTable",
    "measured",
    "ways",
    "some_lengths",
    "measure",
    "summary",
    "time_text",
    "times_text",
    "ROUNDS",
    "EPOCHS_A_TURN",
    "our_turn",
    "keras_turn",
]
