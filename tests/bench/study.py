"""The default study: until all of it is trained, and until its first curve can be drawn."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.contender import Contender
from tests.bench.peers import Measurement


def figures(log: Path) -> dict[str, float]:
    """Seconds of a process that has compiled nothing; then of one that finds what that one compiled."""
    with TemporaryDirectory() as folder:
        with Contender("default_study", log, compiled=Path(folder)) as first:
            whole, curve = first.measure("study"), first.measure("first_curve")
        with Contender("default_study", log, compiled=Path(folder)) as second:
            compiled = second.measure("curve_alone")
    return {
        "study_s": whole,
        "study_first_curve_s": curve,
        "study_first_curve_compiled_s": compiled,
    }


def default_study() -> dict[str, Measurement]:
    """The default study with an empty store; TensorFlow is there.

    study: seconds until every training has ended. first_curve, asked for afterwards: until every
    strategy had one repeat at every value. curve_alone: the same, and then it ends.
    """
    import maskdemo.training.run  # noqa: F401
    from maskdemo import study as studies
    from maskdemo.results.trainings import TrainingStore

    study = studies.default_study()
    curve = {
        study.training(cell, strategy, 0) for cell in study.cells for strategy in study.base.strategies
    }
    drawn = float("nan")

    def whole() -> float:
        nonlocal drawn
        drawn, began = float("nan"), time.perf_counter()
        with TemporaryDirectory() as folder:
            for findings in studies.run_study(study, store=TrainingStore(Path(folder))):
                if drawn != drawn and curve <= findings.outcomes.keys():
                    drawn = time.perf_counter() - began
        assert findings.finished and not findings.failures and not findings.reused
        return time.perf_counter() - began

    def curve_alone() -> float:
        began = time.perf_counter()
        with TemporaryDirectory() as folder:
            for findings in studies.run_study(study, store=TrainingStore(Path(folder))):
                if curve <= findings.outcomes.keys():
                    # Leaving waits for the trainings under way, which do not count.
                    return time.perf_counter() - began
        raise AssertionError("The study has ended without a first curve.")

    return {"study": whole, "first_curve": lambda: drawn, "curve_alone": curve_alone}
