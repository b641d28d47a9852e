"""What the numbers entitle us to say: intervals, verdicts and their words, made here and nowhere else.

>>> results = Accuracies(
...     by_repeat={
...         "no_mask": dict(enumerate([0.61, 0.63, 0.62, 0.61, 0.63])),
...         "masking_layer": dict(enumerate([0.97, 0.98, 0.98, 0.98, 0.97])),
...     },
...     chance=0.5, scored=500, repeats=5, comparisons=1,
... )
>>> result = verdict(results, "masking_layer")
>>> result.word, round(result.difference.low, 2), round(result.difference.high, 2)
('required', 0.34, 0.37)
>>> answer(results)
'Here, yes: the padding must be handled. Masking layer reaches 98%, no mask 62%, chance 50%.'
"""

from maskdemo.evidence.accuracies import BASELINE, Accuracies, accuracies
from maskdemo.evidence.headline import above_chance, answer, need, nothing_learned, over_all
from maskdemo.evidence.interval import Interval, half_widths, interval
from maskdemo.evidence.mask_effect import mask_effect
from maskdemo.evidence.phrases import between, percent, points
from maskdemo.evidence.scenario_headline import headline
from maskdemo.evidence.scenario_mark import Mark, mark
from maskdemo.evidence.strategy_result import accuracy_interval, strategy_result, verdicts
from maskdemo.evidence.verdict import MARGIN, METHOD, RULES, Verdict, compare, min_repeats, verdict
