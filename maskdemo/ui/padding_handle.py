"""The edge of the padding as a handle: any number of padded steps in a sequence of a finished run.

It is part of the chart of outputs by step (`maskdemo.ui.components`). The browser gets the networks,
and of every strategy the arrays of the sequence and of one padded step; it runs the recurrence itself
(`browser/recurrence.js`), so the server is asked only when the handle is let go: for the accuracy on
the test set with that many padded steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import streamlit as st

from maskdemo.charts.outputs_by_step import BETWEEN, HIGH, LOW
from maskdemo.charts.style import colour
from maskdemo.charts.template import packed
from maskdemo.data.padding import unpad
from maskdemo.evidence.phrases import counted, percent
from maskdemo.inside.inspected_sequence import MAX_SEQUENCES, InspectedSequence, sweeps, true_label
from maskdemo.inside.leak import MAX_ADDED, padded_by
from maskdemo.strategies import STRATEGIES
from maskdemo.titles import SIDES
from maskdemo.training.snapshot import Network, Snapshot
from maskdemo.ui import url
from maskdemo.ui.components import Handle, is_dark

#: The choice of weights that gives each strategy its own network.
OWN_WEIGHTS = "own"

session = st.session_state


def handle(snapshot: Snapshot, probe: int) -> Handle:
    """Return the handle for a probe (from 0), data None unless the run has ended and has networks."""
    ready = snapshot.finished and snapshot.networks
    return Handle(_handle_data(snapshot, probe) if ready else None, _on_pulled)


def _handle_data(snapshot: Snapshot, probe: int) -> dict[str, Any]:
    """Return all that the browser needs for the handle on a probe (from 0), as JSON can hold.

    That is `recurrence_data`, accuracies, and two positions, of padded steps ("added"), their "side"
    and the strategy whose network reads, or `OWN_WEIGHTS` ("weights"): "trained" is that of training,
    "chosen" that of the handle. Unless `_on_pulled` set that, `handles` rises and "version" changes.
    """
    experiment = snapshot.experiment
    epoch = next(iter(snapshot.networks.values()))[-1].epoch
    sequence = InspectedSequence(snapshot, probe, epoch, true_label(snapshot, probe))
    # Where it is in training, the chart shows what the run recorded: each network's own outputs.
    trained = {
        "added": int(sequence.batch.padding_there.sum()),
        "side": experiment.side,
        "weights": OWN_WEIGHTS,
    }
    chosen: dict[str, Any] = {
        "added": url.settled("added", range(MAX_ADDED + 1), trained["added"]),
        "side": url.settled("added_side", SIDES, experiment.side),
    }
    pulled = any(chosen[name] != trained[name] for name in chosen)
    # The networks that can read for others: all that read no mask as input.
    lenders = [name for name in experiment.strategies if not STRATEGIES[name].mask_channel]
    first_repeat = [each for each in snapshot.curves if each.repeat == 0]
    reached = {each.strategy: each.test_valid_accuracy[-1] for each in first_repeat}
    best, usual = _best_and_usual(lenders, reached, snapshot.chance.valid)
    weights = url.settled("weights", (OWN_WEIGHTS, *lenders), usual if pulled else None)
    chosen["weights"] = weights or OWN_WEIGHTS
    # What moved the handle from outside, such as Back, makes it a new one.
    if chosen != session.get("pulled"):
        session.pulled, session.handles = chosen, session.get("handles", 0) + 1
    lanes = recurrence_data(sequence, dark=is_dark())
    return lanes | {
        "version": blake2b(repr((lanes, session.handles)).encode(), digest_size=8).hexdigest(),
        "chosen": chosen,
        "trained": trained,
        "usual": usual,
        # Whether somebody chose whose network reads.
        "settled": weights not in (None, usual),
        "lenders": {name: STRATEGIES[name].title for name in lenders},
        "shared": chosen["weights"] if chosen["weights"] != OWN_WEIGHTS else best,
        "reached": {name: percent(each, 0) for name, each in reached.items()},
        "repeats": experiment.repeats,
        "measured": chosen | {"results": _measured_with_padding(sequence, **chosen)}
        if chosen != trained
        else None,
    }


def _on_pulled(pulled: Mapping[str, Any]) -> None:
    """Choose the browser's position: a callback. `OWN_WEIGHTS` not picked ("settled") become None."""
    session.pulled = {name: pulled[name] for name in ("added", "side", "weights")}
    url.choose("added", pulled["added"])
    url.choose("added_side", pulled["side"])
    url.choose(
        "weights", pulled["weights"] if pulled["settled"] or pulled["weights"] != OWN_WEIGHTS else None
    )


def recurrence_data(sequence: InspectedSequence, *, dark: bool = False) -> dict[str, Any]:
    """Return networks, lanes and texts for the browser to run the recurrence under every strategy.

    A lane has its strategy's inputs (L + 2, F + 1), advance and keep (L + 2), as in `Arrays`, of the L
    steps without padding, a padded step after the end, one in front; which of them count in a mean; the
    step read out without padding, from 0; and whether padding after the end moves it to the end.
    """
    experiment, bare = sequence.experiment, unpad(sequence.batch)
    value = experiment.pad_value
    after, ahead = (
        padded_by(bare, 1, side=side, value=value, missing=value) for side in ("post", "pre")
    )
    steps = len(bare.values[0])
    lanes = []
    for name in sequence.strategies:
        arrays, in_front = sequence.arrays(name, after), sequence.arrays(name, ahead)
        inputs, advance, keep = (
            np.concatenate([getattr(arrays, of)[0], getattr(in_front, of)[0, :1]])
            for of in ("inputs", "advance", "keep")
        )
        pooled = None
        if arrays.pool is not None and in_front.pool is not None:
            pooled = [*(arrays.pool[0] > 0).tolist(), bool(in_front.pool[0, 0] > 0)]
        read_out = int(arrays.read_out[0])
        lanes.append(
            {
                "name": name,
                "title": STRATEGIES[name].title,
                "colour": colour(name, dark=dark),
                "readsMask": STRATEGIES[name].mask_channel,
                "inputs": packed(inputs),
                "advance": advance.tolist(),
                "keep": keep.tolist(),
                "pooled": pooled,
                "readOut": min(read_out, steps - 1),
                "readsEnd": read_out == steps,
            }
        )
    labels = bare.labels[0] if experiment.per_step else [sequence.label] * steps
    return {
        "lanes": lanes,
        "networks": {name: packed_network(each) for name, each in sequence.networks.items()},
        "label": sequence.label,
        "names": [experiment.spec.label_name(each) for each in range(experiment.classes)],
        "labels": [int(each) for each in labels],
        "valid": bare.observed[0].tolist(),
        "perStep": experiment.per_step,
        "most": MAX_ADDED,
        "between": BETWEEN,
        "range": [LOW, HIGH],
        "sequence": f"test sequence {sequence.probe + 1}, {counted(steps, 'step')}",
        "tested": counted(min(experiment.test_size, MAX_SEQUENCES), "test sequence"),
        "value": f"{value:g}",
    }


def packed_network(network: Network) -> dict[str, Any]:
    """Return the network's weights by name, each as `charts.template.packed` returns it."""
    return {
        "kernel": packed(network.kernel),
        "recurrent": packed(network.recurrent_kernel),
        "bias": packed(network.bias),
        "readout": packed(network.readout),
        "readoutBias": packed(network.readout_bias),
    }


def _measured_with_padding(
    sequence: InspectedSequence, *, added: int, side: str, weights: str
) -> dict[str, dict[str, float]]:
    """Return strategy -> accuracy of the test set "before" and "after" padding, "change" and "chance".

    All are 0 to 1. before: without padded steps. after: with only the `added`. change, chance: as in
    `Sweep`, the largest change. added, side, weights: a position, see `_handle_data`.
    """
    readers = readers_of(sequence.strategies, weights)
    found = sweeps(sequence, side, max(1, added), readers)
    at = 1 if added else 0
    return {
        name: {
            "before": float(each.accuracy[0]),
            "after": float(each.accuracy[at]),
            "change": float(each.change[at].max()),
            "chance": each.chance,
        }
        for name, each in found.items()
    }


def readers_of(strategies: tuple[str, ...], weights: str) -> Mapping[str, str]:
    """Return strategy -> the strategy whose network reads the sequence for it.

    No other network has learned to read the mask as an input: a strategy that does keeps its own.
    """
    return {
        name: name if weights == OWN_WEIGHTS or STRATEGIES[name].mask_channel else weights
        for name in strategies
    }


def _best_and_usual(
    lenders: Sequence[str], reached: Mapping[str, float], chance: float
) -> tuple[str, str]:
    """Return the best lender, and the strategy whose network reads for all until one is chosen.

    The second is the best one too, if some lender is less than half as accurate beyond chance; else
    `OWN_WEIGHTS`. Without lenders both are `OWN_WEIGHTS`. reached: strategy -> accuracy, 0 to 1.
    """
    if not lenders:
        return OWN_WEIGHTS, OWN_WEIGHTS
    best = max(lenders, key=reached.__getitem__)
    learned = (chance + reached[best]) / 2
    return best, best if min(reached[each] for each in lenders) < learned else OWN_WEIGHTS
