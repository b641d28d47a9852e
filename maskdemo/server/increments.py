"""Only what is new in a snapshot travels from the worker to the server.

`shrink` takes away what the last one had already, `grow` puts it back:
`grow(before, shrink(now, before))` equals `now`.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from maskdemo.study.findings import Findings
from maskdemo.study.grid import Study
from maskdemo.training.snapshot import Outcome, Probes, Snapshot

#: In the place of arrays that were sent before.
_NOTHING: Any = np.zeros(0, np.float32)


def shrink(now: Snapshot, before: Snapshot | None) -> Snapshot:
    """`now` without the curves, networks and outputs of probes that `before` had."""
    if before is None:
        return now
    had = {(each.repeat, each.strategy): each for each in before.curves}
    new = [at for at, epoch in enumerate(now.probes.epochs) if epoch not in before.probes.epochs]
    outputs = {name: each[new] for name, each in now.probes.outputs.items()}
    bare = Probes(_NOTHING, _NOTHING, _NOTHING, _NOTHING, outputs, epochs=now.probes.epochs)
    return replace(
        now,
        curves=tuple(each for each in now.curves if had.get((each.repeat, each.strategy)) is not each),
        probes=bare,
        networks={
            name: tuple(each for each in kept if each.epoch not in _epochs(before, name))
            for name, kept in now.networks.items()
        },
    )


def grow(before: Snapshot | None, new: Snapshot) -> Snapshot:
    """What `shrink` made `new` of."""
    if before is None:
        return new
    curves = {(each.repeat, each.strategy): each for each in (*before.curves, *new.curves)}
    return replace(
        new,
        experiment=before.experiment,
        curves=tuple(curves.values()),
        probes=_grown(before.probes, new.probes),
        networks={name: (*before.networks.get(name, ()), *kept) for name, kept in new.networks.items()},
    )


def _grown(before: Probes, new: Probes) -> Probes:
    if new.epochs == before.epochs:
        return before
    # The old rows, then the new ones; of those, the epochs that are still kept, in their order.
    epochs = [*before.epochs, *(each for each in new.epochs if each not in before.epochs)]
    kept = [epochs.index(each) for each in new.epochs]
    outputs = {
        name: np.concatenate([before.outputs[name], rows])[kept] for name, rows in new.outputs.items()
    }
    return replace(before, outputs=outputs, epochs=new.epochs)


def shrink_findings(now: Findings, before: Findings | None) -> tuple[Findings, dict[int, Outcome]]:
    """`now` without its outcomes, and those that `before` had not, by their place in the study."""
    known = {} if before is None else before.outcomes
    places = {training: at for at, training in enumerate(now.study.trainings())}
    new = {places[at]: found for at, found in now.outcomes.items() if at not in known}
    return replace(now, study=None, outcomes={}), new  # pyright: ignore[reportArgumentType]


def grow_findings(
    study: Study, before: Findings | None, new: tuple[Findings, dict[int, Outcome]]
) -> Findings:
    """What `shrink_findings` made `new` of."""
    bare, outcomes = new
    trainings = study.trainings()
    found = {} if before is None else dict(before.outcomes)
    found |= {trainings[at]: outcome for at, outcome in outcomes.items()}
    return replace(bare, study=study, outcomes=MappingProxyType(found))


def _epochs(snapshot: Snapshot, name: str) -> set[int]:
    return {each.epoch for each in snapshot.networks.get(name, ())}
