"""An epoch of the reference workload: ours, the peers', and the least that XLA can take for it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.bench.contender import Contender
from tests.bench.workload import AT_ONCE

PEERS = ("keras_fit", "torch_padded", "torch_packed", "jax_scan")
OURS = ("epoch", "held", "held_stretched", "floor")
#: Turns for everybody; the fastest counts.
ROUNDS = 3


def figures(log: Path) -> dict[str, float]:
    """Ratios to ours, four trainings at once; the seconds behind them end in `_epoch_s`."""
    best: dict[tuple[str, str], float] = {}
    with ExitStack() as stack:
        processes: dict[str, Contender] = {}
        for name in ("ours", *PEERS):
            print(f"  preparing {name}", flush=True)
            processes[name] = stack.enter_context(Contender(name, log))
        for _ in range(ROUNDS):
            for what in OURS:
                _keep(best, ("ours", what), processes["ours"].measure(what))
            for peer in PEERS:
                _keep(best, (peer, "alone"), processes[peer].measure("epoch"))
        for peer in PEERS:
            print(f"  two of {peer}", flush=True)
            with Contender(peer, log) as second:
                for _ in range(ROUNDS):
                    together = (processes[peer], second)
                    for each in together:
                        each.ask("epoch")
                    took = [each.answer() for each in together]
                    _keep(best, (peer, "two"), sum(took) / len(took))
    four = best["ours", "epoch"]
    measured = {peer: AT_ONCE * best[peer, "alone"] / four for peer in PEERS}
    measured |= {f"peers_two_at_once.{peer}": AT_ONCE / 2 * best[peer, "two"] / four for peer in PEERS}
    measured |= {
        "xla_floor_fraction": best["ours", "floor"] / four,
        "held_epoch_ratio": best["ours", "held_stretched"] / best["ours", "held"],
    }
    return measured | {f"{name}_{what}_epoch_s": took for (name, what), took in best.items()}


def _keep(best: dict[tuple[str, str], float], name: tuple[str, str], seconds: float) -> None:
    best[name] = min(best.get(name, seconds), seconds)
