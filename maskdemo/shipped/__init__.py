"""Results computed in advance: what a page shows before anybody has trained anything.

`make evidence` trains every scenario, every named question and everything that the claims need, by
the very code that the pages use, and writes it to `data/results/`: JSON for numbers, NumPy's `.npz`
for arrays, never pickle. `made.json` beside them says what they were computed with (see
`maskdemo.digest`). With another code, data or library nothing of it is found, so nothing stale is
ever shown:

>>> from maskdemo.scenarios import SCENARIOS
>>> found = run(SCENARIOS["fixed_length"].experiment)
>>> found is None or found.finished
True

Everything is read when it is asked for, and the few files last read are kept.
"""

from maskdemo.shipped.reading import claims, made_on, made_words, programs, run, study, words_of

__all__ = ["claims", "made_on", "made_words", "programs", "run", "study", "words_of"]
