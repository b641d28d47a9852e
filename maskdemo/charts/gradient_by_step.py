"""Where the gradient goes: each strategy's share of it at every step, real or padded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from maskdemo.charts.panels import Panel, axis, stacked
from maskdemo.charts.style import colour, pattern, strategy_title
from maskdemo.charts.template import Figure, PlotlyOptions, PlotlyTrace, bar, inks, legend_entry
from maskdemo.inside.gradient import Landing

#: Kind of step, as `Landing` calls it -> its name.
KINDS = {"real": "real steps", "padding": "padding", "missing": "missing readings"}


def gradient_by_step(
    landings: Mapping[str, Landing], *, subject: str, detail: str, dark: bool = False
) -> Figure:
    """Draw a panel per strategy: the gradient norm at each step, as a share of that strategy's total.

    subject: what the gradient is taken with respect to, for the title. detail: the line under it.
    """
    steps = len(next(iter(landings.values())).real)
    kinds = [kind for kind in KINDS if any(getattr(each, kind).any() for each in landings.values())]
    top = max(
        float((each.real + each.padding + each.missing).max()) / (each.total or 1.0)
        for each in landings.values()
    )
    panels: list[Panel] = []
    traces: list[PlotlyTrace] = []
    for index, (name, landing) in enumerate(landings.items()):
        for kind in kinds:
            norms = getattr(landing, kind)
            traces.append(
                bar(
                    x=np.arange(1, steps + 1),
                    y=(norms / (landing.total or 1.0)).astype(np.float32),
                    customdata=norms.astype(np.float32),
                    yaxis=axis(index),
                    name=f"{strategy_title(name)}, {KINDS[kind]}",
                    marker=_bar_style(name, kind, dark),
                    hovertemplate=f"Step %{{x}}, {KINDS[kind]}<br>%{{y:.2%}} of the gradient"
                    "<br>Norm %{customdata:.3g}<extra></extra>",
                )
            )
        panels.append(
            Panel(
                strategy_title(name),
                92,
                0,
                1.06 * (top or 1.0),
                note=_panel_note(landing),
                colour=colour(name, dark=dark),
                ticks={"tickmode": "auto", "nticks": 3, "tickformat": ".0%"},
            )
        )
    return stacked(
        panels,
        traces,
        title=f"Gradient of the loss: {subject}",
        detail=detail,
        steps=steps,
        dark=dark,
        legend=[
            legend_entry(f"On {KINDS[kind]}", marker=_legend_marker(kind, dark))
            for kind in kinds
            if kind != "real"
        ],
        name="gradient_by_step",
        barmode="stack",
        bargap=0.12 if steps <= 40 else 0,
    )


def share_text(part: float) -> str:
    """Return a share (0 to 1) as "12.3%", "below 0.1%", "above 99.9%" or, if exact, "0%" or "100%"."""
    if part in (0, 1):
        return f"{part:.0%}"
    if part < 0.001:
        return "below 0.1%"
    return "above 99.9%" if part > 0.999 else f"{part:.1%}"


def _panel_note(landing: Landing) -> str:
    """Return "9.1% on padding", with ", 2.0% on missing" if steps are, or "no gradient at all"."""
    if not landing.total:
        return "no gradient at all"
    text = f"{share_text(landing.share('padding'))} on padding"
    if landing.missing.any():
        text += f", {share_text(landing.share('missing'))} on missing"
    return text


def _bar_style(strategy: str, kind: str, dark: bool) -> PlotlyOptions:
    """Return the style of bars: of the kind "real" in the strategy's colour, else grey and hatched."""
    if kind == "real":
        return {"color": colour(strategy, dark=dark), "line": {"width": 0}}
    hatch = pattern(kind, dark=dark)
    # As dark as the hatch's lines are: these bars are the data, not the ground they stand on.
    return {
        "color": pattern("padding", dark=dark)["fgcolor"],
        "line": {"width": 0},
        "pattern": {
            "shape": hatch["shape"],
            "size": hatch["size"],
            "solidity": hatch["solidity"],
            "fgcolor": inks(dark).text,
            "fillmode": "overlay",
        },
    }


def _legend_marker(kind: str, dark: bool) -> PlotlyOptions:
    """Return the legend's square for steps of a kind: "padding", or "missing" with a cross in it."""
    shade = pattern("padding", dark=dark)["fgcolor"]
    return {
        "symbol": "square" if kind == "padding" else "square-x",
        "size": 12,
        "color": shade,
        "line": {"width": 0 if kind == "padding" else 1, "color": inks(dark).text},
    }
