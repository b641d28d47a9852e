"""The heights of the charts, in pixels: of a plot, or of each panel where a chart has several.

Titles, axes and legends come on top. The padded batch and the heatmaps of gates are as high as
their rows need: see `padded_batch.py` and `gate_heatmaps.py`.
"""

FINAL_ACCURACY = 240
FIT_HISTORY_PANEL = 84
LEARNING_CURVES = 220
OUTPUTS_PANEL = 60
ACCURACY_BY_PADDING = 230
RESPONSE_ACCURACY = 240
RESPONSE_DIFFERENCE = 190
LENGTHS_HISTOGRAM = 130
