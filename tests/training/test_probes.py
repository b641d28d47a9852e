"""What a run keeps to be looked into, while its strategies go on training."""

from __future__ import annotations

from maskdemo.data.inputs import inputs
from maskdemo.training.probes import ProbeRecorder
from tests.samples import small


class LateEpoch(int):
    """An epoch in whose comparison another strategy's outputs arrive, as from another thread."""

    recorder: ProbeRecorder

    def __lt__(self, other: int) -> bool:
        outputs = self.recorder.outputs
        outputs["another", len(outputs) + 100] = next(iter(outputs.values()))
        return int(self) < other


def test_outputs_may_arrive_while_others_are_deleted():
    one = small(epochs=3, strategies=("no_mask", "held_state"))
    recorder = ProbeRecorder(one, inputs(one, 0).test)
    late = LateEpoch(1)
    late.recorder = recorder
    values = recorder.batch.values[..., :1]
    recorder.outputs = {(name, epoch): values for name in one.strategies for epoch in (late, 2)}
    recorder.output_epochs = {3}
    assert recorder.probes(2).epochs == (2,)
    assert ("no_mask", 1) not in recorder.outputs and ("no_mask", 2) in recorder.outputs
