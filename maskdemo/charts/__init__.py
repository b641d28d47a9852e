"""Plotly figures of batches and snapshots. They know nothing of Streamlit.

Every figure takes `dark` and has a transparent background, a fixed height and fixed axes, so that
it sits on either page and nothing jumps while training. Show it without a theme of the page's own:
a theme would replace fonts, margins and colours.
"""

from maskdemo.charts.final_accuracy import final_accuracy
from maskdemo.charts.gates import gate_heatmaps, unit_traces
from maskdemo.charts.gradient_by_step import gradient_by_step
from maskdemo.charts.guide_cases import guide_cases
from maskdemo.charts.learning_curves import curves_frames, learning_curves
from maskdemo.charts.outputs_by_step import outputs_by_step, outputs_frames
from maskdemo.charts.own_sequences import example_sequences, sequence_lengths
from maskdemo.charts.padded_batch import padded_batch
from maskdemo.charts.response_charts import response_curve, response_map
from maskdemo.charts.strategies_compared import strategies_compared
from maskdemo.charts.style import colour
