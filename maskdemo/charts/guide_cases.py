"""What masking was worth in each case of the guide: the difference in accuracy, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from maskdemo.charts import template as plot
from maskdemo.charts.style import colour, error_bars, marker, strategy_title
from maskdemo.charts.template import Figure, PlotlyOptions, PlotlyTrace
from maskdemo.evidence import MARGIN, between, points
from maskdemo.guide import GuideResult

ROW = 56
AXIS_SPACE = 44


def guide_cases(results: Sequence[GuideResult], *, dark: bool = False) -> Figure:
    """Draw a row per case: its strategy's difference from no mask, in points, and the 95 % interval.

    The first is at the top. Behind each, a band around 0 is the margin of "the same".
    """
    ink = plot.inks(dark)
    traces: list[PlotlyTrace] = []
    names: list[PlotlyOptions] = []
    limits = [(each.verdict.difference.low, each.verdict.difference.high) for each in results]
    reach = 100 * max(0.1, *(abs(limit) for pair in limits for limit in pair))
    least = min(-0.3 * reach, *(100 * low for low, _ in limits))
    repeats = min(each.verdict.difference.count for each in results)
    for row, each in enumerate(results):
        strategy, interval = each.verdict.strategy, each.verdict.difference
        traces.append(
            plot.scatter(
                x=[100 * interval.mean],
                y=[row],
                mode="markers",
                marker=marker(strategy, dark=dark, size=11),
                error_x=error_bars([interval], colour(strategy, dark=dark), scale=100),
                hovertemplate=f"{each.case.title}<br>{strategy_title(strategy)}: "
                f"{points(interval.mean)} points ({between(interval)})<extra></extra>",
            )
        )
        text = f"<b>{each.case.title}</b>  {each.word}"
        names.append(
            plot.text_note(
                text, ink.text, x=0, xref="paper", xanchor="left", y=row, yanchor="bottom", yshift=10
            )
        )
    band = {"type": "rect", "layer": "below", "fillcolor": ink.grid, "line": {"width": 0}}
    band |= {"x0": -100 * MARGIN, "x1": 100 * MARGIN}
    zero = {"type": "line", "x0": 0, "x1": 0, "line": {"color": ink.muted, "width": 1}}
    # Behind the marks alone: nothing crosses a name.
    beside = [{"y0": row - 0.16, "y1": row + 0.16} for row in range(len(results))]
    return Figure(
        traces,
        plot.layout(
            "guide_cases",
            "What masking adds to the accuracy",
            f"{repeats} repeats, 95% intervals; grey: called the same",
            inner=ROW * len(results),
            below=AXIS_SPACE,
            dark=dark,
            left=16,
            xaxis={
                "range": [1.1 * least, 1.1 * reach],
                "title": {"text": "Points on unseen sequences"},
            },
            yaxis={"range": [len(results) - 0.6, -0.75], "tickvals": []},
            shapes=[shape | row for row in beside for shape in (band, zero)],
            annotations=names,
        ),
    )
