"""The budgets of `make bench`, and the table that says which are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """A figure's name in bench.json, what it says, and the bound it has to keep, if there is one."""

    name: str
    says: str
    bound: float | None
    at_most: bool = False
    unit: str = ""

    def met(self, figure: float) -> bool:
        """Whether the figure keeps the bound."""
        if self.bound is None:
            return True
        return figure <= self.bound if self.at_most else figure >= self.bound


def _seconds(name: str, says: str, bound: float) -> Budget:
    return Budget(name, says, bound, at_most=True, unit="s")


BUDGETS = (
    Budget("run_vs_keras_script", "Exported Keras script / run, compiled before", 14),
    Budget("run_vs_keras_script_uncompiled", "The same, nothing compiled before", 11),
    Budget("page_run_over_training", "Click to verdict / training epochs alone", 1.4, at_most=True),
    Budget("keras_fit", "Epoch: Model.fit, Masking + LSTM / ours", None),
    Budget("torch_padded", "Epoch: PyTorch nn.LSTM, padded / ours", None),
    Budget("torch_packed", "Epoch: PyTorch nn.LSTM, packed / ours", None),
    Budget("jax_scan", "Epoch: JAX lax.scan, jitted / ours", None),
    Budget("peers_two_at_once.keras_fit", "Model.fit in two processes / ours", 8),
    Budget("peers_two_at_once.torch_padded", "PyTorch padded in two processes / ours", 2.2),
    Budget("peers_two_at_once.torch_packed", "PyTorch packed in two processes / ours", 8),
    Budget("peers_two_at_once.jax_scan", "JAX in two processes / ours", 1.4),
    Budget("xla_floor_fraction", "Floor of XLA's own pieces / ours", None),
    Budget("held_epoch_ratio", "Held state, padded 4 x longest / longest", 1.1, at_most=True),
    _seconds("first_point_new_s", "Click to first point, new shape", 2),
    _seconds("first_point_compiled_s", "The same, compiled before this start", 0.8),
    _seconds("first_point_known_s", "The same, known shape", 0.3),
    _seconds("study_s", "The default study, 140 trainings", 20),
    _seconds("study_first_curve_s", "Its first curve, one repeat a value", 4),
    _seconds("study_first_curve_compiled_s", "The same, compiled before this start", 2.5),
    _seconds("page_ready_s", "Server start to a page with the answer", 2),
    Budget("redraw_ms", "A live redraw, the server's processor time", 15, at_most=True, unit="ms"),
    Budget("points_each_s", "New points in the page, each second", 2),
    _seconds("control_redraw_s", "A control moved to a redrawn page, others train", 0.3),
    _seconds("audit_median_s", "An audit, median of the zoo", 1),
    Budget("audit_false_alarms", "Models of the zoo wrongly called leaking", 0, at_most=True),
    Budget("audit_missed", "Models of the zoo whose leak was missed", 0, at_most=True),
)


def table(measured: Mapping[str, float]) -> str:
    """Every figure that was measured beside its budget. measured: by the name of its budget."""
    lines = [f"{'':<48}{'measured':>10}{'budget':>14}"]
    for budget in BUDGETS:
        if budget.name not in measured:
            continue
        figure = measured[budget.name]
        shown = f"{figure:.0f}" if figure >= 100 else f"{figure:.2f}"
        bound, verdict = "", ""
        if budget.bound is not None:
            bound = f"{'at most' if budget.at_most else 'at least'} {budget.bound:g}"
            verdict = "met" if budget.met(figure) else "NOT MET"
        lines.append(f"{budget.says:<48}{shown:>10}{bound:>14} {budget.unit:<3}{verdict}".rstrip())
    return "\n".join(lines)
