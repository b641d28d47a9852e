"""A finished run as one `.npz` file, and back.

Kept: every curve exactly (JSON writes floats so that they come back to the bit), the probes' outputs in
half precision (three digits, as charts show them), and of the networks a few epochs. Not kept: the
probes' sequences, which the experiment's inputs give again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdemo.data.inputs import chance, inputs
from maskdemo.data.sequences import evenly_spread
from maskdemo.experiment import Experiment
from maskdemo.training.probes import probes_of
from maskdemo.training.snapshot import Curve, Network, Probes, Snapshot

#: Network arrays in the order of the file's names.
WEIGHTS = tuple(each.name for each in fields(Network) if each.name != "epoch")


def write(snapshot: Snapshot, path: Path, *, networks: int) -> None:
    """Write a finished run, and of each strategy's networks `networks` evenly spread epochs."""
    said = {
        "experiment": snapshot.experiment.to_json(),
        "curves": [asdict(curve) for curve in snapshot.curves],
        "seconds": snapshot.seconds,
        "epochs": snapshot.probes.epochs,
    }
    arrays: dict[str, NDArray] = {"said": np.frombuffer(json.dumps(said).encode(), np.uint8)}
    for name in snapshot.experiment.strategies:
        arrays[f"outputs/{name}"] = _half(snapshot.probes.outputs[name])
        arrays[f"read_out/{name}"] = snapshot.probes.read_out[name].astype(np.int16)
        kept = snapshot.networks.get(name, ())
        for network in (kept[index] for index in evenly_spread(networks, len(kept))):
            for weight in WEIGHTS:
                arrays[f"network/{name}/{network.epoch}/{weight}"] = getattr(network, weight)
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def read(path: Path) -> Snapshot:
    """The run of a file. Raises OSError, ValueError or KeyError where there is none."""
    with np.load(path, allow_pickle=False) as stored:
        said = json.loads(stored["said"].tobytes())
        experiment = Experiment.from_json(said["experiment"])
        strategies = experiment.strategies
        outputs = {name: _whole(stored[f"outputs/{name}"]) for name in strategies}
        read_out = {name: stored[f"read_out/{name}"].astype(np.intp) for name in strategies}
        networks = {name: _networks(stored, name) for name in strategies}
    probes = probes_of(inputs(experiment).test)
    return Snapshot(
        experiment=experiment,
        curves=tuple(_curve(each) for each in said["curves"]),
        probes=Probes(
            probes.values,
            probes.valid,
            probes.padded,
            probes.labels,
            outputs,
            read_out,
            tuple(said["epochs"]),
        ),
        chance=chance(experiment),
        finished=True,
        seconds=said["seconds"],
        done=1.0,
        networks={name: kept for name, kept in networks.items() if kept},
    )


def _half(outputs: NDArray) -> NDArray[np.float16]:
    """Probabilities (E, P, T, classes), of two classes the second only, which gives the first."""
    return (outputs[..., 1:] if outputs.shape[-1] == 2 else outputs).astype(np.float16)


def _whole(stored: NDArray[np.float16]) -> NDArray[np.float32]:
    outputs = stored.astype(np.float32)
    return np.concatenate([1 - outputs, outputs], axis=-1) if outputs.shape[-1] == 1 else outputs


def _curve(stored: dict[str, Any]) -> Curve:
    by_epoch: dict[str, Any] = {k: tuple(each) for k, each in stored.items() if isinstance(each, list)}
    return Curve(**stored | by_epoch)


def _networks(stored: np.lib.npyio.NpzFile, strategy: str) -> tuple[Network, ...]:
    start = f"network/{strategy}/"
    epochs = sorted({int(name.split("/")[2]) for name in stored.files if name.startswith(start)})
    return tuple(
        Network(epoch, *(stored[f"{start}{epoch}/{weight}"] for weight in WEIGHTS)) for epoch in epochs
    )
