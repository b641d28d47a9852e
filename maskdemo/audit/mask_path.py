"""Which calls hand their outputs to which, for the picture of the mask's path; and a readable order."""

from __future__ import annotations

from collections.abc import Sequence

from maskdemo.audit.pair import State, TracePair
from maskdemo.audit.trace import Call

#: The calls whose outputs a call takes in, each with the state of the mask that comes along.
Sources = dict[Call, State]


def sources_of(calls: Sequence[Call], pair: TracePair) -> dict[Call, Sources]:
    """Map each call to the nearest of `calls` before it, these to the mask state that first arrives."""
    chosen, cache = set(calls), dict[Call, list[Call]]()
    result: dict[Call, Sources] = {}
    for call in calls:
        sources: Sources = {}
        for input_tensor in pair.time_inputs(call):
            for maker in _chosen_makers(input_tensor.maker, chosen, pair, cache):
                sources.setdefault(maker, pair.received(call, input_tensor))
        result[call] = sources
    return result


def _chosen_makers(
    maker: Call | None, chosen: set[Call], pair: TracePair, cache: dict[Call, list[Call]]
) -> list[Call]:
    """Return `maker` if it is chosen, else the nearest chosen calls before it; [] if it has no floats.

    cache: results for other calls, read and filled, as branches that meet are followed once.
    """
    if maker is None or not maker.has_float_outputs:
        return []  # masks and token numbers are no part of the path
    if maker in chosen:
        return [maker]
    if maker not in cache:
        before = (_chosen_makers(each.maker, chosen, pair, cache) for each in pair.time_inputs(maker))
        cache[maker] = list(dict.fromkeys(each for makers in before for each in makers))
    return cache[maker]


def by_branch(sources: dict[Call, Sources]) -> list[Call]:
    """Return the calls, each after its sources: first those ready that follow the last call directly.

    Keras runs branches in turns; here a branch comes whole, before the next branch.
    """
    waiting, result, done = list(sources), list[Call](), set[Call]()
    while waiting:
        ready = [call for call in waiting if sources[call].keys() <= done] or waiting
        following = (call for call in ready if result and result[-1] in sources[call])
        result.append(next(following, ready[0]))
        done.add(result[-1])
        waiting.remove(result[-1])
    return result
