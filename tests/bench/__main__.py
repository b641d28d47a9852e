"""Measure every budget, show a table, write `build/bench.json`."""

from __future__ import annotations

import argparse
import json
import os
import platform
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.bench import audit
from tests.bench.contender import ROOT, Contender
from tests.bench.workload import AT_ONCE, MATRIX, OPERATIONS

PEERS = ("keras_fit", "torch_padded", "torch_packed", "jax_scan")
BUILD = ROOT / "build"


@dataclass(frozen=True)
class Budget:
    """A figure's name in bench.json, what it says, and the bound it has to keep."""

    name: str
    says: str
    bound: float
    at_most: bool = False
    unit: str = ""

    def met(self, figure: float) -> bool:
        """Whether the figure keeps the bound."""
        return figure <= self.bound if self.at_most else figure >= self.bound


BUDGETS = (
    Budget("keras_fit", "Model.fit, Masking + LSTM / ours", 20),
    Budget("torch_padded", "PyTorch nn.LSTM, padded / ours", 4),
    Budget("torch_packed", "PyTorch nn.LSTM, packed / ours", 16),
    Budget("jax_scan", "JAX lax.scan, jitted / ours", 3),
    Budget("arithmetic_fraction", "Share of the matrix product's rate", 0.7),
    Budget("held_epoch_ratio", "Held state, padded 4 x longest / longest", 1.2, at_most=True),
    Budget("cold_first_point_s", "First point, new shape", 3, at_most=True, unit="s"),
    Budget("warm_first_point_s", "First point, known shape", 0.5, at_most=True, unit="s"),
    Budget("rss_after_first_run_mb", "Memory after the first run", 850, at_most=True, unit="MB"),
    Budget("study_s", "The default study, 140 trainings", 90, at_most=True, unit="s"),
    Budget("study_first_curve_s", "Its first curve, one repeat a dose", 15, at_most=True, unit="s"),
    Budget("audit_median_s", "An audit, median of the zoo", 3, at_most=True, unit="s"),
    Budget("audit_false_alarms", "Models of the zoo wrongly called leaking", 0, at_most=True),
    Budget("audit_missed", "Models of the zoo whose leak was missed", 0, at_most=True),
)


def figures(rounds: int, log: Path) -> tuple[dict[str, float], dict[str, float]]:
    """The budgets' figures, and the seconds (and GFLOP/s) behind them."""
    with Contender("first_run", log) as fresh:
        cold, warm, rss = (fresh.measure(what) for what in ("cold", "warm", "rss_mb"))
    asked = [("ours", what) for what in ("epoch", "held", "held_stretched")]
    asked += [("matrix_product", "product"), *((peer, "epoch") for peer in PEERS)]
    best: dict[tuple[str, str], float] = {}
    with ExitStack() as stack:
        processes: dict[str, Contender] = {}
        for name, _ in asked:
            if name not in processes:
                print(f"Preparing {name} ...", flush=True)
                processes[name] = stack.enter_context(Contender(name, log))
        for number in range(rounds):
            print(f"Round {number + 1} of {rounds} ...", flush=True)
            for name, what in asked:
                figure = processes[name].measure(what)
                best[name, what] = min(best.get((name, what), figure), figure)
    four = best["ours", "epoch"]
    rate = 2 * MATRIX**3 / best["matrix_product", "product"]
    measured = {peer: AT_ONCE * best[peer, "epoch"] / four for peer in PEERS}
    measured |= {
        "arithmetic_fraction": AT_ONCE * OPERATIONS / four / rate,
        "held_epoch_ratio": best["ours", "held_stretched"] / best["ours", "held"],
        "cold_first_point_s": cold,
        "warm_first_point_s": warm,
        "rss_after_first_run_mb": rss,
    }
    behind = {f"{peer}_epoch_s": best[peer, "epoch"] for peer in PEERS}
    behind |= {
        "ours_four_at_once_epoch_s": four,
        "held_epoch_s": best["ours", "held"],
        "held_stretched_epoch_s": best["ours", "held_stretched"],
        "matrix_product_gflops": rate / 1e9,
    }
    return measured, behind


def study_figures(log: Path) -> tuple[dict[str, float], dict[str, float]]:
    """The default study against the same trainings through `Model.fit`; the same two parts."""
    print("The default study ...", flush=True)
    with Contender("study_ours", log) as ours:
        study, curve = ours.measure("study"), ours.measure("first_curve")
    print("A sample of its trainings through Model.fit ...", flush=True)
    with Contender("study_keras_fit", log) as keras:
        epochs, building = keras.measure("epochs"), keras.measure("building")
    measured = {
        "study_s": study,
        "study_first_curve_s": curve,
        "study_vs_keras_fit": (epochs + building) / study,
    }
    behind = {
        "study_vs_keras_fit_epochs_alone": epochs / study,
        "study_keras_fit_s": epochs + building,
        "study_keras_fit_epochs_alone_s": epochs,
    }
    return measured, behind


def study_words(measured: dict[str, float], behind: dict[str, float]) -> str:
    """What the comparison of the study says, and how it came about."""
    return (
        "study_vs_keras_fit: the same 140 trainings through Model.fit would take "
        f"{behind['study_keras_fit_s']:.0f} s ({measured['study_vs_keras_fit']:.1f} times as long), "
        f"{behind['study_keras_fit_epochs_alone_s']:.0f} s of them in epochs "
        f"({behind['study_vs_keras_fit_epochs_alone']:.1f} times) and the rest in building and "
        "compiling\neach model. Scaled from 12 of them: each strategy at the shortest, middle and "
        "longest padded length,\n4 epochs, the fastest one counts. No test set is evaluated there; "
        "the study does that too."
    )


def machine() -> dict[str, str | int | None]:
    """What the figures belong to."""
    found: dict[str, str | int | None] = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    for package in ("tensorflow-cpu", "tensorflow", "keras", "torch", "jax", "streamlit"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def table(measured: dict[str, float]) -> str:
    """Every figure beside its budget."""
    lines = [f"{'':<42}{'measured':>11}{'budget':>14}"]
    for budget in BUDGETS:
        figure = measured[budget.name]
        sign = "at most" if budget.at_most else "at least"
        bound = f"{sign} {budget.bound:g}"
        verdict = "met" if budget.met(figure) else "NOT MET"
        shown = f"{figure:.0f}" if figure >= 100 else f"{figure:.2f}"
        lines.append(f"{budget.says:<42}{shown:>11}{bound:>14} {budget.unit:<3}{verdict}")
    return "\n".join(lines)


def main() -> None:
    """Measure, show, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns for everybody (default 5)")
    rounds = parser.parse_args().rounds
    BUILD.mkdir(exist_ok=True)
    log = BUILD / "bench.log"
    log.write_text("")
    study, behind_study = study_figures(log)
    measured, behind = figures(rounds, log)
    print("The audit over the zoo ...", flush=True)
    measured, behind = measured | study | audit.figures(log), behind | behind_study
    print(f"\n{table(measured)}\n\n{study_words(measured, behind)}\n")
    for name, figure in behind.items():
        print(f"{name:<42}{figure:>11.4g}")
    result = {**measured, "behind": behind, "machine": machine()}
    (BUILD / "bench.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
