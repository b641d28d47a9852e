"""What a run keeps to be looked into, while its strategies go on training."""

from __future__ import annotations

from maskdemo.data.inputs import inputs
from maskdemo.training.probes import ProbeRecorder
from tests.samples import small


class Late(int):
    """An epoch in whose comparison another strategy's outputs arrive, as from another thread."""

    keeping: ProbeRecorder

    def __lt__(self, other: int) -> bool:
        outputs = self.keeping.outputs
        outputs["another", len(outputs) + 100] = next(iter(outputs.values()))
        return int(self) < other


def test_outputs_may_arrive_while_others_are_let_go():
    one = small(epochs=3, strategies=("no_mask", "held_state"))
    keeping = ProbeRecorder(one, inputs(one, 0).test)
    late = Late(1)
    late.keeping = keeping
    said = keeping.batch.values[..., :1]
    keeping.outputs = {(name, epoch): said for name in one.strategies for epoch in (late, 2)}
    keeping.output_epochs = {3}
    assert keeping.probes(2).epochs == (2,)
    assert ("no_mask", 1) not in keeping.outputs and ("no_mask", 2) in keeping.outputs
