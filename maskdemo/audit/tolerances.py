"""How large a difference may be to count as rounding: every tolerance of the audit."""

from __future__ import annotations

#: By precision, the share of a call's largest number up to which a difference is rounding; and the same
#: between a model and its saved copy or its graph.
CALL_TOLERANCES = {"float64": 1e-9, "float32": 2e-5, "float16": 2e-2, "bfloat16": 1e-1}
COPY_TOLERANCES = {"float64": 1e-8, "float32": 1e-4, "float16": 1e-1, "bfloat16": 0.5}
#: By precision, the distance from 1 to the next number.
EPSILONS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
#: Rounding that a right model may show, in units of the last digit of a unit's largest output. Half
#: precision gets less, as a leak of one part in a hundred would otherwise pass, and no unit of its
#: own: a small number beside a large one has few digits there.
OUTPUT_ULPS, HALF_OUTPUT_ULPS = 64.0, 8.0
#: How often a model's own rounding may be exceeded, seen when weights and inputs change by their last
#: digit, or the batch but no padding; and how many times the tolerance that can be before it is no
#: rounding.
NOISE_FACTOR, MAX_NOISE_FACTOR = 8.0, 16.0
#: How much further than the largest number, as a share, a unit of its own may move by rounding.
UNIT_FACTOR = 10.0
#: Shares of the largest number: up to which a layer with a cure is the same without padding, a sequence
#: is the same in a batch and alone, a graph has lost no steps.
SAME_LAYER, SAME_SEQUENCE, SAME_GRAPH = 1e-3, 1e-3, 1e-3
#: Shares of the largest number: up to which a step is the same as another one, and alone as among all.
SAME_STEP, STEP_ALONE = 1e-5, 1e-5
#: Share up to which a loss or metric is the same.
SAME_LOSS = 1e-4
#: So near a value at which activations end, an output hardly moves, whatever goes in.
SATURATED_WITHIN = 1e-3
#: Smaller numbers are no measure for a difference: this is.
MIN_SCALE = 1e-6
