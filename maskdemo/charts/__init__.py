"""Plotly figures of batches and snapshots. They know nothing of Streamlit.

Every figure takes `dark` and has a transparent background, a fixed height and fixed axes, so that
it sits on either page and nothing jumps while training. Show it without a theme of the page's own:
a theme would replace fonts, margins and colours.
"""

from maskdemo.charts.accuracy import accuracy_by_strategy
from maskdemo.charts.added import accuracy_by_padding, change_by_padding
from maskdemo.charts.batch import padded_batch
from maskdemo.charts.compare import strategies_compared
from maskdemo.charts.curves import curves_frames, learning_curves
from maskdemo.charts.fitting import fitting
from maskdemo.charts.gates import gate_heatmaps
from maskdemo.charts.gradients import gradient_by_step
from maskdemo.charts.lengths import sequence_lengths
from maskdemo.charts.response_curve import response_curve
from maskdemo.charts.response_map import response_map
from maskdemo.charts.steps import outputs_by_step, outputs_frames
from maskdemo.charts.style import colour
from maskdemo.charts.template import template
from maskdemo.charts.unit import unit_traces

__all__ = [
    "accuracy_by_padding",
    "accuracy_by_strategy",
    "change_by_padding",
    "colour",
    "curves_frames",
    "response_map",
    "response_curve",
    "fitting",
    "gate_heatmaps",
    "gradient_by_step",
    "learning_curves",
    "outputs_by_step",
    "outputs_frames",
    "padded_batch",
    "sequence_lengths",
    "strategies_compared",
    "template",
    "unit_traces",
]
